"""When customers are likely to buy again, by their own gaps between orders and by those of the shop."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.schemas.customer import PurchaseTiming

Numbers = NDArray[np.int64]
DAY = 86_400_000
DUE_FROM, OVERDUE_FROM = 0.8, 1.5
"""Parts of the gap that is expected, since the last order."""


class Timing(NamedTuple):
    """Days that are expected between a customer's last order and their next, NaN where nobody can tell; and where they
    stand.
    """

    gaps: NDArray[np.float64]
    statuses: list[PurchaseTiming]


def timing(recency: Numbers, frequency: Numbers, first: Numbers, last: Numbers) -> Timing:
    """Returns when each customer is expected again; `first` and `last` orders in Unix milliseconds, `recency` in days.

    What is expected is the mean of a customer's own gaps and of one more, the shop's: the median of its customers' mean
    gaps. So who bought once is expected after the shop's gap, and who bought often after their own. Orders of the same
    moment make no gap. In a shop where nobody came back, nothing is expected.
    """
    spans = (last - first) / DAY
    own = np.where(spans > 0, frequency - 1, 0)
    back = own > 0
    if not back.any():
        return Timing(np.full(len(recency), np.nan), ["unknown"] * len(recency))
    usual = np.median(spans[back] / own[back])
    gaps = (np.where(back, spans, 0) + usual) / (own + 1)
    return Timing(gaps, [status_of(days, gap) for days, gap in zip(recency.tolist(), gaps.tolist(), strict=True)])


def status_of(days: int, gap: float) -> PurchaseTiming:
    """Returns where somebody stands so many days after their last order: due from 0.8 of the gap, overdue from 1.5."""
    if days < DUE_FROM * gap:
        return "not_due"
    return "due" if days < OVERDUE_FROM * gap else "overdue"
