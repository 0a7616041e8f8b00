"""Why a product is recommended: the paths of the graph that its score comes from, the weightiest two."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from footfall.recommendations.edges import Edges, Floats, Ints
from footfall.recommendations.numbered import BOUGHT_BEFORE, BY_INTEREST, NONE, REASONS, VIEWED_BEFORE, WALKED
from footfall.recommendations.walk import Walk, parts_of


class Reasons(NamedTuple):
    """Of each recommended product: which path, through which product or category, and its share of the score (0 … 1).

    Each has the shape people × products × REASONS; a path of NONE is no reason.
    """

    path: Ints
    through: Ints
    share: Floats


class Kinds(NamedTuple):
    """Which kind of edge it is between each person and product, and mostly between each product and people."""

    bought: NDArray[np.int64]
    mostly_bought: NDArray[np.bool_]
    products: int

    def first(self, person: Ints, product: Ints) -> NDArray[np.intp]:
        """Returns 1 where that person bought that product, else 0."""
        key = person.astype(np.int64) * self.products + product
        if not len(self.bought):
            return np.zeros(len(key), np.intp)
        # found by halving, since these are sorted and very many
        place = np.minimum(np.searchsorted(self.bought, key), len(self.bought) - 1)
        found: NDArray[np.bool_] = self.bought[place] == key
        return found.astype(np.intp)


def kinds_of(edges: Edges) -> Kinds:
    """Returns the kinds of edges."""
    key = edges.person.astype(np.int64) * edges.products + edges.product
    bought = np.bincount(edges.product[edges.bought], minlength=edges.products)
    every = np.bincount(edges.product, minlength=edges.products)
    return Kinds(np.unique(key[edges.bought]), 2 * bought >= every, edges.products)


class _Candidates(NamedTuple):
    # paths to recommended products: of which place in the list, which path, through what, how much of the score
    place: NDArray[np.signedinteger]
    path: NDArray[np.intp]
    through: Ints
    amount: Floats


def reasons_of(walk: Walk, kinds: Kinds, edges: Edges, rows: Ints, products: Ints) -> Reasons:
    """Returns why these products (people × products, NONE where there is none) are recommended to these people."""
    places = _places(products, walk.neighbours.shape[1])
    parts = parts_of(walk, rows)
    found = [
        _before(kinds, rows, places, parts.again),
        _by_interest(edges, places, parts.interest),
        _walked(walk, kinds, rows, places, parts.largest),
    ]
    candidates = _Candidates(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    return _weightiest(candidates, products.shape)


def _places(products: Ints, width: int) -> Ints:
    # where in the flattened lists each product of each person is
    places = np.full((len(products), width), NONE, np.int32)
    row, column = np.nonzero(products != NONE)
    places[row, products[row, column]] = row * products.shape[1] + column
    return places


def _before(kinds: Kinds, rows: Ints, places: Ints, again: csr_array) -> _Candidates:
    place, row, column, amount = _entries(places, again)
    bought = kinds.first(rows[row], column)
    path = np.where(bought, BOUGHT_BEFORE, VIEWED_BEFORE)
    return _Candidates(place, path, np.full(len(place), NONE, np.int32), amount)


def _by_interest(edges: Edges, places: Ints, interest: csr_array) -> _Candidates:
    place, _, column, amount = _entries(places, interest)
    return _Candidates(place, np.full(len(place), BY_INTEREST), edges.category[column], amount)


def _entries(places: Ints, part: csr_array) -> tuple[Ints, Ints, Ints, Floats]:
    # of what is recommended: place, row, column and value
    entries = part.tocoo()
    place = places[entries.row, entries.col]
    kept = (place != NONE) & (entries.data > 0)
    return place[kept], entries.row[kept], entries.col[kept], entries.data[kept]


def _walked(walk: Walk, kinds: Kinds, rows: Ints, places: Ints, largest: Floats) -> _Candidates:
    # every product of a person, and every neighbour of it that is recommended
    first, near = walk.first[rows].tocoo(), walk.neighbours
    took = kinds.first(rows[first.row], first.col)
    ends = near.indptr
    lengths = np.diff(ends)[first.col]
    step = np.repeat(np.arange(len(first.col)), lengths)
    entry = np.arange(len(step)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + ends[first.col[step]]
    place = places[first.row[step], near.indices[entry]]
    kept = place != NONE
    step, entry = step[kept], entry[kept]
    person, through, target = first.row[step], first.col[step].astype(np.int32), near.indices[entry]
    amount = first.data[step] * near.data[entry] / largest[person]
    path = WALKED + 4 * took[step] + 2 * kinds.mostly_bought[through] + kinds.mostly_bought[target]
    return _Candidates(place[kept], path, through, amount.astype(np.float32))


def _weightiest(found: _Candidates, shape: tuple[int, ...]) -> Reasons:
    # of each place the first REASONS, and their shares of all that its score consists of
    order = np.lexsort((-found.amount, found.place))
    place = found.place[order]
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    chosen = order[rank < REASONS]
    at = found.place[chosen], rank[rank < REASONS]
    total = np.bincount(found.place, found.amount, shape[0] * shape[1])
    path, through = (np.full((shape[0] * shape[1], REASONS), NONE, np.int32) for _ in range(2))
    share = np.zeros((shape[0] * shape[1], REASONS), np.float32)
    path[at], through[at], share[at] = found.path[chosen], found.through[chosen], found.amount[chosen] / total[at[0]]
    whole = (*shape, REASONS)
    return Reasons(path.reshape(whole), through.reshape(whole), share.reshape(whole))
