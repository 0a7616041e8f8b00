"""Who went how far through a funnel: the exact answer, computed over columns of step entries.

An attempt begins at an entry to the first step. A person's attempt that counts is the one that reaches furthest, of
several the earliest. One event never satisfies two steps. A window is counted from the attempt's first step, or from
each step to the next. No excluded event is between the first and the last event of an attempt.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.schemas.funnel import DEVICES

Number = TypeVar("Number", np.uint32, np.uint64, np.int64)
Integers = NDArray[np.int64]
People = NDArray[np.uint32]
Places = NDArray[np.uint32]
Codes = NDArray[np.uint8]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]
"""Entries as numbers that sort by person, in the upper half, and then by place in time."""

PERSON_BITS = np.uint64(32)
NEVER = np.uint32(2**32 - 1)
LAST = np.uint64(2**64 - 1)
"""After every entry."""
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
        keys = _keys(self.people, self.places)
        keys.sort()
        return keys


@dataclass(frozen=True)
class Timeline:
    """Of every place in time: when it was, in Unix milliseconds, and on which device, as a place in DEVICES.

    `people` are there where sessions are counted: whose each event is, -1 for somebody not stored yet.
    `told` holds what else is known of places, by the names of dimensions, and `session_starts` is there where it is
    asked for: when the session of each event began, in Unix milliseconds.
    """

    times: Integers
    devices: Codes
    people: Integers | None = None
    told: "Mapping[str, Coded]" = field(default_factory=dict)
    session_starts: Integers = field(default_factory=lambda: np.zeros(0, np.int64))

    def of(self, keys: Keys) -> Integers:
        """Returns when entries happened."""
        return self.times[_places(keys)]

    def told_at(self, dimension: str, places: Places) -> Coded:
        """Returns what a dimension tells of places in time."""
        known = self.told.get(dimension) or Coded(DEVICES, self.devices)
        return Coded(known.texts, known.codes[places])


@dataclass(frozen=True)
class Attempts:
    """One attempt for each person who entered: how many steps it reached, and the place in time of each.

    `places[i]` means something only where `reached` > i. People are in ascending order.
    """

    people: People
    reached: Integers
    places: Places


@dataclass(frozen=True)
class Limits:
    """How far an attempt may go: so many milliseconds, from its first step or `each_step`, and to what is excluded."""

    window: int | None = None
    each_step: bool = False
    excluded: Entries | None = None

    @property
    def ends(self) -> Keys:
        """Returns the excluded events, sorted by person and time."""
        return self.excluded.keys() if self.excluded else np.zeros(0, np.uint64)


NO_LIMITS = Limits()


def ordered(steps: Sequence[Entries], timeline: Timeline, limits: Limits = NO_LIMITS) -> Attempts:
    """Returns everybody's attempt at the steps in their order."""
    if limits.window is None and limits.excluded is None:
        return _from_the_earliest(steps)
    if limits.window is not None and limits.each_step:
        return _linked(steps, _Links(timeline, limits.window, limits.ends))
    if limits.excluded is None and limits.window is not None:
        return _from_the_latest(steps, timeline, limits)
    return _from_every(steps, _Reach.of(timeline, limits, steps[0].keys()), _later)


def _from_the_latest(steps: Sequence[Entries], timeline: Timeline, limits: Limits) -> Attempts:
    # of entries to the first step that the same entry to the second follows, the latest reaches furthest
    starts, second = steps[0].keys(), steps[1].keys()
    following = np.searchsorted(second, starts, "right")
    ends = np.append((following[1:] != following[:-1]) | (starts[1:] ^ starts[:-1] > NEVER), True)[: len(starts)]
    lasts = np.flatnonzero(ends)
    latest = starts[lasts]
    onward = chain([second], (step.keys() for step in steps[2:]))
    found = _followed(latest, onward, len(steps), _Reach.of(timeline, limits, latest), _later)
    groups = np.searchsorted(latest, _keys(found.people, found.places[0]))
    last_reached = timeline.times[found.places[found.reached - 1, np.arange(len(groups))]]
    since = np.where(found.reached > 1, last_reached - (limits.window or 0), np.iinfo(np.int64).min)
    found.places[0] = _earliest_since(starts, np.append(0, lasts + 1)[groups], lasts[groups] + 1, since, timeline)
    return found


def _earliest_since(starts: Keys, begins: Indices, ends: Indices, since: Integers, timeline: Timeline) -> Places:
    # of each stretch of starts the first that is late enough, which its last one is
    sizes = ends - begins
    whose = np.repeat(np.arange(len(sizes)), sizes)
    among = np.arange(len(whose)) + np.repeat(begins - (sizes.cumsum() - sizes), sizes)
    late = np.flatnonzero(timeline.of(starts[among]) >= since[whose])
    return _places(starts[among[late[firsts_of(whose[late])]]])


def strict(steps: Sequence[Entries], others: Entries, timeline: Timeline, limits: Limits = NO_LIMITS) -> Attempts:
    """Returns everybody's attempt at the steps in their order, each the very next event of the person.

    `others` are the events that satisfy no step, and count as in between.
    """
    everything = distinct([*(step.keys() for step in steps), others.keys(), limits.ends])
    return _from_every(steps, _Reach.of(timeline, limits, steps[0].keys()), _very_next(everything))


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
    return numbers[firsts_of(numbers)]


@dataclass(frozen=True)
class _Reach:
    # up to when and up to which entry each attempt may go

    timeline: Timeline
    window: int | None
    until: Integers | None  # None where the window counts from each step
    before: Keys | None

    @classmethod
    def of(cls, timeline: Timeline, limits: Limits, starts: Keys) -> "_Reach":
        window = limits.window
        until = None if window is None or limits.each_step else timeline.of(starts) + window
        ends = limits.ends
        before = np.append(ends, LAST)[np.searchsorted(ends, starts, "right")] if len(ends) else None
        return cls(timeline, window, until, before)

    def holds(self, attempts: Indices, entered: Keys, come_from: Keys) -> Flags:
        # whether attempts may go on to entries from where they are; an excluded entry may be an attempt's last
        holds = np.ones(len(entered), bool) if self.before is None else entered <= self.before[attempts]
        if self.until is not None:
            holds &= self.timeline.of(entered) <= self.until[attempts]
        elif self.window is not None:
            holds &= self.timeline.of(entered) - self.timeline.of(come_from) <= self.window
        return holds


Following = Callable[[Keys, Keys], tuple[Indices, Keys]]
"""Which keys are followed by an entry of the same person to a step, and by which."""


def _from_every(steps: Sequence[Entries], reach: _Reach, follow: Following) -> Attempts:
    # within limits a later attempt may reach further: every entry to the first step is followed
    onward = (step.keys() for step in steps[1:])
    return _followed(steps[0].keys(), onward, len(steps), reach, follow)


def _followed(starts: Keys, onward: Iterable[Keys], steps: int, reach: _Reach, follow: Following) -> Attempts:
    keys = starts
    alive = np.arange(len(starts))
    reached = np.ones(len(starts), np.uint8)
    places = np.zeros((steps, len(starts)), np.uint32)
    places[0] = _places(starts)
    for number, step in enumerate(onward, 1):
        found, entered = follow(step, keys)
        holds = reach.holds(alive[found], entered, keys[found])
        alive, keys = alive[found[holds]], entered[holds]
        reached[alive] = number + 1
        places[number, alive] = _places(keys)
    return furthest(_people(starts), reached, places)


def _later(step: Keys, keys: Keys) -> tuple[Indices, Keys]:
    return _next(step, keys, "right")


def _very_next(everything: Keys) -> Following:
    def follow(step: Keys, keys: Keys) -> tuple[Indices, Keys]:
        found, entered = _next(everything, keys, "right")
        fits = _among(step, entered)
        return found[fits], entered[fits]

    return follow


def _among(ascending: Keys, keys: Keys) -> Flags:
    found: Flags = np.append(ascending, LAST)[np.searchsorted(ascending, keys)] == keys
    return found


def any_order(steps: Sequence[Entries], timeline: Timeline, limits: Limits = NO_LIMITS) -> Attempts:
    """Returns everybody's attempt at the steps in any order, the window counted from its earliest event.

    A step is reached once it and all before it have happened; raises Overlapping when an event satisfies two of them.
    """
    entered = [step.keys() for step in steps]
    starts = np.sort(np.concatenate(entered))
    if len(starts) and not (starts[1:] > starts[:-1]).all():
        raise Overlapping
    if limits.window is None and limits.excluded is None:
        starts = starts[firsts_of(_people(starts))]
    reach = _Reach.of(timeline, limits, starts)
    reached = np.zeros(len(starts), np.int64)
    places = np.zeros((len(steps), len(starts)), np.uint32)
    for number, step in enumerate(entered):
        found, keys = _next(step, starts, "left")
        holds = reach.holds(found, keys, starts[found])
        found = found[holds]
        reached[found] += reached[found] == number
        places[number, found] = _places(keys[holds])
    some = reached > 0
    return furthest(_people(starts[some]), reached[some], np.maximum.accumulate(places[:, some]))


def _next(step: Keys, keys: Keys, side: Literal["left", "right"]) -> tuple[Indices, Keys]:
    # which keys are followed by an entry of the same person to a step; and those entries
    entered = np.append(step, LAST)[np.searchsorted(step, keys, side)]
    found = np.flatnonzero(entered ^ keys <= NEVER)  # the upper halves are alike
    return found, entered[found]


@dataclass(frozen=True)
class _Links:
    # which entry may follow which, where the window counts from each step
    timeline: Timeline
    window: int
    ends: Keys

    def hold(self, keys: Keys, entered: Keys, *, first: bool) -> Flags:
        # an excluded entry may begin an attempt and end it, and be nowhere between
        between = np.searchsorted(self.ends, entered, "left")
        between -= np.searchsorted(self.ends, keys, "right" if first else "left")
        holds: Flags = between == 0
        holds &= self.timeline.of(entered) - self.timeline.of(keys) <= self.window
        return holds

    def before(self, keys: Keys, step: Keys, *, first: bool) -> Keys:
        # the entries to a step that follow one of `keys`: of all that do, the latest is the nearest
        at = np.searchsorted(keys, step, "left") - 1
        step, come_from = step[at >= 0], keys[at[at >= 0]]
        same = _people(come_from) == _people(step)
        step, come_from = step[same], come_from[same]
        return step[self.hold(come_from, step, first=first)]

    def after(self, keys: Keys, step: Keys, *, first: bool) -> Keys:
        # the `keys` that an entry to a step follows: of all that do, the earliest is the nearest
        found, entered = _next(step, keys, "right")
        return keys[found[self.hold(keys[found], entered, first=first)]]


def _linked(steps: Sequence[Entries], links: _Links) -> Attempts:
    # how far anybody comes is found forwards, which entries lead there backwards, and of these the earliest count
    came = [steps[0].keys()]
    for number, step in enumerate(steps[1:]):
        came.append(links.before(came[-1], step.keys(), first=number == 0))
    people = distinct([_people(came[0])])
    reached = np.ones(len(people), np.int64)
    for number, keys in enumerate(came):
        reached[np.searchsorted(people, _people(keys))] = number + 1
    leading = [came[-1]]
    for number in reversed(range(len(steps) - 1)):
        keys = came[number]
        ended = reached[np.searchsorted(people, _people(keys))] == number + 1
        going_on = links.after(keys[~ended], leading[0], first=number == 0)
        leading.insert(0, np.sort(np.concatenate([keys[ended], going_on])))
    return Attempts(people, reached, _earliest(leading, len(people)))


def _earliest(leading: Sequence[Keys], people: int) -> Places:
    # of everybody the first entry that leads on, and after it the first to each further step
    keys = leading[0][firsts_of(_people(leading[0]))]
    alive = np.arange(people)
    places = np.zeros((len(leading), people), np.uint32)
    places[0] = _places(keys)
    for number, step in enumerate(leading[1:], 1):
        found, keys = _next(step, keys, "right")
        alive = alive[found]
        places[number, alive] = _places(keys)
    return places


def _keys(people: People, places: Places) -> Keys:
    keys = people.astype(np.uint64)
    keys <<= PERSON_BITS
    keys |= places
    return keys


def _people(keys: Keys) -> People:
    return (keys >> PERSON_BITS).astype(np.uint32)


def _places(keys: Keys) -> Places:
    return keys.astype(np.uint32)


def firsts_of(numbers: NDArray[Number]) -> Flags:
    """Returns where each number's stretch of a column begins, in which equal ones are together."""
    begins = np.ones(len(numbers), bool)
    begins[1:] = numbers[1:] != numbers[:-1]
    return begins


def furthest(people: People, reached: NDArray[np.integer[Any]], places: Places) -> Attempts:
    """Returns of attempts by person and in the order of time everybody's that counts: the first that reaches furthest.

    `places` has a row for each step.
    """
    begins = np.flatnonzero(firsts_of(people))
    if len(begins) == len(people):
        return Attempts(people, reached.astype(np.int64), places)
    sizes = np.diff(begins, append=len(people))
    best = np.flatnonzero(reached == np.repeat(np.maximum.reduceat(reached, begins), sizes))
    chosen = best[firsts_of(people[best])]
    return Attempts(people[chosen], reached[chosen].astype(np.int64), places[:, chosen])
