"""Who went how far through a funnel: the exact answer, computed over columns of step entries.

An attempt begins at an entry to the first step. A person's attempt that counts is the one that reaches furthest, of
several the earliest. One event never satisfies two steps. A window is counted from the attempt's first step, or from
each step to the next. No excluded event is between the first and the last event of an attempt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import (
    LAST,
    NO_LIMITS,
    Attempts,
    Entries,
    Flags,
    Indices,
    Integers,
    Keys,
    Limits,
    People,
    Places,
    Timeline,
    begins,
    distinct,
    of_parts,
)

SPARSE = 4  # people's numbers up to so many times as high as there are entries are still good places in an array


class Overlapping(Exception):
    """Raised when events satisfy several steps of a funnel in any order: which step they count for is not said."""


def ordered(steps: Sequence[Entries], timeline: Timeline, limits: Limits = NO_LIMITS) -> Attempts:
    """Returns everybody's attempt at the steps in their order."""
    if limits.window is None and limits.excluded is None:
        return _from_the_earliest(steps, timeline)
    find = _from_every
    if limits.window is not None and limits.each_step:
        find = _linked
    elif limits.excluded is None:
        find = _from_the_latest
    ends = limits.ends(timeline)
    parts = of_parts([*map(timeline.sorted, steps), ends], timeline)
    return _together([find(part, _Rules(timeline, limits, ends)) for *part, ends in parts])


def strict(steps: Sequence[Entries], others: Entries, timeline: Timeline, limits: Limits = NO_LIMITS) -> Attempts:
    """Returns everybody's attempt at the steps in their order, each the very next event of the person.

    `others` are the events that satisfy no step, and count as in between.
    """
    parts = of_parts([*map(timeline.sorted, (*steps, others)), limits.ends(timeline)], timeline)
    return _together([_very_next(part, _Rules(timeline, limits, part[-1])) for part in parts])


def any_order(steps: Sequence[Entries], timeline: Timeline, limits: Limits = NO_LIMITS) -> Attempts:
    """Returns everybody's attempt at the steps in any order, the window counted from its earliest event.

    A step is reached once it and all before it have happened; raises Overlapping when an event satisfies two of them.
    """
    parts = of_parts([*map(timeline.sorted, steps), limits.ends(timeline)], timeline)
    return _together([_whichever_comes(part, _Rules(timeline, limits, ends)) for *part, ends in parts])


def _together(parts: Sequence[Attempts]) -> Attempts:
    return Attempts(
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.reached for part in parts]),
        np.concatenate([part.places for part in parts], axis=1),
    )


def _from_the_earliest(steps: Sequence[Entries], timeline: Timeline) -> Attempts:
    # without a window, no later entry to the first step reaches further than the earliest
    keys = [step.keys() for step in steps]
    everybody, numbered = _numbered([timeline.people(each) for each in keys])
    places = [timeline.places(each) for each in keys]
    earliest = np.full((len(steps), len(everybody)), LAST, np.uint64)
    np.minimum.at(earliest[0], numbered[0], places[0])
    for number, (entered_at, people) in enumerate(zip(places[1:], numbered[1:], strict=True), 1):
        after = np.flatnonzero(entered_at > earliest[number - 1, people])
        np.minimum.at(earliest[number], people[after], entered_at[after])
    entered = np.flatnonzero(earliest[0] != LAST)
    reached = np.count_nonzero(earliest[:, entered] != LAST, axis=0)
    return Attempts(everybody[entered], reached, earliest[:, entered])


def _numbered(columns: Sequence[People]) -> tuple[People, Sequence[People | Indices]]:
    # everybody in ascending order, and each column with people's places in it instead of their own numbers;
    # dense numbers are their own places, and where most are left out, people are counted anew
    most = max((int(people.max()) + 1 for people in columns if len(people)), default=0)
    if most <= SPARSE * sum(map(len, columns)):
        return np.arange(most, dtype=np.uint32), columns
    everybody = distinct(columns)
    return everybody, [np.searchsorted(everybody, people) for people in columns]


@dataclass(frozen=True)
class _Rules:
    # `ends` are the excluded events
    timeline: Timeline
    limits: Limits
    ends: Keys


@dataclass(frozen=True)
class _Reach:
    # up to when and up to which entry each attempt may go

    timeline: Timeline
    window: int | None
    until: Integers | None  # None where the window counts from each step
    before: Keys | None

    @classmethod
    def of(cls, rules: _Rules, starts: Keys) -> "_Reach":
        window, ends = rules.limits.window, rules.ends
        until = None if window is None or rules.limits.each_step else rules.timeline.of(starts) + window
        before = np.append(ends, LAST)[np.searchsorted(ends, starts, "right")] if len(ends) else None
        return cls(rules.timeline, window, until, before)

    def holds(self, attempts: Indices, entered: Keys, come_from: Keys) -> Flags:
        # whether attempts may go on to entries from where they are; an excluded entry may be an attempt's last
        holds = np.ones(len(entered), bool) if self.before is None else entered <= self.before[attempts]
        if self.until is not None:
            holds &= self.timeline.of(entered) <= self.until[attempts]
        elif self.window is not None:
            holds &= self.timeline.of(entered) - self.timeline.of(come_from) <= self.window
        return holds


Following = Callable[[Keys], tuple[Indices, Keys]]
"""Which keys are followed by an entry of the same person to a step, and by which."""


def _from_every(steps: Sequence[Keys], rules: _Rules) -> Attempts:
    # within limits a later attempt may reach further: every entry to the first step is followed
    starts, *further = steps
    return _followed(starts, [_later(rules.timeline, step) for step in further], rules)


def _from_the_latest(steps: Sequence[Keys], rules: _Rules) -> Attempts:
    # of entries to the first step that the same entry to the second follows, the latest reaches furthest
    timeline = rules.timeline
    starts, second, *further = steps
    following = np.searchsorted(second, starts, "right")
    ends = np.ones(len(starts), bool)
    ends[:-1] = (following[1:] != following[:-1]) | ~timeline.of_one(starts[1:], starts[:-1])
    lasts = np.flatnonzero(ends)
    latest = starts[lasts]
    onward = [_at(timeline, second, following[lasts]), *(_later(timeline, step) for step in further)]
    found = _followed(latest, onward, rules)
    groups = np.searchsorted(latest, timeline.keys(found.people, found.places[0]))
    last_reached = timeline.of(found.places[found.reached - 1, np.arange(len(groups))])
    since = np.where(found.reached > 1, last_reached - (rules.limits.window or 0), np.iinfo(np.int64).min)
    found.places[0] = _earliest_since(starts, np.append(0, lasts + 1)[groups], lasts[groups] + 1, since, timeline)
    return found


def _earliest_since(starts: Keys, firsts: Indices, ends: Indices, since: Integers, timeline: Timeline) -> Places:
    # of each stretch of starts the first that is late enough, which its last one is
    sizes = ends - firsts
    whose = np.repeat(np.arange(len(sizes)), sizes)
    among = np.arange(len(whose)) + np.repeat(firsts - (sizes.cumsum() - sizes), sizes)
    late = np.flatnonzero(timeline.of(starts[among]) >= since[whose])
    return timeline.places(starts[among[late[begins(whose[late])]]])


def _very_next(columns: Sequence[Keys], rules: _Rules) -> Attempts:
    # each step must be the next of all events
    starts, *further = columns[:-2]
    everything = distinct(columns)

    def next_to(step: Keys) -> Following:
        def follow(keys: Keys) -> tuple[Indices, Keys]:
            found, entered = _next(rules.timeline, everything, keys, "right")
            fits = _among(step, entered)
            return found[fits], entered[fits]

        return follow

    return _followed(starts, [next_to(step) for step in further], rules)


def _followed(starts: Keys, onward: Sequence[Following], rules: _Rules) -> Attempts:
    timeline, reach = rules.timeline, _Reach.of(rules, starts)
    keys = starts
    alive = np.arange(len(starts))
    reached = np.ones(len(starts), np.uint8)
    places = np.zeros((len(onward) + 1, len(starts)), np.uint64)
    places[0] = timeline.places(starts)
    for number, follow in enumerate(onward, 1):
        found, entered = follow(keys)
        holds = reach.holds(alive[found], entered, keys[found])
        alive, keys = alive[found[holds]], entered[holds]
        reached[alive] = number + 1
        places[number, alive] = timeline.places(keys)
    return _furthest(timeline.people(starts), reached, places)


def _later(timeline: Timeline, step: Keys) -> Following:
    return lambda keys: _next(timeline, step, keys, "right")


def _at(timeline: Timeline, step: Keys, at: Indices) -> Following:
    # where it is known at which places of a step's entries the next ones are
    return lambda keys: _of_one(timeline, keys, np.append(step, LAST)[at])


def _among(ascending: Keys, keys: Keys) -> Flags:
    found: Flags = np.append(ascending, LAST)[np.searchsorted(ascending, keys)] == keys
    return found


def _whichever_comes(steps: Sequence[Keys], rules: _Rules) -> Attempts:
    # every event may be an attempt's earliest
    timeline = rules.timeline
    starts = np.sort(np.concatenate(steps))
    if len(starts) and not (starts[1:] > starts[:-1]).all():
        raise Overlapping
    if rules.limits.window is None and not len(rules.ends):
        starts = starts[begins(timeline.people(starts))]
    reach = _Reach.of(rules, starts)
    reached = np.zeros(len(starts), np.int64)
    places = np.zeros((len(steps), len(starts)), np.uint64)
    for number, step in enumerate(steps):
        found, keys = _next(timeline, step, starts, "left")
        holds = reach.holds(found, keys, starts[found])
        found = found[holds]
        reached[found] += reached[found] == number
        places[number, found] = timeline.places(keys[holds])
    some = reached > 0
    return _furthest(timeline.people(starts[some]), reached[some], np.maximum.accumulate(places[:, some]))


def _next(timeline: Timeline, step: Keys, keys: Keys, side: Literal["left", "right"]) -> tuple[Indices, Keys]:
    # which keys are followed by an entry of the same person to a step; and those entries
    return _of_one(timeline, keys, np.append(step, LAST)[np.searchsorted(step, keys, side)])


def _of_one(timeline: Timeline, keys: Keys, entered: Keys) -> tuple[Indices, Keys]:
    found = np.flatnonzero(timeline.of_one(entered, keys))
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
        same = self.timeline.of_one(come_from, step)
        step, come_from = step[same], come_from[same]
        return step[self.hold(come_from, step, first=first)]

    def after(self, keys: Keys, step: Keys, *, first: bool) -> Keys:
        # the `keys` that an entry to a step follows: of all that do, the earliest is the nearest
        found, entered = _next(self.timeline, step, keys, "right")
        return keys[found[self.hold(keys[found], entered, first=first)]]


def _linked(steps: Sequence[Keys], rules: _Rules) -> Attempts:
    # how far anybody comes is found forwards, which entries lead there backwards, and of these the earliest count
    timeline = rules.timeline
    links = _Links(timeline, rules.limits.window or 0, rules.ends)
    came = [steps[0]]
    for number, step in enumerate(steps[1:]):
        came.append(links.before(came[-1], step, first=number == 0))
    people = distinct([timeline.people(came[0])])
    reached = np.ones(len(people), np.int64)
    for number, keys in enumerate(came):
        reached[np.searchsorted(people, timeline.people(keys))] = number + 1
    leading = [came[-1]]
    for number in reversed(range(len(steps) - 1)):
        keys = came[number]
        ended = reached[np.searchsorted(people, timeline.people(keys))] == number + 1
        going_on = links.after(keys[~ended], leading[0], first=number == 0)
        leading.insert(0, np.sort(np.concatenate([keys[ended], going_on])))
    return Attempts(people, reached, _earliest(timeline, leading, len(people)))


def _earliest(timeline: Timeline, leading: Sequence[Keys], people: int) -> Places:
    # of everybody the first entry that leads on, and after it the first to each further step
    keys = leading[0][begins(timeline.people(leading[0]))]
    alive = np.arange(people)
    places = np.zeros((len(leading), people), np.uint64)
    places[0] = timeline.places(keys)
    for number, step in enumerate(leading[1:], 1):
        found, keys = _next(timeline, step, keys, "right")
        alive = alive[found]
        places[number, alive] = timeline.places(keys)
    return places


def _furthest(people: People, reached: NDArray[np.integer[Any]], places: Places) -> Attempts:
    # attempts come by person and in the order of time: of those that reach furthest, the first counts
    firsts = np.flatnonzero(begins(people))
    if len(firsts) == len(people):
        return Attempts(people, reached.astype(np.int64), places)
    sizes = np.diff(firsts, append=len(people))
    best = np.flatnonzero(reached == np.repeat(np.maximum.reduceat(reached, firsts), sizes))
    chosen = best[begins(people[best])]
    return Attempts(people[chosen], reached[chosen].astype(np.int64), places[:, chosen])
