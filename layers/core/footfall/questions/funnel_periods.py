"""A funnel of each period of a range: only what happened on its days."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

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
    timeline, period_of_day = entered.timeline, np.repeat(np.arange(len(days)), days)

    def in_period(part: DatedEntries) -> Keys:
        # person and period as one number, the period in its upper half: one person's periods are then told apart
        keys: Keys = period_of_day[part.column("days")].astype(np.uint64)
        keys <<= PERIOD
        keys |= timeline.people(part.keys())
        return keys

    parts = [*entered.steps, *(part for part in (entered.excluded, entered.others) if part)]
    everybody = distinct([in_period(part) for part in parts])

    def cut(part: DatedEntries) -> DatedEntries:
        numbers = np.searchsorted(everybody, in_period(part)).astype(np.uint32)
        entries = timeline.entries(numbers, timeline.places(part.keys()))
        return replace(part, keys=entries.keys)

    cut_up = replace(
        entered,
        steps=[cut(step) for step in entered.steps],
        excluded=entered.excluded and cut(entered.excluded),
        others=entered.others and cut(entered.others),
    )
    return InPeriods(cut_up, (everybody >> PERIOD).astype(np.int64))
