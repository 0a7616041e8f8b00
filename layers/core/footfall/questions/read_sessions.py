"""Sessions of a range as columns: of days as their rollups left them, and of others as they are stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
from pymongo.errors import ExecutionTimeout

from footfall.breakdowns.columns import NOT_COUNTED, Integers, Visits
from footfall.breakdowns.packed import unpacked
from footfall.breakdowns.sessions import SessionColumns
from footfall.chunks import chunks
from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded
from footfall.people.numbers import PersonNumbers
from footfall.questions.kept_days import kept_days, runs_without
from footfall.questions.lake_state import links_of
from footfall.questions.person_values import PersonValues
from footfall.rollups import Rollups
from footfall.schemas.dimension import PackedSessions
from footfall.schemas.session import SessionFigures
from footfall.stores.collections import daily_sessions, user_sessions
from footfall.stores.mongo import database

MOST_SESSIONS = 500_000
"""So many are read one by one; of days as columns there may be more."""
SESSIONS_AT_ONCE = 20_000
MOST_MILLISECONDS = 10_000
BATCH = 1_000


def read_sessions(
    rollups: Rollups, days: DayRange, rows: Mapping[str, Dimension], *, bots: bool
) -> tuple[Visits, dict[str, Coded]]:
    """Returns the sessions that began in a range, those of `bots` too or not, with their values of dimensions.

    These are of sessions and people. Raises Invalid for too many sessions, TooBig for too many people.
    """
    own = [row for row in rows.values() if not row.needs_person]
    columns = SessionColumns(days, rollups.site.currency, own)
    kept = _add_columns(rollups, days, columns, [row.name for row in own], bots)
    stored = (session for run in runs_without(days, kept) for session in _stored(rollups, run, bots))
    numbers = PersonNumbers(database(), rollups.site.site_id, rollups.session)
    for some in chunks(_at_most(stored, MOST_SESSIONS), SESSIONS_AT_ONCE):
        numbers.learn(some)
        columns.add(some, map(numbers.own, some))
    coded = {row.name: columns.coded(row.name) for row in own}
    return columns.visits, coded | _of_people(rollups, columns.visits, rows.values())


def _of_people(rollups: Rollups, visits: Visits, rows: Iterable[Dimension]) -> dict[str, Coded]:
    values, asked = PersonValues(rollups), [row for row in rows if row.needs_person]
    people = _persons(rollups, visits.people) if asked else visits.people
    return {row.name: values.told(row, people, visits.starts) for row in asked}


def _persons(rollups: Rollups, people: Integers) -> Integers:
    links = links_of(rollups)
    return people if links is None else np.where(people == NOT_COUNTED, NOT_COUNTED, links[people]).astype(np.int64)


def _add_columns(
    rollups: Rollups, days: DayRange, columns: SessionColumns, names: Sequence[str], bots: bool
) -> set[str]:
    # returns the days that are all there: up to date, and of each of these dimensions with every value
    kept = kept_days(rollups, days)
    found = packed_days(rollups, days, names, bots=bots) if kept else []
    kept -= {day["date"] for day in found if not set(names).isdisjoint(day["cut"])}
    for day in found:
        if day["date"] in kept:
            columns.add_columns(*unpacked(day, (date.fromisoformat(day["date"]) - days.first).days))
    return kept


def packed_days(rollups: Rollups, days: DayRange, names: Sequence[str], *, bots: bool = False) -> list[PackedSessions]:
    """Returns the sessions of days as their last rollups left them, with their values of these dimensions.

    Those of bots are among them with `bots`.
    """
    query = {"site_id": rollups.site.site_id, "date": days.dates, **({} if bots else {"bots": {"$ne": True}})}
    parts = {"texts": tuple(names), "codes": tuple(names)} if names else {"texts": ("none",), "codes": ("none",)}
    found = daily_sessions.read(
        database(), PackedSessions, query, session=rollups.session, batch_size=BATCH, parts=parts
    )
    return found.to_list()


def _stored(rollups: Rollups, days: DayRange, bots: bool) -> Iterator[SessionFigures]:
    began = {"started_at": {"$gte": days.start, "$lt": days.end}}
    return user_sessions.read(
        database(),
        SessionFigures,
        {"site_id": rollups.site.site_id, **began, **({} if bots else {"bot": False})},
        parts={"orders": ("currency", "total")},
        session=rollups.session,
        batch_size=SESSIONS_AT_ONCE,
    ).max_time_ms(MOST_MILLISECONDS)


def _at_most(sessions: Iterable[SessionFigures], most: int) -> Iterator[SessionFigures]:
    try:
        for number, session in enumerate(sessions):
            if number == most:
                raise _too_many()
            yield session
    except ExecutionTimeout:
        raise _too_many() from None


def _too_many() -> Invalid:
    return Invalid([FieldProblem("from", "there are too many sessions to look at them now; ask for fewer days")])
