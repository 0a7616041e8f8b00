"""Series whose truth is known: how many people could go on in each period and how many did, at rates that we choose."""

from dataclasses import dataclass

import numpy as np
from footfall.days import PeriodName
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAYS_OF_WEEK = 7
RATES_OF_WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.3, 0.7])
PEOPLE_OF_WEEKDAYS = np.array([1.0, 0.9, 0.9, 0.95, 1.05, 1.3, 0.9])
FORGOTTEN = 50
"""Days before the first, after which it no longer matters how a rate that remembers began."""


@dataclass(frozen=True)
class Nature:
    """How days differ without any break: by weekday, by a spread of the rate itself, and by a memory from day to day.

    `spread` is the standard deviation of a day's rate as a share of it: of beta-binomial counts, or with a `memory`
    (the correlation of a day with the day before) of log-normal odds.
    """

    name: str
    weekdays: bool = False
    spread: float = 0.0
    memory: float = 0.0


@dataclass(frozen=True)
class Setting:
    """What a series is drawn from: the rate, how many people could go on in a day, and how many days.

    From `begins` on, in days and parts of days, the rarer outcome is `factor` times as frequent.
    """

    nature: Nature
    period: PeriodName
    rate: float
    tries: int
    days: int
    begins: float = 0.0
    factor: float = 1.0

    @property
    def first(self) -> int:
        """The first period in which most of the break shows."""
        return round(self.begins if self.period == "day" else self.begins / DAYS_OF_WEEK)


def drawn(setting: Setting, first_weekday: int, source: np.random.Generator) -> list[tuple[int, int]]:
    """Returns a series, which begins on that weekday; of weeks, the whole ones."""
    weekdays = (np.arange(setting.days) + first_weekday) % DAYS_OF_WEEK
    people = PEOPLE_OF_WEEKDAYS[weekdays] if setting.nature.weekdays else np.ones(setting.days)
    could = source.poisson(setting.tries * people)
    did = source.binomial(could, _rates(setting, weekdays, source))
    if setting.rate > 0.5:
        did = could - did
    if setting.period == "week":
        could, did = _weeks(could, first_weekday), _weeks(did, first_weekday)
    return list(zip(could.tolist(), did.tolist(), strict=True))


def _rates(setting: Setting, weekdays: NDArray[np.intp], source: np.random.Generator) -> Floats:
    # of the rarer outcome
    nature, broken = setting.nature, np.clip(np.arange(setting.days) + 1 - setting.begins, 0, 1)
    rates: Floats = min(setting.rate, 1 - setting.rate) * (1 + (setting.factor - 1) * broken)
    if nature.weekdays:
        rates = rates * RATES_OF_WEEKDAYS[weekdays]
    if nature.memory:
        odds: Floats = rates / (1 - rates) * np.exp(_remembered(nature, setting.days, source) / (1 - rates))
        return odds / (1 + odds)
    if nature.spread:
        both = np.maximum((1 - rates) / (rates * nature.spread**2) - 1, 1)
        return source.beta(rates * both, (1 - rates) * both)
    return rates


def _remembered(nature: Nature, days: int, source: np.random.Generator) -> Floats:
    found, now = [], 0.0
    for fresh in source.normal(0, nature.spread * np.sqrt(1 - nature.memory**2), FORGOTTEN + days).tolist():
        now = nature.memory * now + fresh
        found.append(now)
    return np.array(found[FORGOTTEN:])


def _weeks(days: NDArray[np.int64], first_weekday: int) -> NDArray[np.int64]:
    whole = days[-first_weekday % DAYS_OF_WEEK :]
    return whole[: len(whole) // DAYS_OF_WEEK * DAYS_OF_WEEK].reshape(-1, DAYS_OF_WEEK).sum(axis=1)
