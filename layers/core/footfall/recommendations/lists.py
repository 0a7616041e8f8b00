"""The lists that are published: of each person, of what is popular in each category, of now, and of pairs."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from footfall.customers.arrays import Arrays
from footfall.recommendations.edges import Edges, Ints
from footfall.recommendations.numbered import OF_A_PERSON
from footfall.recommendations.reasons import Kinds, kinds_of, reasons_of
from footfall.recommendations.sparse import ranked, to_largest
from footfall.recommendations.trends import WINDOWS, trending
from footfall.recommendations.walk import Walk, scores_of

PEOPLE_AT_ONCE = 1_000
PEOPLE_IN_A_FILE = 50_000
OF_ALL = 100


def lists_of_people(walk: Walk, edges: Edges) -> Iterator[Arrays]:
    """Returns everybody's list with its reasons, in files of 50,000 people; who has done nothing has none."""
    rows = np.union1d(edges.person, edges.interested).astype(np.int32)
    kinds = kinds_of(edges)
    for start in range(0, len(rows), PEOPLE_IN_A_FILE):
        some = rows[start : start + PEOPLE_IN_A_FILE]
        parts = [
            _lists(walk, edges, kinds, some[at : at + PEOPLE_AT_ONCE]) for at in range(0, len(some), PEOPLE_AT_ONCE)
        ]
        yield {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _lists(walk: Walk, edges: Edges, kinds: Kinds, rows: Ints) -> Arrays:
    products, scores = ranked(scores_of(walk, rows), OF_A_PERSON)
    reasons = reasons_of(walk, kinds, edges, rows, products)
    return {"row": rows, "product": products, "score": scores, **reasons._asdict()}


def popular_lists(walk: Walk) -> Arrays:
    """Returns what is popular, the best first: of all together (`category` -1), then of each category."""
    every = to_largest(csr_array(walk.popularity[None, :]))
    found = [ranked(matrix, OF_ALL) for matrix in (every, walk.of_category)]
    products, scores = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return {"category": np.arange(-1, walk.of_category.shape[0], dtype=np.int32), "product": products, "score": scores}


def trending_lists(edges: Edges) -> dict[str, Arrays]:
    """Returns what is trending in each window, by its name."""
    return {f"trending_{name}": trending(edges, days)._asdict() for name, days in WINDOWS.items()}
