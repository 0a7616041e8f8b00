"""Wanted events that the lake does not hold as they are, read from the event log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from footfall.chunks import chunks
from footfall.days import DayRange, runs_of, start_of
from footfall.dimensions import Facts
from footfall.errors import FieldProblem, Unavailable
from footfall.events.log import events_between
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded
from footfall.lake.archived import archived_dates
from footfall.lake.columns import NOBODY, kind_of, named
from footfall.lake.contents import parts_of
from footfall.lake.session_numbers import NEVER, session_number
from footfall.lake.sessions import sessions_of
from footfall.people.numbers import PersonNumbers
from footfall.people.profiles import profiles
from footfall.questions.event_rows import EventsQuery, Narrow, Numbers, Rows
from footfall.questions.filters import Wanted
from footfall.questions.how_much import LARGEST_PART, TooBig, most_changed, of_part
from footfall.schemas.event import order_in_time
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeEvent
from footfall.schemas.person import PersonProfile
from footfall.schemas.session import SessionDimensions
from footfall.stores import collections
from footfall.stores.mongo import database

MOST_MILLISECONDS = 20_000
MOST_MILLISECONDS_OF_A_PART = 300_000
EVENTS_AT_ONCE = 20_000
PEOPLE_AT_ONCE = 5_000
Sessions = Sequence[SessionDimensions | None]


def recent_rows(query: EventsQuery, days: Iterable[date]) -> Iterator[Rows]:
    """Yields the events of these days, those of the same groups together; raises TooBig for too many.

    Raises Unavailable for days that are archived: MongoDB has not all of their events.
    """
    days = list(days)
    _check_whole(query, days)
    events = _events(query, days)
    if not events:
        return
    sessions = _sessions(query, events)
    people = _people(query, events)
    who = _numbers(sessions) if query.by_session else people
    times = np.array([milliseconds(event["timestamp"]) for event in events], np.int64)
    days_in = np.searchsorted([milliseconds(start_of(day, query.days.zone)) for day in query.days], times, "right") - 1
    ties = np.arange(len(events)) - np.searchsorted(times, times, "left")
    devices = np.array([DEVICES.index(event["device"]) for event in events], np.uint8)
    facts = _facts(query, events, sessions)
    wanted = (who != NOBODY) & np.array(_wanted(query, facts), bool)
    narrow = Narrow(
        who,
        people.astype(np.int32),
        days_in + query.first_day,
        times,
        ties.astype(np.int32),
        devices,
        _starts(sessions) if query.tells_sessions else None,
    )
    whole = Rows(frozenset(), narrow, query.first_day, _told(query, facts))
    kinds = [kind_of(event) for event in events]
    places = {kind: query.reading.places(named(kind)) for kind in set(kinds)}
    numbers = {steps: number for number, steps in enumerate(set(places.values()))}
    numbered = np.array([numbers[places[kind]] for kind in kinds])
    for steps, number in numbers.items():
        ours = np.flatnonzero((numbered == number) & wanted)
        yield from query.fitting(whole.where(ours, steps), partial(_fits, facts, ours))


def _check_whole(query: EventsQuery, days: Sequence[date]) -> None:
    site_id, session = query.rollups.site.site_id, query.rollups.session
    if days and archived_dates(database(), site_id, query.days, session) & {day.isoformat() for day in days}:
        raise Unavailable("archived days of this range are being written anew for the lake: ask again later")


def _facts(query: EventsQuery, events: Sequence[LakeEvent], sessions: Sessions) -> list[Facts]:
    rows = query.dimensions.values()
    known: dict[str, PersonProfile] = {}
    if any(row.needs_person for row in rows):
        rollups = query.rollups
        for some in chunks(sorted({event["person_id"] for event in events}), PEOPLE_AT_ONCE):
            known |= profiles(database(), rollups.site.site_id, some, rollups.session)
    return [
        Facts(event, session, known.get(event["person_id"])) for event, session in zip(events, sessions, strict=True)
    ]


def _wanted(query: EventsQuery, facts: Sequence[Facts]) -> list[bool]:
    filters = query.filters.values()
    return [all(wanted.takes(wanted.row.values(each)) for wanted in filters) for each in facts]


def _fits(facts: Sequence[Facts], places: NDArray[np.int64], wanted: Wanted) -> NDArray[np.bool_]:
    return np.array([wanted.takes(wanted.row.values(facts[place])) for place in places], bool)


def _told(query: EventsQuery, facts: Sequence[Facts]) -> Mapping[str, Coded]:
    told = {}
    for name, row in query.told.items():
        codes: dict[str, int] = {}
        found = [codes.setdefault(row.value(each), len(codes)) for each in facts]
        told[name] = Coded(list(codes), np.array(found, np.uint32))
    return told


def _sessions(query: EventsQuery, events: Sequence[LakeEvent]) -> Sessions:
    # they are read where something is asked of them
    rows = query.dimensions.values()
    if not query.tells_sessions and not any(row.level == "session" for row in rows):
        return [None] * len(events)
    rollups = query.rollups
    return sessions_of(database(), rollups.site.site_id, events, query.days, SessionDimensions, rollups.session)


def _people(query: EventsQuery, events: Sequence[LakeEvent]) -> Numbers:
    numbers = PersonNumbers(database(), query.rollups.site.site_id, query.rollups.session)
    numbers.learn(events)
    return np.array([NOBODY if (own := numbers.of(event)) is None else own for event in events], np.int64)


def _numbers(sessions: Sessions) -> Numbers:
    return np.array([NOBODY if one is None else session_number(one) for one in sessions], np.int64)


def _starts(sessions: Sessions) -> Numbers:
    return np.array([NEVER if one is None else milliseconds(one["started_at"]) for one in sessions], np.int64)


def changed_events(query: EventsQuery, days: Iterable[date], most: int) -> int:
    """Returns how many events are to be read of these days; of more than `most`, one more than that."""
    count = 0
    for run in runs_of(days, query.days.zone):
        condition = {
            "site_id": query.rollups.site.site_id,
            "timestamp": {"$gte": run.start, "$lt": run.end},
            **_where(query),
        }
        count += collections.events.count(database(), condition, most=most + 1 - count)
        if count > most:
            break
    return count


def _events(query: EventsQuery, days: Iterable[date]) -> list[LakeEvent]:
    # those that are read, in the order of time
    found: list[LakeEvent] = []
    most = most_changed() * (LARGEST_PART if query.rollups.part else 1)
    for run in runs_of(days, query.days.zone):
        for some in chunks(_read(query, run), EVENTS_AT_ONCE):
            found += _of_part(query, some)
            if len(found) > most:
                message = f"more than {most} events are to be read of days that changed lately; ask for fewer days"
                raise TooBig([FieldProblem("from", message)])
    found.sort(key=order_in_time)
    return found


def _read(query: EventsQuery, run: DayRange) -> Iterable[LakeEvent]:
    site, session = query.rollups.site, query.rollups.session
    found = events_between(
        database(), site.site_id, LakeEvent, run.start, run.end, _where(query), session, parts_of(site), bots=query.bots
    )
    return found.max_time_ms(MOST_MILLISECONDS_OF_A_PART if query.rollups.part else MOST_MILLISECONDS)


def _where(query: EventsQuery) -> dict[str, object]:
    return {**query.reading.condition(), **({"device": query.device} if query.device else {})}


def _of_part(query: EventsQuery, events: Sequence[LakeEvent]) -> Sequence[LakeEvent]:
    if query.rollups.part is None:
        return events
    counted = _numbers(_sessions(query, events)) if query.by_session else _people(query, events)
    return [event for event, ours in zip(events, of_part(query.rollups.part, counted), strict=True) if ours]
