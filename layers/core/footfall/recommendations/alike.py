"""Products for who did nothing with any: what those did who behave most like them, by behaviour vectors."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.customers.arrays import Arrays
from footfall.recommendations.numbered import BY_LIKENESS, NONE, OF_A_PERSON, REASONS
from footfall.recommendations.told import BOUGHT

NEAREST = 20
MOST_COMPARED = 20_000
"""Who did something with a product, of more a random choice: with each of them everybody else is compared."""
SEED = 20
AT_ONCE = 500
Ints = NDArray[np.signedinteger]
Floats = NDArray[np.floating]


class _Entries(NamedTuple):
    # who did something with what, each person and product once, in their order: 1 is what somebody did most with
    person: Ints
    product: Ints
    weight: Floats
    bought: NDArray[np.bool_]


def lists_by_likeness(vectors: Floats, products: Arrays, rows: Ints) -> Iterator[Arrays]:
    """Returns the lists of the people in these rows, from what others did with `products`.

    `vectors` have a row of length 1 for each person. The score is the mean of what the twenty nearest with a product
    did with it, what each did most with being 1, weighed by their similarity; those unlike them count nothing.
    """
    entries = _entries(products)
    compared = _some(np.unique(entries.person))
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        yield _lists(some, entries, *_nearest(vectors[some], vectors[compared], compared))


def _some(people: Ints) -> Ints:
    if len(people) <= MOST_COMPARED:
        return people
    return np.sort(np.random.default_rng(SEED).choice(people, MOST_COMPARED, replace=False))


def _entries(products: Arrays) -> _Entries:
    # how strong what somebody did with a product was, over all days
    width = len(products["category"])
    key, place = np.unique(products["person"].astype(np.int64) * width + products["product"], return_inverse=True)
    person, product = key // max(width, 1), key % max(width, 1)
    strength = np.bincount(place, products["strength"], len(key))
    bought = np.bincount(place, products["strength"] == BOUGHT, len(key)) > 0
    most = np.zeros(person.max(initial=-1) + 1)
    np.maximum.at(most, person, strength)
    return _Entries(person, product, strength / most[person], bought)


def _nearest(wanted: Floats, others: Floats, compared: Ints) -> tuple[Ints, Floats]:
    similarity = np.maximum(wanted @ others.T, 0)
    most = min(NEAREST, len(compared))
    near = np.argpartition(-similarity, most - 1, axis=1)[:, :most] if most else np.zeros((len(wanted), 0), np.int64)
    return compared[near], np.take_along_axis(similarity, near, axis=1)


def _lists(rows: Ints, entries: _Entries, near: Ints, similarity: Floats) -> Arrays:
    begin, end = (np.searchsorted(entries.person, near.ravel(), side) for side in ("left", "right"))
    pair = np.repeat(np.arange(near.size), end - begin)
    at = np.arange(len(pair)) - np.repeat(np.cumsum(end - begin) - end, end - begin)
    whole = np.maximum(similarity.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    amount = (similarity / whole).ravel()[pair] * entries.weight[at]
    width = entries.product.max(initial=-1) + 1
    key, place = np.unique(pair // max(near.shape[1], 1) * width + entries.product[at], return_inverse=True)
    score = np.bincount(place, amount, len(key))
    bought = 2 * np.bincount(place, amount * entries.bought[at], len(key)) >= score
    return _ranked(rows, key // max(width, 1), key % max(width, 1), score, bought)


def _ranked(rows: Ints, person: Ints, product: Ints, score: Floats, bought: NDArray[np.bool_]) -> Arrays:
    order = np.lexsort((product, -score, person))
    order = order[score[order] > 0]
    rank = np.arange(len(order)) - np.searchsorted(person[order], person[order])
    order, rank = order[rank < OF_A_PERSON], rank[rank < OF_A_PERSON]
    shape = len(rows), OF_A_PERSON
    places = person[order], rank
    found: Arrays = {"row": rows, "product": np.full(shape, NONE), "score": np.zeros(shape)}
    paths, through = (np.full((*shape, REASONS), NONE) for _ in range(2))
    shares = np.zeros((*shape, REASONS))
    found["product"][places], found["score"][places] = product[order], score[order]
    paths[(*places, 0)], shares[(*places, 0)] = BY_LIKENESS + bought[order], 1
    return {**found, "path": paths, "through": through, "share": shares}
