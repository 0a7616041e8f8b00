"""Where a rate breaks: periods that are far from what the periods before them let expect.

Each period's rate is compared with the median of up to 28 periods before it, on the arcsine scale, on which the chance
variation of a rate is 1/(2√n) whatever the rate (Anscombe, The Transformation of Poisson, Binomial and
Negative-Binomial Data, 1948). What counts as far is measured by the larger of that and the robust deviation of the
periods before (1.4826 × their median absolute deviation). From 3.5 on it is marked (Iglewicz and Hoaglin, How to
Detect and Handle Outliers, 1993). Some such periods in a row on the same side are one shift: only the first is marked,
and what follows is compared with the new level. A mark that stays alone is a spike, which later medians leave out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, sin, sqrt
from statistics import median
from typing import Literal

PeriodName = Literal["day", "week", "month"]
FAR = 3.5
MOST_PERIODS = 28
FEWEST_PERIODS: dict[PeriodName, int] = {"day": 7, "week": 4, "month": 2}
LASTING: dict[PeriodName, int] = {"day": 3, "week": 2, "month": 2}
"""How many far periods in a row are a shift."""
FEWEST_TRIES = 20
MAD_TO_DEVIATION = 1.4826
SMALLEST_CHANGE = 0.01
"""A change of less than one percentage point is not worth a mark, however certain it is."""


@dataclass(frozen=True)
class Anomaly:
    """A marked period; rates as shares of 1."""

    index: int
    rate: float
    expected: float
    deviation: float
    kind: Literal["shift", "spike"]


@dataclass(frozen=True)
class _Try:
    index: int
    could: int
    rate: float
    angle: float  # the rate on the arcsine scale


@dataclass(frozen=True)
class _Compared:
    expected: float
    deviation: float
    far: bool


def find_anomalies(series: Sequence[tuple[int, int]], period: PeriodName) -> list[Anomaly]:
    """Returns the marked periods of a series of (how many could go on, how many did)."""
    tries = [
        _Try(index, could, did / could, asin(sqrt(did / could)))
        for index, (could, did) in enumerate(series)
        if could >= FEWEST_TRIES
    ]
    marked: list[Anomaly] = []
    level: list[float] = []
    for place, one in enumerate(tries):
        found = _compare(one, level) if len(level) >= FEWEST_PERIODS[period] else None
        if found is None or not found.far:
            level.append(one.angle)
            continue
        shifted = _lasts([_compare(later, level) for later in tries[place : place + LASTING[period]]], LASTING[period])
        marked.append(Anomaly(one.index, one.rate, found.expected, found.deviation, "shift" if shifted else "spike"))
        if shifted:
            level = [one.angle]
    return marked


def _compare(one: _Try, level: Sequence[float]) -> _Compared:
    recent = level[-MOST_PERIODS:]
    middle = median(recent)
    spread = MAD_TO_DEVIATION * median(abs(angle - middle) for angle in recent)
    deviation = (one.angle - middle) / max(spread, 1 / (2 * sqrt(one.could)))
    expected = sin(middle) ** 2
    return _Compared(expected, deviation, abs(deviation) >= FAR and abs(one.rate - expected) >= SMALLEST_CHANGE)


def _lasts(compared: Sequence[_Compared], needed: int) -> bool:
    sides = {found.deviation > 0 for found in compared}
    return len(compared) == needed and len(sides) == 1 and all(found.far for found in compared)
