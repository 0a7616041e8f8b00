"""A funnel of each period of a range: only what happened on its days."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import Attempts, Flags, Integers, Keys, distinct

PERIOD = np.uint64(32)
"""Where the number of a period begins, above that of a person."""


class InPeriods(NamedTuple):
    """Entries in which everybody has another number in each period, and for each of these numbers its period."""

    entered: Entered
    periods: Integers

    def reached_each(self, attempts: Attempts, periods: int, those: Flags | slice = slice(None)) -> list[list[int]]:
        """Returns how many attempts, or those of some, reached each step in each of so many periods."""
        width = len(self.entered.steps) + 1
        places = self.periods[attempts.people[those]] * width + attempts.reached[those]
        ended = np.bincount(places, minlength=periods * width).reshape(-1, width)
        reached: list[list[int]] = ended[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].tolist()
        return reached


def in_periods(entered: Entered, days: Sequence[int]) -> InPeriods:
    """Returns the entries of a range cut into periods of so many days each."""
    period_of_day = np.repeat(np.arange(len(days)), days)
    parts = [*entered.steps, *(part for part in (entered.excluded, entered.others) if part)]
    everybody = distinct([_person_in_period(part, period_of_day) for part in parts])

    def cut(part: DatedEntries) -> DatedEntries:
        numbers = np.searchsorted(everybody, _person_in_period(part, period_of_day))
        return replace(part, people=numbers.astype(np.uint32))

    cut_up = replace(
        entered,
        steps=[cut(step) for step in entered.steps],
        excluded=entered.excluded and cut(entered.excluded),
        others=entered.others and cut(entered.others),
    )
    return InPeriods(cut_up, (everybody >> PERIOD).astype(np.int64))


def _person_in_period(part: DatedEntries, period_of_day: NDArray[np.intp]) -> Keys:
    # person and period as one number, the period in its upper half: the engine then tells one person's periods apart
    return (period_of_day[part.days].astype(np.uint64) << PERIOD) | part.people
