"""What the lake has of the events that a question wants, and of which days that is all there is."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
from footfall.lake.loader import KINDS, EventColumns, Loaded, load
from footfall.questions.event_rows import EventsQuery, Narrow, Numbers, Rows, Sorting, joined
from footfall.questions.filters import Wanted
from footfall.questions.how_much import LARGEST_PART, TooBig, most_rows, of_part
from footfall.questions.lake_state import Links, links_of, periods_of
from footfall.questions.person_values import PersonValues
from footfall.schemas.funnel import DEVICES
from footfall.schemas.job import Estimate
from footfall.schemas.lake import LakeFile, LakePeriod

DEVICE = "device"
EVERY_DAY = np.ones(np.iinfo(np.uint16).max + 1, bool)


class _Read(NamedTuple):
    # a file's events, and which groups all of them are in; None where they are of several kinds
    file: LakeFile
    loaded: Loaded
    steps: frozenset[int] | None


class Numbered(NamedTuple):
    """Wanted events of a file that are in the same groups: their rows in it, what is read of them, and whose."""

    file: LakeFile
    steps: frozenset[int]
    rows: Numbers
    columns: EventColumns
    people: NDArray[np.int32]


@dataclass(frozen=True)
class Held:
    """What the lake has of the wanted events, and the days of which that is all."""

    query: EventsQuery
    files: list[_Read]
    days: frozenset[str]
    links: Links

    @classmethod
    def of(cls, query: EventsQuery) -> "Held":
        """Returns what the lake holds for a question; raises TooBig for too many events, Unavailable."""
        current, stale = periods_of(query.rollups, query.days)
        links = links_of(query.rollups)
        files: list[_Read] = []
        days: set[str] = set()
        for period, read in zip(current, _loaded(query, current, links), strict=True):
            if read is not None:
                files += read
                days |= _whole_days(period, stale)
        return cls(query, files, frozenset(days), links)

    def rows(self) -> Iterator[Rows]:
        """Yields the events of the days that are held, those of the same groups together."""
        if not self.files or not self.days:
            return
        reading = _Reading(self.query, self._is_held, self.links, PersonValues(self.query.rollups))
        for _, loaded, steps in self.files:
            if steps is not None:
                yield from reading.rows(loaded, steps)
            else:
                for found, those in _by_steps(loaded, self.query.reading):
                    yield from reading.rows(loaded.where(those), found)

    @property
    def _is_held(self) -> NDArray[np.bool_]:
        days = np.zeros_like(EVERY_DAY)
        ours = [date.fromisoformat(day) for day in self.days if _is_in(day, self.query.days)]
        days[[(day - EPOCH).days for day in ours]] = True
        return days


def numbered(query: EventsQuery, periods: Sequence[LakePeriod], links: Links) -> list[Numbered] | None:
    """Returns the wanted events of whole periods, file by file with their rows there, whatever days are asked about.

    None where a file is missing or broken; raises TooBig for too many events, Unavailable.
    """
    found: list[Numbered] = []
    reading = _Reading(query, EVERY_DAY, links, PersonValues(query.rollups))
    for read in _loaded(query, periods, links):
        if read is None:
            return None
        found += [numbers for one in read for numbers in _numbered(one, reading)]
    return found


def _numbered(read: _Read, reading: "_Reading") -> Iterator[Numbered]:
    ours = reading.ours(read.loaded)
    parts = [(read.steps, ours)] if read.steps is not None else _by_steps(read.loaded, reading.query.reading)
    for steps, those in parts:
        rows = np.flatnonzero(those & ours)
        columns = read.loaded.columns.where(rows)
        yield Numbered(read.file, steps, rows, columns, persons(columns, reading.links))


def told_of(query: EventsQuery, name: str, events: Sequence[tuple[LakeFile, Numbers]], links: Links) -> Coded | None:
    """Returns what a dimension tells of rows of files, one file's after the other's; None where a file is missing.

    Raises TooBig for too many people, Unavailable.
    """
    row = query.told[name]
    loaded = load([file for file, _ in events], _columns(replace(query, told={name: row})))
    reading = _Reading(query, EVERY_DAY, links, PersonValues(query.rollups))
    found: list[Coded] = []
    for file, rows in events:
        whole = loaded[file["key"]]
        if whole is None:
            return None
        if row.needs_person:
            some = whole.where(rows)
            found.append(reading.told(row, some, persons(some.columns, links)))
        else:
            texts = {name: Coded(coded.texts, coded.codes[rows]) for name, coded in whole.texts.items()}
            found.append(reading.told(row, Loaded(whole.columns, texts), whole.columns.who))
    return joined(found)


def rows_held(query: EventsQuery) -> int:
    """Returns how many rows of the lake a question reads."""
    return estimate([query])["rows"]


def estimate(queries: Iterable[EventsQuery]) -> Estimate:
    """Returns how much is read, as the lake's manifest says, before anything is."""
    files: list[LakeFile] = []
    changed: set[date] = set()
    for query in queries:
        current, stale = periods_of(query.rollups, query.days)
        files += files_of(current, query.reading)
        changed |= _changed(query, current, stale)
    return Estimate(
        rows=sum(file["rows"] for file in files),
        bytes=sum(file["bytes"] for file in files),
        changed_days=len(changed),
    )


def files_of(periods: Iterable[LakePeriod], reading: Sorting) -> list[LakeFile]:
    """Returns the files of periods that have any wanted event."""
    return [file for period in periods for file, _ in _wanted(period, reading)]


def changed_days(query: EventsQuery) -> list[date]:
    """Returns the days that the lake does not hold as they are."""
    return sorted(_changed(query, *periods_of(query.rollups, query.days)))


def _changed(query: EventsQuery, current: Sequence[LakePeriod], stale: Collection[str]) -> set[date]:
    held = {day for period in current for day in _whole_days(period, stale)}
    return {day for day in query.days if day.isoformat() not in held}


def _whole_days(period: LakePeriod, stale: Collection[str]) -> set[str]:
    return {day["date"] for day in period["days"]}.difference(stale)


def _is_in(day: str, days: DayRange) -> bool:
    return days.first.isoformat() <= day <= days.last.isoformat()


def _loaded(query: EventsQuery, periods: Sequence[LakePeriod], links: Links) -> Iterator[list[_Read] | None]:
    # what is wanted of each period; None where a file is missing or broken, so that its days are read from the events
    wanted = [_wanted(period, query.reading) for period in periods]
    files = [file for found in wanted for file, _ in found]
    loaded = _whole(query, files) if query.rollups.part is None else _of_part(query, files, links)
    for found in wanted:
        read = [(file, loaded[file["key"]], satisfied) for file, satisfied in found]
        sound = [_Read(file, columns, satisfied) for file, columns, satisfied in read if columns is not None]
        yield sound if len(sound) == len(found) else None


def _whole(query: EventsQuery, files: Sequence[LakeFile]) -> dict[str, Loaded | None]:
    most = most_rows()
    if sum(file["rows"] for file in files) > most:
        raise TooBig([FieldProblem("from", f"more than {most} events are to be read; ask for fewer days")])
    return load(files, _columns(query))


def _of_part(query: EventsQuery, files: Sequence[LakeFile], links: Links) -> dict[str, Loaded | None]:
    # one file after the other, of which the rows of a part of the people stay
    loaded: dict[str, Loaded | None] = {}
    rows = 0
    for file in files:
        whole = load([file], _columns(query))[file["key"]]
        ours = whole and whole.where(_is_of_part(query, whole.columns, links))
        rows += len(ours.columns.who) if ours else 0
        if rows > most_rows() * LARGEST_PART:
            raise Invalid([FieldProblem("from", "one person has too many events; ask for fewer days")])
        loaded[file["key"]] = ours
    return loaded


def _columns(query: EventsQuery) -> loader.Wanted:
    types = columns_of(query.rollups.site)
    texts = {name: types[name] for name in query.dimensions if name in types and name != DEVICE}
    return loader.Wanted(query.tells_sessions or any(row.derived for row in query.dimensions.values()), texts)


def _is_of_part(query: EventsQuery, columns: EventColumns, links: Links) -> NDArray[np.bool_]:
    counted = columns.session if query.by_session and columns.session is not None else persons(columns, links)
    ours: NDArray[np.bool_] = of_part(query.rollups.part, counted) & (columns.who != NOBODY)
    return ours


def persons(columns: EventColumns, links: Links) -> NDArray[np.int32]:
    """Returns who did each event: a user, or whom a visitor turned out to be."""
    return columns.who if links is None else np.where(columns.signed_in, columns.who, links[columns.who])


def _wanted(period: LakePeriod, reading: Sorting) -> list[tuple[LakeFile, frozenset[int] | None]]:
    found = [(file, reading.places(file["kind"]) if "kind" in file else None) for file in period["files"]]
    return [(file, satisfied) for file, satisfied in found if satisfied is None or satisfied]


def _by_steps(loaded: Loaded, reading: Sorting) -> Iterator[tuple[frozenset[int], NDArray[np.bool_]]]:
    # of events of several kinds, which are in the same groups
    kinds = loaded.texts[KINDS]
    known = [reading.places(named(json.loads(text))) for text in kinds.texts]
    numbers = {steps: number for number, steps in enumerate(set(known))}
    satisfied = np.array([numbers[steps] for steps in known], np.min_scalar_type(len(known)))[kinds.codes]
    for steps, number in numbers.items():
        if steps:
            yield steps, satisfied == number


@dataclass(frozen=True)
class _Reading:
    # `held` says of the days since 1970 which are read here
    query: EventsQuery
    held: NDArray[np.bool_]
    links: Links
    values: PersonValues
    shown: dict[tuple[str, int], Sequence[str]] = field(default_factory=dict)

    def rows(self, loaded: Loaded, steps: frozenset[int]) -> Iterator[Rows]:
        """Yields the events that are asked for, those of the same groups together."""
        query = self.query
        some = _only(loaded, self.ours(loaded))
        people = persons(some.columns, self.links)
        for wanted in query.filters.values():
            if wanted.row.needs_person:
                passes = self._passing(wanted, some, people)
                some, people = some.where(passes), people[passes]
        told = {name: self.told(row, some, people) for name, row in query.told.items()}
        rows = Rows(steps, self._narrow(some.columns, people), query.first_day, told)
        yield from query.fitting(rows, lambda wanted: self._passing(wanted, some, people))

    def _narrow(self, columns: EventColumns, people: NDArray[np.int32]) -> Narrow:
        by_session = self.query.by_session
        who = columns.session if by_session and columns.session is not None else people
        starts = columns.session_start if self.query.tells_sessions else None
        return Narrow(who, people, columns.day, columns.time, columns.tie, columns.device, starts)

    def ours(self, loaded: Loaded) -> NDArray[np.bool_]:
        """Returns which events are asked for, as far as it is not people who tell."""
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

    def _passing(self, wanted: Wanted, loaded: Loaded, people: NDArray[np.int32]) -> NDArray[np.bool_]:
        row = wanted.row
        return _passing(wanted, self._of_people(row, loaded, people) if row.needs_person else _coded(row, loaded))

    def told(self, row: Dimension, loaded: Loaded, people: NDArray[np.int32]) -> Coded:
        """Returns what a dimension tells of events: the one value that each counts under."""
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
