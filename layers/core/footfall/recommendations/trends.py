"""What is popular now, and what has been all along: products by what was done with them, newer things weighing more."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.recommendations.edges import Edges, Ints
from footfall.schemas.recommendation import Window

WINDOWS: Mapping[Window, int] = {"1d": 1, "7d": 7, "30d": 30}
"""Windows by name, in days."""
HALF_LIVES = 3
"""Half-lives in a window: what was done on its first day weighs an eighth of what was done on its last."""
LISTED = 100


class Trend(NamedTuple):
    """Products, the weightiest first: the weight of what was done with each, undecayed before too."""

    product: Ints
    weight: NDArray[np.float64]
    now: NDArray[np.int64]
    before: NDArray[np.int64]


def trending(edges: Edges, days: int, most: int = LISTED) -> Trend:
    """Returns the products by what was done with them in the last days, a view 1, the cart 2, a purchase 4.

    Each day's weigh half as much as those of a third of the window later. `now` and `before` are the sums without decay
    in the window and in the one before it.
    """
    last = edges.span[1]
    age = last - edges.day
    inside, earlier = age < days, (age >= days) & (age < 2 * days)
    weight = edges.strength * np.exp2(-HALF_LIVES * age / days)
    found = np.bincount(edges.product[inside], weight[inside], edges.products)
    order = np.lexsort((np.arange(edges.products), -found))[:most].astype(np.int32)
    order = order[found[order] > 0]
    now, before = (_done(edges, part)[order] for part in (inside, earlier))
    return Trend(order, found[order], now, before)


def _done(edges: Edges, part: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.bincount(edges.product[part], edges.strength[part], edges.products).astype(np.int64)
