"""A funnel of each period of a range: only what happened on its days."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import Attempts, Flags, Integers, Keys, People, distinct

PERIOD = np.uint64(32)
"""Where the number of a period begins, above that of a person."""
MOST_NUMBERS = 2**32
"""So many numbers people may have."""


class InPeriods(NamedTuple):
    """Entries in which everybody has another number in each period, and what tells the periods of these numbers."""

    entered: Entered
    periods: Callable[[People], Integers]

    def reached_each(self, attempts: Attempts, periods: int, those: Flags | slice = slice(None)) -> list[list[int]]:
        """Returns how many attempts, or those of some, reached each step in each of so many periods."""
        width = len(self.entered.steps) + 1
        places = self.periods(attempts.people[those]) * width + attempts.reached[those]
        ended = np.bincount(places, minlength=periods * width).reshape(-1, width)
        reached: list[list[int]] = ended[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].tolist()
        return reached


def in_periods(entered: Entered, days: Sequence[int]) -> InPeriods:
    """Returns the entries of a range cut into periods of so many days each."""
    timeline, period_of_day = entered.timeline, np.repeat(np.arange(len(days)), days)
    parts = [*entered.steps, *(part for part in (entered.excluded, entered.others) if part)]
    width = 1 + max(int(timeline.people(part.keys()).max(initial=0)) for part in parts)
    if len(days) * width < MOST_NUMBERS:  # the periods can be told from the numbers again
        return _cut(
            entered,
            lambda part: period_of_day[part.column("days")] * width + timeline.people(part.keys()),
            lambda people: people.astype(np.int64) // width,
        )

    def in_period(part: DatedEntries) -> Keys:
        # person and period as one number, the period in its upper half: one person's periods are then told apart
        keys: Keys = period_of_day[part.column("days")].astype(np.uint64)
        keys <<= PERIOD
        keys |= timeline.people(part.keys())
        return keys

    everybody = distinct([in_period(part) for part in parts])
    return _cut(
        entered,
        lambda part: np.searchsorted(everybody, in_period(part)),
        lambda people: (everybody[people] >> PERIOD).astype(np.int64),
    )


def _cut(
    entered: Entered, number: Callable[[DatedEntries], NDArray[Any]], periods: Callable[[People], Integers]
) -> InPeriods:
    timeline = entered.timeline

    def cut(part: DatedEntries) -> DatedEntries:
        entries = timeline.entries(number(part).astype(np.uint32), timeline.places(part.keys()))
        return replace(part, keys=entries.keys)

    cut_up = replace(
        entered,
        steps=[cut(step) for step in entered.steps],
        excluded=entered.excluded and cut(entered.excluded),
        others=entered.others and cut(entered.others),
    )
    return InPeriods(cut_up, periods)
