"""Who went how far through a funnel: the exact answer, computed over columns of step entries.

An attempt begins at an entry to the first step. A person's attempt that counts is the one that reaches furthest, of
several the earliest. One event never satisfies two steps, and a window is counted from the attempt's first step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.uint32, np.uint64, np.int64)
Integers = NDArray[np.int64]
People = NDArray[np.uint32]
Places = NDArray[np.uint32]
Codes = NDArray[np.uint8]
Indices = NDArray[np.intp]
Keys = NDArray[np.uint64]
"""Entries as numbers that sort by person, in the upper half, and then by place in time."""

PERSON_BITS = np.uint64(32)
NEVER = np.uint32(2**32 - 1)
SPARSE = 4  # people's numbers up to so many times as high as there are entries are still good places in an array


class Coded(NamedTuple):
    """A column of texts: each text, and of every event or place in time the place of its text among them."""

    texts: Sequence[str]
    codes: NDArray[Any]


class Overlapping(Exception):
    """Raised when events satisfy several steps of a funnel in any order: which step they count for is not said."""


@dataclass(frozen=True)
class Entries:
    """Entries to one step, in any order: who, and at which place in the order of time, which no two events share."""

    people: People
    places: Places

    def keys(self) -> Keys:
        """Returns the entries sorted by person and time."""
        keys = self.people.astype(np.uint64)
        keys <<= PERSON_BITS
        keys |= self.places
        keys.sort()
        return keys


@dataclass(frozen=True)
class Timeline:
    """Of every place in time: when it was, in Unix milliseconds, and on which device, as a place in DEVICES.

    `told` holds what else is known of places, by the names of dimensions.
    """

    times: Integers
    devices: Codes
    told: "Mapping[str, Coded]" = field(default_factory=dict)

    def of(self, keys: Keys) -> Integers:
        """Returns when entries happened."""
        return self.times[_places(keys)]


@dataclass(frozen=True)
class Attempts:
    """One attempt for each person who entered: how many steps it reached, and the place in time of each.

    `places[i]` means something only where `reached` > i. People are in ascending order.
    """

    people: People
    reached: Integers
    places: Places


def ordered(steps: Sequence[Entries], timeline: Timeline, window: int | None = None) -> Attempts:
    """Returns everybody's attempt at the steps in their order, within `window` milliseconds of its first step."""
    return _from_the_earliest(steps) if window is None else _from_every(steps, timeline, window)


def _from_the_earliest(steps: Sequence[Entries]) -> Attempts:
    # without a window, no later entry to the first step reaches further than the earliest
    everybody, numbered = _numbered([step.people for step in steps])
    earliest = np.full((len(steps), len(everybody)), NEVER, np.uint32)
    np.minimum.at(earliest[0], numbered[0], steps[0].places)
    for number, (step, people) in enumerate(zip(steps[1:], numbered[1:], strict=True), 1):
        after = np.flatnonzero(step.places > earliest[number - 1, people])
        np.minimum.at(earliest[number], people[after], step.places[after])
    entered = np.flatnonzero(earliest[0] != NEVER)
    places = earliest[:, entered]
    return Attempts(everybody[entered], np.count_nonzero(places != NEVER, axis=0), places)


def _numbered(columns: Sequence[People]) -> tuple[People, Sequence[People | Indices]]:
    # everybody in ascending order, and each column with people's places in it instead of their own numbers;
    # dense numbers are their own places, and where most are left out, people are counted anew
    most = max((int(people.max()) + 1 for people in columns if len(people)), default=0)
    if most <= SPARSE * sum(map(len, columns)):
        return np.arange(most, dtype=np.uint32), columns
    everybody = distinct(columns)
    return everybody, [np.searchsorted(everybody, people) for people in columns]


def distinct(columns: Sequence[NDArray[Number]]) -> NDArray[Number]:
    """Returns every number of some columns once, in ascending order; quicker than np.unique, which hashes."""
    numbers = np.sort(np.concatenate(columns))
    return numbers[_begins(numbers)]


def _from_every(steps: Sequence[Entries], timeline: Timeline, window: int) -> Attempts:
    # within a window a later attempt may reach further: every entry to the first step is followed
    keys = starts = steps[0].keys()
    limits = timeline.of(starts) + window
    alive = np.arange(len(starts))
    reached = np.ones(len(starts), np.int64)
    places = np.zeros((len(steps), len(starts)), np.uint32)
    places[0] = _places(starts)
    for number, step in enumerate(steps[1:], 1):
        found, keys = _next(step.keys(), keys, "right", timeline, limits[alive])
        alive = alive[found]
        reached[alive] = number + 1
        places[number, alive] = _places(keys)
    return _furthest(_people(starts), reached, places)


def any_order(steps: Sequence[Entries], timeline: Timeline, window: int | None = None) -> Attempts:
    """Returns everybody's attempt at the steps in any order, all within `window` milliseconds of its earliest event.

    A step is reached once it and all before it have happened; raises Overlapping when an event satisfies two of them.
    """
    entered = [step.keys() for step in steps]
    starts = np.sort(np.concatenate(entered))
    if len(starts) and not (starts[1:] > starts[:-1]).all():
        raise Overlapping
    starts = starts if window is not None else starts[_begins(_people(starts))]
    limits = None if window is None else timeline.of(starts) + window
    reached = np.zeros(len(starts), np.int64)
    places = np.zeros((len(steps), len(starts)), np.uint32)
    for number, step in enumerate(entered):
        found, keys = _next(step, starts, "left", timeline, limits)
        reached[found] += reached[found] == number
        places[number, found] = _places(keys)
    some = reached > 0
    return _furthest(_people(starts[some]), reached[some], np.maximum.accumulate(places[:, some]))


def _next(
    step: Keys, keys: Keys, side: Literal["left", "right"], timeline: Timeline, limits: Integers | None
) -> tuple[Indices, Keys]:
    # which keys are followed by an entry of the same person to a step, within the limits; and those entries
    at = np.searchsorted(step, keys, side)
    found = np.flatnonzero(at < len(step))
    entered = step[at[found]]
    fits = _people(entered) == _people(keys[found])
    if limits is not None:
        fits &= timeline.of(entered) <= limits[found]
    return found[fits], entered[fits]


def _people(keys: Keys) -> People:
    return (keys >> PERSON_BITS).astype(np.uint32)


def _places(keys: Keys) -> Places:
    return keys.astype(np.uint32)


def _begins(numbers: NDArray[Number]) -> NDArray[np.bool_]:
    # where each number's stretch of a sorted column begins
    begins = np.ones(len(numbers), bool)
    begins[1:] = numbers[1:] != numbers[:-1]
    return begins


def _furthest(people: People, reached: Integers, places: Places) -> Attempts:
    # attempts come by person and in the order of time: of those that reach furthest, the first counts
    begins = np.flatnonzero(_begins(people))
    if len(begins) == len(people):
        return Attempts(people, reached, places)
    sizes = np.diff(begins, append=len(people))
    best = np.flatnonzero(reached == np.repeat(np.maximum.reduceat(reached, begins), sizes))
    chosen = best[_begins(people[best])]
    return Attempts(people[chosen], reached[chosen], places[:, chosen])
