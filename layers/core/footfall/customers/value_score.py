"""What customers were worth to a shop so far, among each other: one number from 0 to 100."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
WEIGHTS = {"net": 5, "frequency": 3, "recency": 2}
"""Tenths of the score: net revenue counts most, then how often they bought, then how lately."""


def ranks(values: Numbers) -> NDArray[np.float64]:
    """Returns for each value the share of all that is lower, with half of those that are equal: equal ones share it."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(values))


def value_scores(recency: Numbers, frequency: Numbers, net: Numbers) -> NDArray[np.float64]:
    """Returns a score from 0 to 100 with two decimals for each customer: the weighted mean of their three ranks.

    More revenue after refunds, more orders and fewer days since the last never make it less; equal customers share it,
    and the only customer there is has 50.
    """
    if not len(recency):
        return np.zeros(0)
    parts = {"net": ranks(net), "frequency": ranks(frequency), "recency": ranks(-recency)}
    return np.round(sum(weight * parts[name] for name, weight in WEIGHTS.items()) * 10, 2)
