"""Entries to a question's own steps: from the lake's columns, and of days that changed since from the events."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.days import DayRange, start_of
from footfall.errors import FieldProblem, Invalid
from footfall.events.log import events_between
from footfall.funnels.columns import DatedEntries, Entered, milliseconds
from footfall.funnels.engine import Timeline, distinct
from footfall.funnels.steps import Reading
from footfall.lake.columns import EPOCH, NOBODY, kind_of, named
from footfall.lake.contents import session_number
from footfall.lake.definition import definition
from footfall.lake.loader import StepColumns, load
from footfall.lake.sessions import sessions_of
from footfall.people.links import people_of
from footfall.people.numbers import PersonNumbers
from footfall.questions.funnel_query import FunnelQuery
from footfall.schemas.event import StepEvent, order_in_time
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile, LakePeriod
from footfall.schemas.metrics import StaleDate
from footfall.stores.collections import lake_periods, stale_days
from footfall.stores.mongo import database

MOST_EVENTS = 1_000_000
MOST_ROWS = 25_000_000
MOST_MILLISECONDS = 20_000
SPARSE = 4
Numbers = NDArray[np.int64]
Number = TypeVar("Number", np.uint16, np.uint32)


@dataclass(frozen=True)
class _Rows:
    # events with the same places in what is read: `who` is counted, `people` did it; `ranks` are places in each day's
    # order of time, `days` count from the first
    steps: frozenset[int]
    who: Numbers
    people: Numbers
    days: Numbers
    ranks: Numbers
    times: Numbers
    devices: NDArray[np.uint8]


def entered(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises Invalid for too many."""
    held = _Held.of(query)
    recent = list(_recent(query, [day for day in query.days if day.isoformat() not in held.events]))
    rows = [*_of_the_lake(query, held), *recent]
    counted = _counted(query, held, recent)
    return _entered(query, rows, np.concatenate([[0], counted.cumsum()[:-1]]), int(counted.sum()))


class _Read(NamedTuple):
    # a file's events, and which steps all of them satisfy; None where they are of several kinds
    columns: StepColumns
    steps: frozenset[int] | None


@dataclass(frozen=True)
class _Held:
    # what the lake has of steps, and how many events each day has of which that is all
    files: list[_Read]
    events: dict[str, int]

    @classmethod
    def of(cls, query: FunnelQuery) -> "_Held":
        rollups, dates = query.rollups, query.days.dates
        site = {"site_id": rollups.site.site_id}
        condition = {**site, "first": {"$lte": dates["$lte"]}, "last": {"$gte": dates["$gte"]}}
        found = lake_periods.read(database(), LakePeriod, condition, session=rollups.session)
        current = [period for period in found if period["definition"] == definition(rollups.site)]
        marks = stale_days.read(database(), StaleDate, {**site, "date": dates}, session=rollups.session)
        stale = {mark["date"] for mark in marks}
        files: list[_Read] = []
        events: dict[str, int] = {}
        for period, read in zip(current, _loaded(current, query.reading), strict=True):
            if read is not None:
                files += read
                events |= {day["date"]: day["events"] for day in period["days"] if day["date"] not in stale}
        return cls(files, events)


def _loaded(periods: Sequence[LakePeriod], reading: Reading) -> Iterator[list[_Read] | None]:
    # what is wanted of each period; None where a file is missing or broken, so that its days are read from the events
    wanted = [_wanted(period, reading) for period in periods]
    if sum(file["rows"] for found in wanted for file, _ in found) > MOST_ROWS:
        raise Invalid([FieldProblem("from", f"more than {MOST_ROWS} entries to these steps; ask for fewer days")])
    loaded = load([file for found in wanted for file, _ in found])
    for found in wanted:
        read = [(loaded[file["key"]], satisfied) for file, satisfied in found]
        sound = [_Read(columns, satisfied) for columns, satisfied in read if columns is not None]
        yield sound if len(sound) == len(found) else None


def _wanted(period: LakePeriod, reading: Reading) -> list[tuple[LakeFile, frozenset[int] | None]]:
    found = [(file, reading.places(file["kind"]) if "kind" in file else None) for file in period["files"]]
    return [(file, satisfied) for file, satisfied in found if satisfied is None or satisfied]


def _counted(query: FunnelQuery, held: _Held, recent: Iterable[_Rows]) -> Numbers:
    counted = np.array([held.events.get(day.isoformat(), 0) for day in query.days], np.int64)
    for rows in recent:
        np.maximum.at(counted, rows.days, rows.ranks + 1)
    return counted


def _entered(query: FunnelQuery, rows: Sequence[_Rows], begins: Numbers, total: int) -> Entered:
    # all events of the days have a place in the order of time; where few of them are steps, places are counted anew
    places = [begins[each.days] + each.ranks for each in rows]
    if total > SPARSE * sum(map(len, places)):
        used = np.zeros(total, bool)
        for each in places:
            used[each] = True
        numbers = used.cumsum() - 1
        places, total = [numbers[each] for each in places], int(used.sum())
    by_session = query.unit == "session"
    whose = np.full(total, NOBODY, np.int64) if by_session else None
    timeline = Timeline(np.zeros(total, np.int64), np.zeros(total, np.uint8), whose)
    for some, at in zip(rows, places, strict=True):
        timeline.times[at] = some.times
        timeline.devices[at] = some.devices
        if whose is not None:
            whose[at] = some.people
    sessions = distinct([np.zeros(0, np.int64), *(each.who for each in rows)]) if by_session else None
    who = [_numbered(each.who, sessions) for each in rows]

    def entries(number: int) -> DatedEntries:
        ours = [at for at, each in enumerate(rows) if number in each.steps]
        whose, when, days = [who[at] for at in ours], [places[at] for at in ours], [rows[at].days for at in ours]
        return DatedEntries(_joined(whose, np.uint32), _joined(when, np.uint32), _joined(days, np.uint16))

    reading = query.reading
    return Entered(
        [entries(number) for number in range(len(reading.steps))],
        timeline,
        entries(reading.excluded) if reading.exclude else None,
        entries(reading.others) if reading.strict else None,
        sessions,
    )


def _joined(columns: Sequence[NDArray[Any]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate(columns).astype(kind) if columns else np.zeros(0, kind)


def _numbered(who: Numbers, sessions: Numbers | None) -> NDArray[np.uint32]:
    # whose each event is; sessions are numbered anew
    return (who if sessions is None else np.searchsorted(sessions, who)).astype(np.uint32)


def _of_the_lake(query: FunnelQuery, held: _Held) -> Iterator[_Rows]:
    if not held.files or not held.events:
        return
    rollups = query.rollups
    people = people_of(database(), rollups.site.site_id, rollups.session, rollups.moment)
    days = np.zeros(len(query.days), bool)
    days[[(date.fromisoformat(day) - query.days.first).days for day in held.events if _is_in(day, query.days)]] = True
    for columns, steps in held.files:
        if steps is not None:
            yield _rows(query, columns, steps, days, people)
        else:
            for found, some in _by_steps(columns, query.reading):
                yield _rows(query, some, found, days, people)


def _is_in(day: str, days: DayRange) -> bool:
    return days.first.isoformat() <= day <= days.last.isoformat()


def _by_steps(columns: StepColumns, reading: Reading) -> Iterator[tuple[frozenset[int], StepColumns]]:
    # of events of several kinds, those that satisfy the same steps
    kinds: list[str] = [] if columns.kinds is None else columns.kinds.tolist()
    known = {text: reading.places(named(json.loads(text))) for text in set(kinds)}
    satisfied = [known[text] for text in kinds]
    for found in {steps for steps in known.values() if steps}:
        yield found, columns.where(np.array([steps == found for steps in satisfied], bool))


def _rows(
    query: FunnelQuery,
    columns: StepColumns,
    steps: frozenset[int],
    held: NDArray[np.bool_],
    people: NDArray[np.uint32],
) -> _Rows:
    days = columns.day.astype(np.int64) - (query.days.first - EPOCH).days
    ours = (days >= 0) & (days < len(held)) & ~columns.bot & (columns.who != NOBODY)
    ours &= held[np.where(ours, days, 0)]
    if query.device:
        ours &= columns.device == DEVICES.index(query.device)
    if query.unit == "session":
        ours &= columns.session != 0
    own = columns.who[ours]
    whose = np.where(columns.signed_in[ours], own, people[own]).astype(np.int64)
    return _Rows(
        steps,
        columns.session[ours] if query.unit == "session" else whose,
        whose,
        days[ours],
        columns.rank[ours].astype(np.int64),
        columns.time[ours],
        columns.device[ours],
    )


def _recent(query: FunnelQuery, days: Iterable[date]) -> Iterator[_Rows]:
    events = _events(query, days)
    if not events:
        return
    people = _people(query, events)
    who = _sessions(query, events) if query.unit == "session" else people
    times = np.array([milliseconds(event["timestamp"]) for event in events], np.int64)
    dated = np.searchsorted([milliseconds(start_of(day, query.days.zone)) for day in query.days], times, "right") - 1
    ranks = np.arange(len(events)) - np.searchsorted(dated, dated, "left")
    devices = np.array([DEVICES.index(event["device"]) for event in events], np.uint8)
    kinds = [kind_of(event) for event in events]
    satisfied = {kind: query.reading.places(named(kind)) for kind in set(kinds)}
    numbers = {steps: number for number, steps in enumerate(set(satisfied.values()))}
    numbered = np.array([numbers[satisfied[kind]] for kind in kinds])
    for steps, number in numbers.items():
        ours = np.flatnonzero((numbered == number) & (who != NOBODY))
        yield _Rows(steps, who[ours], people[ours], dated[ours], ranks[ours], times[ours], devices[ours])


def _sessions(query: FunnelQuery, events: Sequence[StepEvent]) -> Numbers:
    site_id, session = query.rollups.site.site_id, query.rollups.session
    found = sessions_of(database(), site_id, events, query.days, session)
    return np.array([NOBODY if one is None else session_number(one["session_id"]) for one in found], np.int64)


def _people(query: FunnelQuery, events: Sequence[StepEvent]) -> Numbers:
    numbers = PersonNumbers(database(), query.rollups.site.site_id, query.rollups.session)
    numbers.learn(events)
    return np.array([NOBODY if (own := numbers.of(event)) is None else own for event in events], np.int64)


def _events(query: FunnelQuery, days: Iterable[date]) -> list[StepEvent]:
    # those that are read, in the order of time
    events: list[StepEvent] = []
    where = query.reading.condition()
    if query.device:
        where["device"] = query.device
    rollups = query.rollups
    for run in _runs(days, query.days):
        found = events_between(database(), rollups.site.site_id, StepEvent, run.start, run.end, where, rollups.session)
        events += islice(found.max_time_ms(MOST_MILLISECONDS), MOST_EVENTS + 1 - len(events))
        if len(events) > MOST_EVENTS:
            raise Invalid([FieldProblem("from", f"more than {MOST_EVENTS} entries to these steps; ask for fewer days")])
    events.sort(key=order_in_time)
    return events


def _runs(days: Iterable[date], of: DayRange) -> Iterator[DayRange]:
    # neighbouring days together
    for _, found in groupby(enumerate(days), lambda each: each[1] - timedelta(days=each[0])):
        run = [day for _, day in found]
        yield DayRange(run[0], run[-1], of.zone)
