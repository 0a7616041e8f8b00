"""Sessions of a range as columns: of days as their rollups left them, and of others as they are stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
from pymongo.errors import ExecutionTimeout

from footfall.breakdowns.columns import Visits
from footfall.breakdowns.packed import unpacked
from footfall.breakdowns.sessions import SessionColumns
from footfall.chunks import chunks
from footfall.days import DayRange
from footfall.dimensions import Dimension, Facts
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded
from footfall.people.profiles import profiles
from footfall.questions.kept_days import kept_days, runs_without
from footfall.rollups import Rollups
from footfall.schemas.dimension import PackedSessions
from footfall.schemas.session import SessionFigures
from footfall.stores.collections import daily_sessions, user_sessions
from footfall.stores.mongo import database

MOST_SESSIONS = 500_000
"""So many are read one by one; of days as columns there may be more."""
MOST_WITH_PEOPLE = 200_000
"""Of so many sessions the people are looked up."""
SESSIONS_AT_ONCE = 20_000
MOST_MILLISECONDS = 10_000
BATCH = 1_000


def read_sessions(
    rollups: Rollups, days: DayRange, rows: Mapping[str, Dimension], *, bots: bool
) -> tuple[Visits, dict[str, Coded]]:
    """Returns the sessions that began in a range, those of `bots` too or not, with their values of dimensions.

    These are of sessions and people. Raises Invalid for too many sessions.
    """
    own = [row for row in rows.values() if not row.needs_person]
    columns = SessionColumns(days, rollups.site.currency, own)
    people = {name: _OfPeople(row) for name, row in rows.items() if row.needs_person}
    kept = set() if people or bots else _add_columns(rollups, days, columns, [row.name for row in own])
    stored = (session for run in runs_without(days, kept) for session in _stored(rollups, run, bots))
    for some in chunks(_at_most(stored, MOST_WITH_PEOPLE if people else MOST_SESSIONS), SESSIONS_AT_ONCE):
        columns.add(some)
        if people:
            _learn(rollups, some, people.values())
    coded = {name: columns.coded(name) for name in rows if name not in people}
    return columns.visits, coded | {name: told.coded() for name, told in people.items()}


def _add_columns(rollups: Rollups, days: DayRange, columns: SessionColumns, names: Sequence[str]) -> set[str]:
    # returns the days that are all there: up to date, and of each of these dimensions with every value
    kept = kept_days(rollups, days)
    found = packed_days(rollups, days, names) if kept else []
    kept -= {day["date"] for day in found if not set(names).isdisjoint(day["cut"])}
    for day in found:
        if day["date"] in kept:
            columns.add_columns(*unpacked(day, (date.fromisoformat(day["date"]) - days.first).days))
    return kept


def packed_days(rollups: Rollups, days: DayRange, names: Sequence[str]) -> list[PackedSessions]:
    """Returns the sessions of days as their last rollups left them, with their values of these dimensions."""
    query = {"site_id": rollups.site.site_id, "date": days.dates}
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


def _learn(rollups: Rollups, sessions: Sequence[SessionFigures], told: Iterable["_OfPeople"]) -> None:
    ids = {each["person_id"] for each in sessions}
    known = profiles(database(), rollups.site.site_id, ids, rollups.session)
    facts = [Facts(session=each, person=known[each["person_id"]]) for each in sessions]
    for each in told:
        each.add(facts)


class _OfPeople:
    # what a dimension of people tells of sessions

    def __init__(self, row: Dimension) -> None:
        self._row = row
        self._places: dict[str, int] = {}
        self._codes: list[int] = []

    def add(self, facts: Iterable[Facts]) -> None:
        self._codes += [self._places.setdefault(self._row.value(each), len(self._places)) for each in facts]

    def coded(self) -> Coded:
        return Coded(list(self._places), np.array(self._codes, np.int64))
