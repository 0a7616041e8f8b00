"""What people had and did, or had happen to them, who reached a step of a funnel: of those who left and who stayed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from footfall.dimensions import UNKNOWN, Dimension, dimensions_of
from footfall.funnels.engine import Coded, Indices, Integers
from footfall.funnels.lift import Trait, trait_of, traits_of
from footfall.funnels.stays import NEVER, Stays
from footfall.questions.dropoff_signals import Signals, signals
from footfall.questions.event_rows import joined
from footfall.questions.funnel_attempts import Attempted
from footfall.questions.funnel_query import FunnelModes, FunnelQuery
from footfall.questions.lake_rows import rows_held
from footfall.questions.person_values import PersonValues

FIRST, OTHERS = "source", ("country", "browser", "page", "product", "channel", "campaign", "os", "language", "screen")
"""Dimensions whose values may be reasons; a site's own are between the first and the others."""
COMPARED_ALWAYS = DEVICE, VISITOR = "device", "visitor"
MOST_VALUES = 10_000_000
"""Values of dimensions that are read: of ten million entries to the steps those of one."""
MOST_PROFILES = 4_000
"""People of all transitions together whose profiles are read, drawn out of all."""
SCATTERED = np.uint32(2_654_435_761)
"""Of 2^32 the golden ratio's part: its multiples are spread evenly, modulo 2^32 (Knuth, The Art of Computer
Programming 3, 6.4)."""
NOTHING_TOLD = ("", UNKNOWN)


def dimensions_told(query: FunnelQuery) -> dict[str, Dimension]:
    """Returns the dimensions whose values are read: as many as there are values for, in the order of their weight."""
    site = query.rollups.site
    most = max(MOST_VALUES // max(rows_held(query), 1), 1)
    rows = dimensions_of(site)
    return {name: rows[name] for name in [FIRST, *(own.name for own in site.dimensions), *OTHERS][:most]}


def traits(query: FunnelQuery, question: FunnelModes, found: Attempted) -> list[Iterator[Trait]]:
    """Returns what is known of those who reached each step but the last; raises Invalid for too many events."""
    happened, visitors = signals(query, found), _Visitors(query, found)
    steps = range(len(query.funnel.steps) - 1)
    return [_Step(query, question, found, happened, visitors, step).traits() for step in steps]


@dataclass(frozen=True)
class _Visitors:
    # whether people are new or returning: of some of them, since each is looked up
    query: FunnelQuery
    found: Attempted

    @cached_property
    def values(self) -> PersonValues:
        return PersonValues(self.query)

    def some(self, attempts: Indices) -> Indices:
        # drawn by the attempts' own numbers: whoever was drawn for a step and reaches the next is drawn again, if any
        most = MOST_PROFILES // len(self.query.funnel.steps)
        if len(attempts) <= most:
            return np.arange(len(attempts))
        return np.argpartition(attempts.astype(np.uint32) * SCATTERED, most)[:most]

    def told(self, attempts: Indices, step: int) -> Coded:
        entered, all_attempts = self.found.entered, self.found.attempts
        people = entered.persons(all_attempts, attempts, step)
        starts = entered.at(all_attempts, attempts, step, "session_starts")
        row = dimensions_of(self.query.rollups.site)[VISITOR]
        return joined([self.values.told(row, people.astype(np.int64), starts)])


@dataclass(frozen=True)
class _Step:
    # those who reached one step, from 0
    query: FunnelQuery
    question: FunnelModes
    found: Attempted
    happened: Signals
    visitors: _Visitors
    step: int

    def traits(self) -> Iterator[Trait]:
        """Yields what they did, how quick their pages were, and what they had."""
        stays = self.stays
        for name, moments in self.happened.done.items():
            yield trait_of(name, stays.saw(moments), stays.left)
        yield trait_of("exit", stays.ended_the_visit, stays.left)
        for vital, speed in self.happened.speeds.items():
            yield trait_of(f"poor_{vital}", stays.measured(speed.poor), stays.left, stays.measured(speed.known))
        for name in (DEVICE, *self.query.told):
            texts, codes = self.found.entered.told(name, self.found.attempts, self.step)
            yield from traits_of(name, Coded(texts, codes[stays.attempts]), stays.left, NOTHING_TOLD)
        some = self.visitors.some(stays.attempts)
        told = self.visitors.told(stays.attempts[some], self.step)
        yield from traits_of(VISITOR, told, stays.left[some], NOTHING_TOLD)

    @cached_property
    def stays(self) -> Stays:
        attempts = np.flatnonzero(self.found.attempts.reached > self.step)
        begun = self._reached_at(self.step, attempts)
        gone_on = np.full(len(attempts), NEVER)
        on = self.found.attempts.reached[attempts] > self.step + 1
        gone_on[on] = self._reached_at(self.step + 1, attempts[on])
        return Stays(attempts, begun, gone_on, self._until(attempts, begun), self.happened.leaving)

    def _until(self, attempts: Indices, begun: Integers) -> Integers:
        window = self.question.window
        if window is None:
            return np.full(len(attempts), NEVER)
        return window + (begun if self.question.window_mode == "step" else self._reached_at(0, attempts))

    def _reached_at(self, step: int, attempts: Indices) -> Integers:
        return self.found.entered.timeline.times(self.found.attempts.places[step, attempts])
