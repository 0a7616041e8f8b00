"""Who went how far through a funnel, over any days and within any window, from entries that are linked once.

The entries to each step are sorted by person and time, and of each is known which entry to the next step comes first
behind it. That depends neither on the days that are asked about nor on the window, so an attempt is followed from entry
to entry without a search. The answer is the engine's `ordered`, its window counted from the first step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import (
    Attempts,
    Codes,
    Flags,
    Indices,
    Integers,
    People,
    Timeline,
    begins,
    keys_of,
)

NONE = -1
"""Behind an entry that none to the next step follows."""
BYTES_OF_AN_ENTRY = 48


class StepColumns(NamedTuple):
    """Entries to one step, in any order: whose and when, which of its millisecond's events each is, on which device.

    `days` are numbers that ascend with time, `rows` say where each was read.
    """

    people: NDArray[np.int32]
    times: Integers
    ties: NDArray[np.int32]
    days: NDArray[np.uint16]
    devices: Codes
    rows: NDArray[np.uint32]

    def where(self, those: Indices) -> "StepColumns":
        """Returns the same of some of the entries."""
        return StepColumns._make(column[those] for column in self)


class _LedTo(NamedTuple):
    # entries to a step, of each whose it is, the latest entry to the first step from which a chain leads to it, how
    # many milliseconds there are between, and on which days either is
    people: People
    entries: NDArray[np.int32]
    origins: NDArray[np.int32]
    took: Integers
    began: NDArray[np.uint16]
    ended: NDArray[np.uint16]


@dataclass(frozen=True)
class Chains:
    """The entries to all steps, one step behind the other, each sorted by person and time.

    `begins` is where each step's entries begin, and behind the last where they end. `onward` is the place here of the
    entry that follows each: the person's first to the next step, NONE for none.
    """

    begins: Sequence[int]
    people: People
    days: NDArray[np.uint16]
    times: Integers
    devices: Codes
    rows: NDArray[np.uint32]
    onward: NDArray[np.int32]

    @classmethod
    def of(cls, steps: Sequence[StepColumns]) -> "Chains":
        """Returns the entries to the steps of a funnel, linked."""
        begins = np.cumsum([0, *(len(step.people) for step in steps)]).tolist()
        whole, bits = _keys(steps)
        keys = np.split(whole, begins[1:-1])
        orders = [np.argsort(each, kind="stable") for each in keys]
        ordered = [step.where(order) for step, order in zip(steps, orders, strict=True)]
        keys = [each[order] for each, order in zip(keys, orders, strict=True)]
        onward = [
            _onward(step, following, bits, begin)
            for step, following, begin in zip(keys[:-1], keys[1:], begins[1:-1], strict=True)
        ]
        return cls(
            begins,
            np.concatenate([step.people for step in ordered]).astype(np.uint32),
            np.concatenate([step.days for step in ordered]),
            np.concatenate([step.times for step in ordered]),
            np.concatenate([step.devices for step in ordered]),
            np.concatenate([step.rows for step in ordered]),
            np.concatenate([*onward, np.full(len(ordered[-1].people), NONE, np.int32)]),
        )

    @property
    def size(self) -> int:
        """The bytes that it takes at most, with what is found once a window is asked for."""
        return len(self.people) * BYTES_OF_AN_ENTRY

    def attempts(self, first: int, last: int, window: int | None = None) -> Attempts:
        """Returns everybody's attempt on the days from `first` to `last`; its places are those of entries here."""
        starts = self._earliest(first, last)
        if window is None:  # no later entry to the first step reaches further than the earliest
            return self._followed(starts, last, None)
        starts = self._furthest(starts, first, last, window)
        return self._followed(starts, last, self.times[starts] + window)

    @cached_property
    def _begins_person(self) -> Flags:
        # of each entry to the first step whether it is its person's first
        return begins(self.people[: self.begins[1]])

    @cached_property
    def _last_day(self) -> int:
        return int(self.days.max(initial=0))

    def _earliest(self, first: int, last: int) -> Indices:
        days = self.days[: self.begins[1]]
        late = days >= first
        earliest = late & self._begins_person
        earliest[1:] |= late[1:] & ~late[:-1] & ~self._begins_person[1:]
        return np.flatnonzero(earliest & (days <= last))

    @cached_property
    def _led_to(self) -> Sequence[_LedTo]:
        # of each step but the first, which of its entries are led to from the first step, and from where
        origins = np.full(len(self.people), NONE, np.int32)
        origins[: self.begins[1]] = np.arange(self.begins[1])
        found = []
        for begin, end in zip(self.begins[:-2], self.begins[1:-1], strict=True):
            leading = begin + np.flatnonzero((origins[begin:end] != NONE) & (self.onward[begin:end] != NONE))
            entries = self.onward[leading]
            latest = np.append(np.flatnonzero(np.diff(entries)), len(entries) - 1)[: len(entries)]
            found.append(self._led(entries[latest], origins[leading[latest]]))
            origins[found[-1].entries] = found[-1].origins
        return found

    def _led(self, entries: NDArray[np.int32], origins: NDArray[np.int32]) -> _LedTo:
        took = self.times[entries] - self.times[origins]
        return _LedTo(self.people[entries], entries, origins, took, self.days[origins], self.days[entries])

    def _furthest(self, starts: Indices, first: int, last: int, window: int) -> Indices:
        # of everybody's starts the earliest of those that reach furthest
        people = self.people[starts]
        undecided = np.ones(len(starts), bool)
        chosen = starts.copy()
        for whom, entries, origins, took, began, ended in reversed(self._led_to):
            at = np.flatnonzero((took <= window) & (began >= first) & (ended <= last))
            at = at[begins(whom[at])]
            whose = np.searchsorted(people, whom[at])
            at, whose = at[undecided[whose]], whose[undecided[whose]]
            since = np.maximum(np.where(at > 0, origins[at - 1] + 1, 0), starts[whose])
            chosen[whose] = self._first_since(since, origins[at].astype(np.intp), self.times[entries[at]] - window)
            undecided[whose] = False
        return chosen

    def _first_since(self, firsts: Indices, lasts: Indices, since: Integers) -> Indices:
        # of each stretch of one person's entries the first that is late enough, which its last one is
        low, high = firsts.copy(), lasts.copy()
        while len(wide := np.flatnonzero(low < high)):
            middle = (low[wide] + high[wide]) // 2
            late = self.times[middle] >= since[wide]
            high[wide[late]] = middle[late]
            low[wide[~late]] = middle[~late] + 1
        return low

    def _followed(self, starts: Indices, last: int, until: Integers | None) -> Attempts:
        at, alive = starts, np.arange(len(starts))
        steps = len(self.begins) - 1
        reached = np.ones(len(starts), np.int64)
        places = np.zeros((steps, len(starts)), np.uint64)
        places[0] = starts
        for number in range(1, steps):
            following = self.onward[at]
            holds = following != NONE
            if last < self._last_day:
                holds &= self.days[following] <= last
            if until is not None:
                holds &= self.times[following] <= until[alive]
            alive, at = alive[holds], following[holds]
            reached[alive] = number + 1
            places[number, alive] = at
        return Attempts(self.people[starts], reached, places)


def _keys(steps: Sequence[StepColumns]) -> tuple[Integers, int]:
    # entries to all steps as numbers that sort by person and then by time, and how many bits time has there
    timeline = Timeline.over([step.times for step in steps], [step.ties for step in steps])
    places = np.concatenate([timeline.at(step.times, step.ties) for step in steps])
    return keys_of(np.concatenate([step.people for step in steps]).astype(np.int64), places.view(np.int64))


def _onward(step: Integers, following: Integers, bits: int, begin: int) -> NDArray[np.int32]:
    at = np.searchsorted(following, step, "right")
    same = np.append(following, -1)[at] >> bits == step >> bits
    return np.where(same, at + begin, NONE).astype(np.int32)
