"""Recency, frequency and monetary value: scores from 1 to 5, after Hughes' quintiles with a rule for ties."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.int8]
FEWEST = 25
"""Customers whose fifths tell something: five in each."""
DAYS = (30, 60, 120, 240)
"""The most days since the last order for the scores 5, 4, 3 and 2."""
ORDERS = (2, 3, 4, 6)
"""The fewest orders for the scores 2, 3, 4 and 5."""
QUARTERS_OF_THE_MEAN = (1, 3, 5, 8)
"""The least money for the scores 2, 3, 4 and 5, in quarters of what customers brought on average."""


class RfmScores(NamedTuple):
    """One score from 1 (worst) to 5 (best) for each customer, each way."""

    recency: Scores
    frequency: Scores
    monetary: Scores


def quintiles(values: NDArray[np.int64], *, lower_is_better: bool = False) -> Scores:
    """Returns a score from 1 (worst) to 5 (best) for each value: 1 + ⌊5 · (worse + half of the equal) / all⌋.

    Equal values always share a score, that of the middle of their ranks, so fifths are uneven where many are equal
    (a third of the customers having ordered once all get 1), and where all are equal everybody gets 3.
    """
    if not len(values):
        return np.zeros(0, np.int8)
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, "left")
    upto = np.searchsorted(ordered, values, "right")
    worse = len(values) - upto if lower_is_better else below
    return (1 + 5 * (2 * worse + upto - below) // (2 * len(values))).astype(np.int8)


def rfm_scores(recency: NDArray[np.int64], frequency: NDArray[np.int64], monetary: NDArray[np.int64]) -> RfmScores:
    """Returns the three scores of every customer; `recency` in days since the last order, so less is better.

    Of fewer than `FEWEST` customers they go by limits, since a fifth of so few is chance.
    """
    if len(recency) < FEWEST:
        return scores_by_limits(recency, frequency, monetary)
    return RfmScores(quintiles(recency, lower_is_better=True), quintiles(frequency), quintiles(monetary))


def scores_by_limits(
    recency: NDArray[np.int64], frequency: NDArray[np.int64], monetary: NDArray[np.int64]
) -> RfmScores:
    """Returns the three scores by limits that are the same in every shop; money goes by the mean of all customers.

    Equal values share a score here too, and where all spent the same everybody gets 3 for it.
    """
    recent = 5 - np.searchsorted(DAYS, recency, "left")
    often = 1 + np.searchsorted(ORDERS, frequency, "right")
    spent = 1 + sum(4 * monetary * len(monetary) >= quarters * monetary.sum() for quarters in QUARTERS_OF_THE_MEAN)
    return RfmScores(*(np.asarray(each).astype(np.int8) for each in (recent, often, spent)))
