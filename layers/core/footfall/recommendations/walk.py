"""Products that a person's own lead to: RP3β, a random walk of three steps, with typed and weighted edges.

A walk goes from a person to a product (PURCHASED or VIEWED, by its weight), from there to somebody who did anything
with it, and on to another product. Its probabilities are raised to the power α, and what is found is divided by how
many people know it, to the power β, so that what everybody knows does not always win (Cooper et al., Random walks in
recommender systems, 2014; Paudel et al., Updatable, accurate, diverse, and scalable recommendations, 2017). What
somebody bought or viewed before is one step away, and what is popular in the categories that interest them two:
INTERESTED_IN, then BELONGS_TO. Newer edges weigh more.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from footfall.recommendations.edges import Edges, Floats, Ints, ones
from footfall.recommendations.sparse import (
    divided,
    largest,
    largest_of,
    shares,
    times,
    to_largest,
    with_data,
    without,
)
from footfall.schemas.recommendation import Degraded, WalkSettings

NEIGHBOURS = 100
"""Of a product; what is further away changes nothing."""
MOST_OF_ONE = 2_000
"""Products of one person; the weightiest count."""
PRODUCTS_AT_ONCE = 500
OF_A_CATEGORY = 100


class Settings(NamedTuple):
    """What a walk goes by, found by trying.

    `half_life` in days; `again` weighs what somebody did with a product before against what the walk finds (0 … 1), and
    `repeat` says whether what was bought is recommended again at all; `viewed` is what a view weighs beside a purchase,
    `interest` what categories do beside the walk.
    """

    half_life: float = 90.0
    alpha: float = 0.8
    beta: float = 0.4
    again: float = 0.5
    repeat: bool = True
    viewed: float = 0.3
    interest: float = 0.1

    @classmethod
    def of(cls, told: WalkSettings) -> "Settings":
        """Returns the settings that a model told of."""
        return cls(*(told[name] for name in cls._fields))  # type: ignore[literal-required]

    def told(self, degraded: Degraded | None) -> WalkSettings:
        """Returns what a model says of them; `degraded` is why the walk is not used, if so."""
        return WalkSettings(
            half_life=self.half_life,
            alpha=self.alpha,
            beta=self.beta,
            again=self.again,
            repeat=self.repeat,
            viewed=self.viewed,
            interest=self.interest,
            degraded=degraded,
        )


@dataclass(frozen=True)
class Walk:
    """A fitted walk: people × products (the `first` step, what they `own`, `bought`), products × products, categories.

    `popularity` is how many people know a product, who did anything with it long ago counting less; `of_category` is
    the same of each category's products, the most popular one being 1.
    """

    settings: Settings
    first: csr_array
    own: csr_array
    bought: csr_array
    neighbours: csr_array
    interests: csr_array
    of_category: csr_array
    popularity: Floats


def fit_walk(edges: Edges, settings: Settings, as_of: int, neighbours: int = NEIGHBOURS) -> Walk:
    """Returns the walk over these edges as they were at the end of a day."""
    weights = largest(_weights(edges, settings, as_of), MOST_OF_ONE)
    popularity = _popularity(weights)
    known = np.bincount(weights.indices, minlength=edges.products)
    discount = (np.maximum(known, 1) ** -settings.beta).astype(np.float32)
    first = _raised(shares(weights), settings.alpha)
    back = _raised(shares(weights.T.tocsr()), settings.alpha)
    near = [
        _near(back[start : start + PRODUCTS_AT_ONCE], first, discount, start, neighbours)
        for start in range(0, edges.products, PRODUCTS_AT_ONCE)
    ]
    return Walk(
        settings=settings,
        first=first,
        own=to_largest(weights),
        bought=ones(edges.person[edges.bought], edges.product[edges.bought], weights.shape),
        neighbours=vstack(near, "csr") if near else csr_array((0, 0), dtype=np.float32),
        interests=shares(_interests(edges, settings, as_of)),
        of_category=_of_category(edges, popularity),
        popularity=popularity,
    )


def _near(back: csr_array, first: csr_array, discount: Floats, start: int, most: int) -> csr_array:
    # of products from `start` on: none is near itself
    found = (back @ first).tocsr()
    row = np.repeat(np.arange(start, start + found.shape[0]), np.diff(found.indptr))
    near = with_data(found, np.where(found.indices == row, 0, found.data * discount[found.indices]))
    near.eliminate_zeros()
    return largest(near, most)


def _raised(matrix: csr_array, power: float) -> csr_array:
    return with_data(matrix, matrix.data ** np.float32(power))


def _aged(day: Ints, settings: Settings, as_of: int) -> Floats:
    return np.exp2((day - as_of) / settings.half_life).astype(np.float32)


def _weights(edges: Edges, settings: Settings, as_of: int) -> csr_array:
    # people × products, of both kinds of edge
    weight = np.where(edges.bought, 1.0, settings.viewed * edges.strength) * _aged(edges.day, settings, as_of)
    return _matrix(weight, edges.person, edges.product, (edges.people, edges.products))


def _interests(edges: Edges, settings: Settings, as_of: int) -> csr_array:
    weight = edges.interest_strength * _aged(edges.interest_day, settings, as_of)
    return _matrix(weight, edges.interested, edges.interest, (edges.people, edges.categories))


def _matrix(weight: Floats, row: Ints, column: Ints, shape: tuple[int, int]) -> csr_array:
    return csr_array((weight.astype(np.float32), (row, column)), shape=shape)


def _popularity(weights: csr_array) -> Floats:
    # nobody counts more than once
    return np.bincount(weights.indices, np.minimum(weights.data, 1), weights.shape[1]).astype(np.float32)


def _of_category(edges: Edges, popularity: Floats) -> csr_array:
    kept = np.flatnonzero((edges.category >= 0) & (popularity > 0)).astype(np.int32)
    shape = (edges.categories, edges.products)
    return to_largest(largest(_matrix(popularity[kept], edges.category[kept], kept, shape), OF_A_CATEGORY))


class Parts(NamedTuple):
    """What the scores of some people consist of: people × products each; `near` was divided by each one's `largest`."""

    near: csr_array
    again: csr_array
    interest: csr_array
    largest: Floats

    @property
    def total(self) -> csr_array:
        """The scores."""
        return (self.near + self.again + self.interest).tocsr()


def parts_of(walk: Walk, rows: Ints) -> Parts:
    """Returns what the scores of these people consist of; of the walk, the largest counts 1."""
    settings, bought = walk.settings, walk.bought[rows]
    walked = (walk.first[rows] @ walk.neighbours).tocsr()
    most = largest_of(walked)
    near, again = divided(walked, most), times(walk.own[rows], settings.again)
    interest = times(to_largest((walk.interests[rows] @ walk.of_category).tocsr()), settings.interest)
    if not settings.repeat:
        near, again, interest = (without(part, bought) for part in (near, again, interest))
    return Parts(near, again, interest, np.where(most > 0, most, 1))


def scores_of(walk: Walk, rows: Ints) -> csr_array:
    """Returns the scores of products for these people, from 0 to 1; the highest that anything can have is 1."""
    settings = walk.settings
    most = 1 + settings.again + settings.interest
    total = parts_of(walk, rows).total
    return divided(total, np.full(len(rows), most, np.float32))
