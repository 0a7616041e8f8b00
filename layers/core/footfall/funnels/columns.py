"""Step entries as columns of numbers: packed into a day's rollup, and unpacked for a range of days."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from footfall.days import DayRange, start_of
from footfall.funnels.engine import (
    LAST,
    Attempts,
    Coded,
    Entries,
    Flags,
    Indices,
    Integers,
    Keys,
    Timeline,
)
from footfall.schemas.funnel import DEVICES, DeviceEntries, PackedEntries

NUMBERS = "<u4"
AT_ONCE = 100_000
"""So many entries are looked at in one go, for it takes little memory."""


Column = Literal["days", "devices", "persons", "session_starts"]


@dataclass(frozen=True)
class DatedEntries(Entries):
    """Entries to one step over a range of days, and what is known of each, in the same order.

    `column` makes a column of numbers: `days` count from the range's first, `devices` are places in DEVICES. Where
    sessions are counted, `persons` are whose each is, -1 for somebody not stored yet; `session_starts` are there where
    they are asked for: when each one's session began, in Unix milliseconds. `told` makes a column of texts, by the name
    of a dimension.
    """

    column: Callable[[Column], NDArray[Any]]
    told: Callable[[str], Coded] = lambda _: Coded((), np.zeros(0, np.uint8))

    def coded(self, dimension: str) -> Coded:
        """Returns what is told of a dimension."""
        return Coded(DEVICES, self.column("devices")) if dimension == "device" else self.told(dimension)


@dataclass(frozen=True)
class Entered:
    """Everybody's entries to each step of a funnel over a range of days.

    `excluded` are the events that end an attempt, `others` those that satisfy no step and count as in between: of
    questions for them. Where sessions are counted, `owners` are their numbers in the lake; else people's are their own.
    """

    steps: list[DatedEntries]
    timeline: Timeline
    excluded: DatedEntries | None = None
    others: DatedEntries | None = None
    owners: Integers | None = None

    def picked(self, attempts: Attempts, those: Indices, step: int) -> "Picked":
        """Returns the entries by which some attempts reached a step, from 0."""
        wanted = self.timeline.keys(attempts.people[those], attempts.places[step, those])
        found, missing = [], np.arange(len(wanted))
        for entries in reversed(self.steps[: step + 1]):  # in any order, the entry may be one to a step before
            known, rows = self._rows(entries, wanted[missing])
            found.append(Some(entries, rows, missing[known]))
            missing = missing[~known]
            if not len(missing):
                break
        return Picked(found, len(wanted))

    def persons(self, attempts: Attempts, those: Indices, step: int) -> Integers:
        """Returns the numbers of those whose attempts some are."""
        if self.owners is None:
            return attempts.people[those].astype(np.int64)
        return self.picked(attempts, those, step).column("persons")

    @staticmethod
    def _rows(entries: Entries, wanted: Keys) -> tuple[Flags, Indices]:
        # which of the wanted are entries to a step, and which ones; there may be many more entries than are wanted
        order = np.argsort(wanted)
        ordered = np.append(wanted[order], LAST)
        keys, rows = entries.keys(), np.full(len(wanted), -1)
        for begin in range(0, len(keys), AT_ONCE):
            some = keys[begin : begin + AT_ONCE]
            at = np.searchsorted(ordered[:-1], some)
            found = np.flatnonzero(ordered[at] == some)
            rows[order[at[found]]] = begin + found
        known = rows >= 0
        return known, rows[known]

    def told(self, dimension: str, attempts: Attempts, step: int) -> Coded:
        """Returns what is told of each attempt at a step, from 0, or at the last that it reached, -1.

        Of an attempt that did not reach the step it is an empty text.
        """
        at = attempts.reached - 1 if step < 0 else np.full(len(attempts.reached), step)
        texts = self.steps[0].coded(dimension).texts
        codes = np.full(len(at), len(texts))
        for number in np.unique(at).tolist():
            those = np.flatnonzero((at == number) & (attempts.reached > number))
            codes[those] = self.picked(attempts, those, number).coded(dimension).codes
        return Coded([*texts, ""], codes)


class Some(NamedTuple):
    """Entries to a step, those at `rows`, which are at `places` among all that are picked."""

    entries: DatedEntries
    rows: Indices
    places: Indices


@dataclass(frozen=True)
class Picked:
    """So many entries, which may be to several steps."""

    parts: Sequence[Some]
    count: int

    def column(self, name: Column) -> Integers:
        """Returns what a column says of them."""
        return self._together([part.entries.column(name) for part in self.parts])

    def coded(self, dimension: str) -> Coded:
        """Returns what is told of them."""
        told = [part.entries.coded(dimension) for part in self.parts]
        return Coded(told[0].texts, self._together([each.codes for each in told]))

    def _together(self, columns: Sequence[NDArray[Any]]) -> Integers:
        found = np.zeros(self.count, np.int64)
        for (_, rows, places), column in zip(self.parts, columns, strict=True):
            found[places] = column[rows]
        return found


def pack(people: ArrayLike, ranks: ArrayLike, milliseconds: ArrayLike) -> PackedEntries:
    """Returns the entries to one step on one day and device, as they are stored."""
    columns = [np.asarray(column, NUMBERS) for column in (people, ranks, milliseconds)]
    packed = [column.tobytes() for column in columns]
    return PackedEntries(count=len(columns[0]), people=packed[0], ranks=packed[1], milliseconds=packed[2])


def unpack(documents: Iterable[DeviceEntries], days: DayRange, steps: int) -> Entered:
    """Returns the entries to each of so many steps of one funnel, from its rollups of a range of days."""
    by_step: list[list[DeviceEntries]] = [[] for _ in range(steps)]
    ranked: dict[str, int] = {}
    for document in documents:
        by_step[document["order"] - 1].append(document)
        ranked[document["date"]] = document["ranked"]
    places = accumulate((ranked[day] for day in sorted(ranked)), initial=0)
    heads = {day: _head(day, place, days) for day, place in zip(sorted(ranked), places, strict=False)}
    timeline = Timeline(listed=np.zeros(sum(ranked.values()), np.int64))
    return Entered([_dated(found, heads, timeline) for found in by_step], timeline)


class _Head(NamedTuple):
    day: int  # its number in the range
    begin: int
    place: int  # of its first rank


def _head(written: str, place: int, days: DayRange) -> _Head:
    day = date.fromisoformat(written)
    return _Head((day - days.first).days, milliseconds(start_of(day, days.zone)), place)


def _dated(documents: Sequence[DeviceEntries], heads: Mapping[str, _Head], timeline: Timeline) -> DatedEntries:
    # when the entries happened is written into the times of all places
    packed = [document["entries"] for document in documents]
    counts = [entries["count"] for entries in packed]
    found = [heads[document["date"]] for document in documents]
    places = np.repeat(np.array([head.place for head in found], np.uint64), counts)
    places += _joined(packed, "ranks")
    if timeline.listed is not None:
        begins = np.repeat(np.array([head.begin for head in found], np.int64), counts)
        timeline.listed[places] = begins + _joined(packed, "milliseconds")
    columns: Mapping[Column, NDArray[Any]] = {
        "days": np.repeat(np.array([head.day for head in found], np.uint16), counts),
        "devices": np.repeat(np.array([DEVICES.index(each["device"]) for each in documents], np.uint8), counts),
    }
    entries = timeline.entries(_joined(packed, "people"), places)
    return DatedEntries(entries.keys, lambda name: columns[name])


def _joined(packed: Iterable[PackedEntries], name: str) -> NDArray[np.uint32]:
    return np.frombuffer(b"".join(entries[name] for entries in packed), NUMBERS)  # type: ignore[literal-required]


def starts_of(days: DayRange) -> list[int]:
    """Returns when each day of a range begins, in Unix milliseconds."""
    return [milliseconds(start_of(day, days.zone)) for day in days]


def milliseconds(moment: datetime) -> int:
    """Returns a moment in Unix milliseconds."""
    return round(moment.timestamp() * 1000)
