"""What the lake has of the events that a question wants, and of which days that is all there is."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded
from footfall.lake import loader
from footfall.lake.coded import first_values
from footfall.lake.columns import EPOCH, NOBODY, named
from footfall.lake.contents import columns_of, values_of
from footfall.lake.definition import definition
from footfall.lake.loader import EventColumns, Loaded, load
from footfall.people.links import people_of
from footfall.questions.event_rows import EventsQuery, Narrow, Rows, Sorting
from footfall.questions.filters import Wanted
from footfall.questions.person_values import PersonValues
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile, LakePeriod
from footfall.schemas.metrics import StaleDate
from footfall.stores.collections import lake_periods, stale_days
from footfall.stores.mongo import database

MOST_ROWS = 25_000_000
DEVICE = "device"


class _Read(NamedTuple):
    # a file's events, and which groups all of them are in; None where they are of several kinds
    loaded: Loaded
    steps: frozenset[int] | None


@dataclass(frozen=True)
class Held:
    """What the lake has of the wanted events, and how many events each day has of which that is all."""

    query: EventsQuery
    files: list[_Read]
    events: dict[str, int]

    @classmethod
    def of(cls, query: EventsQuery) -> "Held":
        """Returns what the lake holds for a question; raises Invalid for too many events, Unavailable."""
        rollups, dates, current = query.rollups, query.days.dates, _current(query)
        site = {"site_id": rollups.site.site_id}
        marks = stale_days.read(database(), StaleDate, {**site, "date": dates}, session=rollups.session)
        stale = {mark["date"] for mark in marks}
        files: list[_Read] = []
        events: dict[str, int] = {}
        for period, read in zip(current, _loaded(query, current), strict=True):
            if read is not None:
                files += read
                events |= {day["date"]: day["events"] for day in period["days"] if day["date"] not in stale}
        return cls(query, files, events)

    def rows(self) -> Iterator[Rows]:
        """Yields the events of the days that are held, those of the same groups together."""
        if not self.files or not self.events:
            return
        rollups = self.query.rollups
        people = people_of(database(), rollups.site.site_id, rollups.session, rollups.moment)
        reading = _Reading(self.query, self._days, _links(people), PersonValues(self.query))
        for loaded, steps in self.files:
            parts = [(steps, loaded)] if steps is not None else _by_steps(loaded, self.query.reading)
            for found, some in parts:
                yield from reading.rows(some, found)

    @property
    def _days(self) -> NDArray[np.bool_]:
        days = np.zeros(np.iinfo(np.uint16).max + 1, bool)
        ours = [date.fromisoformat(day) for day in self.events if _is_in(day, self.query.days)]
        days[[(day - EPOCH).days for day in ours]] = True
        return days


def rows_held(query: EventsQuery) -> int:
    """Returns how many rows of the lake a question reads."""
    return sum(file["rows"] for period in _current(query) for file, _ in _wanted(period, query.reading))


def _current(query: EventsQuery) -> list[LakePeriod]:
    rollups, dates = query.rollups, query.days.dates
    within = {"first": {"$lte": dates["$lte"]}, "last": {"$gte": dates["$gte"]}}
    condition = {"site_id": rollups.site.site_id, **within}
    found = lake_periods.read(database(), LakePeriod, condition, session=rollups.session)
    return [period for period in found if period["definition"] == definition(rollups.site)]


def _links(people: NDArray[np.uint32]) -> NDArray[np.int32] | None:
    # the person of every number; None where everybody is who they were
    links = people.astype(np.int32)
    return None if np.array_equal(links, np.arange(len(links))) else links


def _is_in(day: str, days: DayRange) -> bool:
    return days.first.isoformat() <= day <= days.last.isoformat()


def _loaded(query: EventsQuery, periods: Sequence[LakePeriod]) -> Iterator[list[_Read] | None]:
    # what is wanted of each period; None where a file is missing or broken, so that its days are read from the events
    wanted = [_wanted(period, query.reading) for period in periods]
    if sum(file["rows"] for found in wanted for file, _ in found) > MOST_ROWS:
        raise Invalid([FieldProblem("from", f"more than {MOST_ROWS} events are to be read; ask for fewer days")])
    types = columns_of(query.rollups.site)
    texts = {name: types[name] for name in query.dimensions if name in types and name != DEVICE}
    sessions = query.tells_sessions or any(row.derived for row in query.dimensions.values())
    loaded = load([file for found in wanted for file, _ in found], loader.Wanted(sessions, texts))
    for found in wanted:
        read = [(loaded[file["key"]], satisfied) for file, satisfied in found]
        sound = [_Read(columns, satisfied) for columns, satisfied in read if columns is not None]
        yield sound if len(sound) == len(found) else None


def _wanted(period: LakePeriod, reading: Sorting) -> list[tuple[LakeFile, frozenset[int] | None]]:
    found = [(file, reading.places(file["kind"]) if "kind" in file else None) for file in period["files"]]
    return [(file, satisfied) for file, satisfied in found if satisfied is None or satisfied]


def _by_steps(loaded: Loaded, reading: Sorting) -> Iterator[tuple[frozenset[int], Loaded]]:
    # of events of several kinds, those that are in the same groups
    kinds: list[str] = [] if loaded.columns.kinds is None else loaded.columns.kinds.tolist()
    known = {text: reading.places(named(json.loads(text))) for text in set(kinds)}
    satisfied = [known[text] for text in kinds]
    for found in {steps for steps in known.values() if steps}:
        yield found, loaded.where(np.array([steps == found for steps in satisfied], bool))


@dataclass(frozen=True)
class _Reading:
    # `held` says of the days since 1970 which are read here; `people` is the person of each visitor's number
    query: EventsQuery
    held: NDArray[np.bool_]
    people: NDArray[np.int32] | None
    values: PersonValues
    shown: dict[tuple[str, int], Sequence[str]] = field(default_factory=dict)

    def rows(self, loaded: Loaded, steps: frozenset[int]) -> Iterator[Rows]:
        """Yields the events that are asked for, those of the same groups together."""
        query = self.query
        some = _only(loaded, self._ours(loaded))
        people = self._people(some)
        for wanted in query.filters.values():
            if wanted.row.needs_person:
                passes = self._passing(wanted, some, people)
                some, people = some.where(passes), people[passes]
        told = {name: self._told(row, some, people) for name, row in query.told.items()}
        rows = Rows(steps, self._narrow(some.columns, people), told)
        yield from query.fitting(rows, lambda wanted: self._passing(wanted, some, people))

    def _narrow(self, columns: EventColumns, people: NDArray[np.int32]) -> Narrow:
        by_session = self.query.by_session
        days = columns.day - np.int32((self.query.days.first - EPOCH).days)
        who = columns.session if by_session and columns.session is not None else people
        starts = columns.session_start if self.query.tells_sessions else None
        return Narrow(who, people, days, columns.rank, columns.time, columns.device, starts)

    def _ours(self, loaded: Loaded) -> NDArray[np.bool_]:
        columns, query = loaded.columns, self.query
        ours: NDArray[np.bool_] = self.held[columns.day]
        if not query.bots:
            ours &= ~columns.bot
        ours &= columns.who != NOBODY
        if query.device:
            ours &= columns.device == DEVICES.index(query.device)
        if query.by_session:
            ours &= columns.session != 0
        for wanted in query.filters.values():
            if not wanted.row.needs_person:
                ours &= _passing(wanted, _coded(wanted.row, loaded))
        return ours

    def _people(self, loaded: Loaded) -> NDArray[np.int32]:
        own = loaded.columns.who
        return own if self.people is None else np.where(loaded.columns.signed_in, own, self.people[own])

    def _passing(self, wanted: Wanted, loaded: Loaded, people: NDArray[np.int32]) -> NDArray[np.bool_]:
        row = wanted.row
        return _passing(wanted, self._of_people(row, loaded, people) if row.needs_person else _coded(row, loaded))

    def _told(self, row: Dimension, loaded: Loaded, people: NDArray[np.int32]) -> Coded:
        return self._of_people(row, loaded, people) if row.needs_person else self._first_values(row, loaded)

    def _first_values(self, row: Dimension, loaded: Loaded) -> Coded:
        # files that were read in one go have their texts together, and perhaps thousands of them
        coded = _coded(row, loaded)
        key = row.name, id(coded.texts)
        if key not in self.shown:
            self.shown[key] = first_values(row, coded).texts
        return Coded(self.shown[key], coded.codes)

    def _of_people(self, row: Dimension, loaded: Loaded, people: NDArray[np.int32]) -> Coded:
        return self.values.told(row, people.astype(np.int64), loaded.columns.session_start)


def _only(loaded: Loaded, those: NDArray[np.bool_]) -> Loaded:
    # most often it is all of them
    return loaded if those.all() else loaded.where(those)


def _coded(row: Dimension, loaded: Loaded) -> Coded:
    return Coded(DEVICES, loaded.columns.device) if row.name == DEVICE else loaded.texts[row.name]


def _passing(wanted: Wanted, coded: Coded) -> NDArray[np.bool_]:
    texts = coded.texts if wanted.row.needs_person else map(values_of, coded.texts)
    passes = [wanted.takes([text] if isinstance(text, str) else wanted.row.shown_of(text)) for text in texts]
    found: NDArray[np.bool_] = np.array(passes, bool)[coded.codes]
    return found
