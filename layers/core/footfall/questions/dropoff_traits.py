"""What people had and did, or had happen to them, who reached a step of a funnel: of those who left and who stayed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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
from footfall.questions.table import Table

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


class Counts(NamedTuple):
    """What is known of those who reached each step but the last, whose place is a row's first number.

    `did` has the four counts of a `Trait` by its name, and `had` by dimension and value how many of those who left and
    who stayed have it. `drawn` are people by whether they are new: what their numbers are scattered to, these, and
    whether they left.
    """

    did: Table
    had: Table
    drawn: Table


def counts(query: FunnelQuery, question: FunnelModes, found: Attempted) -> Counts:
    """Returns what people come to; raises Invalid for too many events."""
    happened, visitors = signals(query, found), _Visitors(query, found)
    steps = range(len(query.funnel.steps) - 1)
    each = [_Step(query, question, found, happened, visitors, step) for step in steps]
    return Counts(
        *(Table.added(tables) for tables in zip(*((one.did(), one.had(), one.drawn()) for one in each), strict=True))
    )


def traits(found: Counts, steps: int) -> list[list[Trait]]:
    """Returns the traits of those who reached each step but the last of so many."""
    listed: list[list[Trait]] = [[] for _ in range(steps - 1)]
    for row, four in enumerate(found.did.sums.T.tolist()):
        listed[int(found.did.numbers[0, row])].append(Trait(str(found.did.text(0, row)), None, *four))
    for (step, name), having in _having(found, steps).items():
        listed[step] += traits_of(name, having)
    return listed


def _having(found: Counts, steps: int) -> Mapping[tuple[int, str], Mapping[str, tuple[int, int]]]:
    # of each step and dimension how many have every value
    having: defaultdict[tuple[int, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    for row, (left, stayed) in enumerate(found.had.sums.T.tolist()):
        name, value = str(found.had.text(0, row)), str(found.had.text(1, row))
        having[int(found.had.numbers[0, row]), name][value] = left, stayed
    for step in range(steps - 1):
        having[step, VISITOR] = _drawn(found.drawn, step, steps)
    return having


def _drawn(drawn: Table, step: int, steps: int) -> dict[str, tuple[int, int]]:
    ours = np.flatnonzero(drawn.numbers[0] == step)
    some = ours[np.lexsort(drawn.numbers[2:0:-1, ours])][: _most_drawn(steps)]
    counted: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in some.tolist():
        counted[str(drawn.text(0, row))][1 - int(drawn.numbers[3, row])] += 1
    return {value: (left, stayed) for value, (left, stayed) in counted.items() if value not in NOTHING_TOLD}


def _most_drawn(steps: int) -> int:
    return MOST_PROFILES // steps


@dataclass(frozen=True)
class _Visitors:
    # whether people are new or returning: of some of them, since each is looked up
    query: FunnelQuery
    found: Attempted

    @cached_property
    def values(self) -> PersonValues:
        return PersonValues(self.query.rollups)

    def drawn(self, attempts: Indices) -> tuple[Indices, Integers, Integers]:
        # drawn by their own numbers: whoever was drawn for a step and reaches the next is drawn again, if any
        people = self.found.attempts.people[attempts].astype(np.int64)
        owners = people if self.found.entered.owners is None else self.found.entered.owners[people]
        scattered = (owners.astype(np.uint32) * SCATTERED).astype(np.int64)
        most = _most_drawn(len(self.query.funnel.steps))
        lowest = np.arange(len(owners))
        if len(owners) > most:  # those beyond are sorted no further
            lowest = np.flatnonzero(scattered <= np.partition(scattered, most)[most])
        some = lowest[np.lexsort((owners[lowest], scattered[lowest]))][:most]
        return some, scattered[some], owners[some]

    def told(self, attempts: Indices, step: int) -> Coded:
        entries = self.found.entered.picked(self.found.attempts, attempts, step)
        row = dimensions_of(self.query.rollups.site)[VISITOR]
        return joined([self.values.told(row, entries.column("persons"), entries.column("session_starts"))])


@dataclass(frozen=True)
class _Step:
    # those who reached one step, from 0
    query: FunnelQuery
    question: FunnelModes
    found: Attempted
    happened: Signals
    visitors: _Visitors
    step: int

    def did(self) -> Table:
        """Returns what they did, and how quick their pages were."""
        found = list(self._did())
        names = [trait.name for trait in found]
        four = np.array([trait[2:] for trait in found], np.int64).T
        return Table.of(names, [np.arange(len(names))], [np.full(len(names), self.step)], four)

    def _did(self) -> Iterator[Trait]:
        stays = self.stays
        for name, moments in self.happened.done.items():
            yield trait_of(name, stays.saw(moments), stays.left)
        yield trait_of("exit", stays.ended_the_visit, stays.left)
        exits = stays.page_exits(self.happened.exits)
        for vital, speed in self.happened.speeds.items():
            known, poor = (stays.had(exits.stays[saying[exits.happened]]) for saying in speed)
            yield trait_of(f"poor_{vital}", poor, stays.left, known)

    def had(self) -> Table:
        """Returns which values of dimensions they had; who has none that is told is left out."""
        entries = self.found.entered.picked(self.found.attempts, self.stays.attempts, self.step)
        return Table.added([self._had(name, entries.coded(name)) for name in (DEVICE, *self.query.told)])

    def _had(self, name: str, told: Coded) -> Table:
        # of each value that is told how many of those who left and who stayed have it
        texts = [name, *told.texts]
        sides = np.bincount(told.codes * 2 + ~self.stays.left, minlength=2 * len(told.texts)).reshape(-1, 2)
        known = np.array([text not in NOTHING_TOLD for text in told.texts], bool)
        values = np.flatnonzero(known & (sides.sum(axis=1) > 0))
        names, steps = np.zeros(len(values), np.int64), np.full(len(values), self.step)
        return Table.of(texts, [names, values + 1], [steps], sides[values].T)

    def drawn(self) -> Table:
        """Returns those of them who are drawn, and whether they are new."""
        stays = self.stays
        some, scattered, owners = self.visitors.drawn(stays.attempts)
        told = self.visitors.told(stays.attempts[some], self.step)
        numbers = [np.full(len(some), self.step), scattered, owners, stays.left[some]]
        return Table.of(told.texts, [told.codes], numbers)

    @cached_property
    def stays(self) -> Stays:
        moments, step = self.found.moments, self.step
        attempts = np.flatnonzero(self.found.attempts.reached > step)
        leaving = self.happened.leaving.at(step, attempts)
        until = self._until(attempts)
        return Stays(attempts, moments[step, attempts], moments[step + 1, attempts], until, leaving, moments.shape[1])

    def _until(self, attempts: Indices) -> Integers:
        window = self.question.window
        if window is None:
            return np.full(len(attempts), NEVER)
        since = self.step if self.question.window_mode == "step" else 0
        until: Integers = self.found.moments[since, attempts] + window
        return until
