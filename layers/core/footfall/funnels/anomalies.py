"""Where a rate breaks: periods that are far from what the periods before them let expect.

Each period's rate is compared with the median of up to 28 periods before it. What counts as far is measured by the
larger of two standard deviations: the robust one of those periods (1.4826 × the median absolute deviation) and the
binomial one of that many tries. From 3.5 on (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993) it is
marked. Three such periods in a row on the same side are one shift: only the first is marked, and what follows is
compared with the new level. A mark that stays alone is a spike and does not count for later medians.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Literal

PeriodName = Literal["day", "week", "month"]
FAR = 3.5
MOST_PERIODS = 28
FEWEST_PERIODS: dict[PeriodName, int] = {"day": 7, "week": 4, "month": 3}
FEWEST_TRIES = 20
LASTING = 3
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


def find_anomalies(series: Sequence[tuple[int, int]], period: PeriodName) -> list[Anomaly]:
    """The marked periods of a series of (how many could go on, how many did)."""
    tries = [(index, could, did / could) for index, (could, did) in enumerate(series) if could >= FEWEST_TRIES]
    marked: list[Anomaly] = []
    level: list[float] = []
    for place, (index, could, rate) in enumerate(tries):
        expected, deviation = _compare(level, could, rate)
        if len(level) < FEWEST_PERIODS[period] or not _far(rate, expected, deviation):
            level.append(rate)
            continue
        shifted = _lasts(tries[place : place + LASTING], level, deviation > 0)
        marked.append(Anomaly(index, rate, expected, deviation, "shift" if shifted else "spike"))
        if shifted:
            level = [rate]
    return marked


def _compare(level: Sequence[float], could: int, rate: float) -> tuple[float, float]:
    """What the periods before let expect, and how many standard deviations away a rate is."""
    if not level:
        return rate, 0.0
    recent = level[-MOST_PERIODS:]
    expected = median(recent)
    spread = MAD_TO_DEVIATION * median(abs(one - expected) for one in recent)
    likely = min(max(expected, 0.5 / could), 1 - 0.5 / could)
    return expected, (rate - expected) / max(spread, sqrt(likely * (1 - likely) / could))


def _far(rate: float, expected: float, deviation: float) -> bool:
    return abs(deviation) >= FAR and abs(rate - expected) >= SMALLEST_CHANGE


def _lasts(following: Sequence[tuple[int, int, float]], level: Sequence[float], above: bool) -> bool:
    """Whether as many periods as a shift needs are far from the level, all on one side."""
    compared = [(rate, *_compare(level, could, rate)) for _, could, rate in following]
    return len(compared) == LASTING and all(_far(*one) and (one[2] > 0) == above for one in compared)
