"""What is measured of the marks: how often a constant rate has one, and how surely and how late a break has."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

import numpy as np
from footfall.funnels.anomalies import find_anomalies

from tests.marks.series import DAYS_OF_WEEK, Setting, drawn

LOOKS = (1, 2, 3, 4, 5, 7, 10, 14, 21, 28)
"""How many periods of the new rate have been seen when somebody looks whether the break is marked."""
NEAR = 3
"""A mark that is farther from the break than this, in periods, is not the break's."""
Series = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class FalseMarks:
    """Of how many series with a constant rate how many had a mark."""

    setting: Setting
    series: int
    marked: int

    @property
    def share(self) -> float:
        """How many of a hundred."""
        return 100 * self.marked / self.series


@dataclass(frozen=True)
class Power:
    """Of how many series with a break how many had it marked, on its first period, and something else.

    `late` is the median of how many periods of the new rate had to be seen; infinite where half of the breaks were not
    marked at the last look.
    """

    setting: Setting
    series: int
    marked: int
    exact: int
    elsewhere: int
    late: float


def false_marks(setting: Setting, series: int, seed: int) -> FalseMarks:
    """Returns how many such series, each beginning on any weekday, have a mark."""
    source = np.random.default_rng(seed)
    begins = source.integers(DAYS_OF_WEEK, size=series).tolist()
    return FalseMarks(setting, series, sum(bool(_marks(setting, drawn(setting, day, source), day)) for day in begins))


def power(setting: Setting, series: int, seed: int) -> Power:
    """Returns what is marked in such series, each beginning on a Monday."""
    source = np.random.default_rng(seed)
    all_drawn = [drawn(setting, 0, source) for _ in range(series)]
    marks = [_marks(setting, one) for one in all_drawn]
    return Power(
        setting,
        series,
        marked=sum(any(_near(setting, mark) for mark in found) for found in marks),
        exact=sum(setting.first in found for found in marks),
        elsewhere=sum(not all(_near(setting, mark) for mark in found) for found in marks),
        late=median(_late(setting, one) for one in all_drawn),
    )


def _marks(setting: Setting, series: Series, first_weekday: int = 0) -> list[int]:
    return [found.index for found in find_anomalies(series, setting.period, first_weekday)]


def _near(setting: Setting, mark: int) -> bool:
    return abs(mark - setting.first) <= NEAR


def _late(setting: Setting, series: Series) -> float:
    def seen(look: int) -> bool:
        return any(_near(setting, mark) for mark in _marks(setting, series[: setting.first + look]))

    return next((look for look in LOOKS if seen(look)), inf)
