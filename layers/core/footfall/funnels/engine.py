"""Who went how far through a funnel: the exact answer, computed over columns of step entries.

An attempt begins at an entry to the first step. A person's attempt that counts is the one that reaches furthest, of
several the earliest. One event never satisfies two steps, and a window is counted from the attempt's first step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
AnyIntegers = NDArray[np.integer[Any]]
Keys = NDArray[np.uint64]
Codes = NDArray[np.uint8]
PERSON_BITS = np.uint64(32)


class Overlapping(Exception):
    """Raised when events satisfy several steps of a funnel in any order: which step they count for is not said."""


@dataclass(frozen=True)
class Entries:
    """Every entry to one step, sorted by person and then by place in time.

    A key holds a person in its upper 32 bits and the place in time in its lower 32; `times` are Unix milliseconds.
    """

    keys: Keys
    times: Integers
    devices: Codes

    @classmethod
    def of(cls, people: AnyIntegers, places: AnyIntegers, times: Integers, devices: Codes) -> "Entries":
        """Entries from columns in any order."""
        keys = (people.astype(np.uint64) << PERSON_BITS) | places.astype(np.uint64)
        order = np.argsort(keys)
        return cls(keys[order], times[order], devices[order])

    def firsts(self) -> "Entries":
        """The first entry of each person."""
        people = self.keys >> PERSON_BITS
        first = np.ones(len(people), bool)
        first[1:] = people[1:] != people[:-1]
        return Entries(self.keys[first], self.times[first], self.devices[first])


@dataclass(frozen=True)
class Attempts:
    """One attempt for each person who entered: how many steps it reached, when, and on which device it began.

    `times[i]` holds when step number i was reached, in Unix milliseconds; it means something only where `reached` > i.
    """

    people: NDArray[np.uint64]
    reached: Integers
    times: Integers
    devices: Codes

    def only(self, chosen: NDArray[Any]) -> "Attempts":
        """Some of the attempts, by a mask or by their places."""
        return Attempts(self.people[chosen], self.reached[chosen], self.times[:, chosen], self.devices[chosen])


def ordered(steps: Sequence[Entries], window: int | None = None) -> Attempts:
    """Everybody's attempt at the steps in their order, within `window` milliseconds of its first step.

    Without a window the earliest entry is as good as any later one, so only that is followed.
    """
    starts = steps[0] if window is not None else steps[0].firsts()
    times = np.zeros((len(steps), len(starts.keys)), np.int64)
    times[0] = starts.times
    reached = np.ones(len(starts.keys), np.int64)
    alive, keys = np.arange(len(starts.keys)), starts.keys
    for number, step in enumerate(steps[1:], 1):
        found, at = _next(step, keys, starts.times[alive], window, side="right")
        alive, keys = alive[found], step.keys[at]
        times[number, alive] = step.times[at]
        reached[alive] = number + 1
    return _furthest(Attempts(starts.keys >> PERSON_BITS, reached, times, starts.devices))


def any_order(steps: Sequence[Entries], window: int | None = None) -> Attempts:
    """Everybody's attempt at the steps in whatever order, all within `window` milliseconds of its earliest event.

    A step is reached once it and all before it have happened; raises Overlapping when an event satisfies two of them.
    """
    keys = np.concatenate([step.keys for step in steps])
    if len(np.unique(keys)) < len(keys):
        raise Overlapping
    everything = [np.concatenate([getattr(step, name) for step in steps]) for name in ("times", "devices")]
    order = np.argsort(keys)
    starts = Entries(keys[order], everything[0][order], everything[1][order])
    starts = starts if window is not None else starts.firsts()
    times = np.zeros((len(steps), len(starts.keys)), np.int64)
    devices = starts.devices.copy()
    reached = np.zeros(len(starts.keys), np.int64)
    for number, step in enumerate(steps):
        found, at = _next(step, starts.keys, starts.times, window, side="left")
        times[number, found] = step.times[at]
        reached[found] += reached[found] == number
        if number == 0:
            devices[found] = step.devices[at]
    best = _furthest(Attempts(starts.keys >> PERSON_BITS, reached, np.maximum.accumulate(times), devices))
    return best.only(best.reached > 0)


def _next(
    step: Entries, keys: Keys, starts: Integers, window: int | None, side: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which keys are followed by an entry of the same person to a step in time, and where that entry is."""
    at = np.searchsorted(step.keys, keys, side=side)  # type: ignore[call-overload]
    found = np.flatnonzero(at < len(step.keys))
    at = at[found]
    fits = (step.keys[at] >> PERSON_BITS) == (keys[found] >> PERSON_BITS)
    if window is not None:
        fits &= step.times[at] - starts[found] <= window
    return found[fits], at[fits]


def _furthest(attempts: Attempts) -> Attempts:
    """Of each person's attempts, which are in the order of time, the first that reaches furthest."""
    if not len(attempts.people):
        return attempts
    begins = np.flatnonzero(np.r_[True, attempts.people[1:] != attempts.people[:-1]])
    if len(begins) == len(attempts.people):
        return attempts
    sizes = np.diff(np.r_[begins, len(attempts.people)])
    best = np.repeat(np.maximum.reduceat(attempts.reached, begins), sizes)
    candidates = np.flatnonzero(attempts.reached == best)
    chosen = candidates[np.r_[True, attempts.people[candidates][1:] != attempts.people[candidates][:-1]]]
    return attempts.only(chosen)
