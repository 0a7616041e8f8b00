"""Stale days computed anew, in runs of neighbouring days whose events are read in one go."""

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import numpy as np
from footfall.breakdowns import packed
from footfall.breakdowns.columns import NOT_COUNTED
from footfall.breakdowns.sessions import SessionColumns
from footfall.chunks import chunks
from footfall.clock import now
from footfall.days import DayRange, zone_named
from footfall.funnels.rollup import DayEntries, funnel_documents
from footfall.funnels.steps import kept_by_day
from footfall.lake.archive import Damaged
from footfall.lake.archived import archived_dates, archives_of
from footfall.lake.columns import DayColumns
from footfall.lake.sessions import sessions_of
from footfall.observability import logger
from footfall.people.numbers import PersonNumbers
from footfall.schemas.lake import LakeEvent
from footfall.schemas.session import SessionFigures
from footfall.schemas.site import Site
from footfall.stores.mongo import database

from . import queries
from .dimensions import dimension_documents, stored_dimensions
from .feedback import feedback_day
from .metrics import DayMetrics
from .writing import Archives, DayRollup

EVENTS_AT_ONCE = 20_000
PARTS_OF_SESSIONS = {"orders": ("currency", "total")}
# what one transaction holds
DAYS_PER_WRITE = 20
EVENTS_PER_WRITE = 500_000


def recompute(site: Site, dates: Iterable[str], in_time: Callable[[], bool]) -> Iterator[list[DayRollup]]:
    """Returns the rollups of days, some at a time to be written; ends early when time is up.

    A day whose archive is damaged is left out: its figures are never made of what is left of it.
    """
    numbers = PersonNumbers(database(), site.site_id)
    for run in _runs(site, [date.fromisoformat(day) for day in dates]):
        rollups = _rollups(site, run, numbers, in_time)
        try:
            yield from chunks(rollups, DAYS_PER_WRITE, lambda rollup: rollup.events, EVENTS_PER_WRITE)
        except Damaged as error:
            named = {"site_id": site.site_id, "file": str(error), "from": str(run.first), "to": str(run.last)}
            logger().error("a file of the archive is missing or changed: its day is not computed", extra=named)


def _runs(site: Site, days: Collection[date]) -> Iterator[DayRange]:
    # an archived day is a run of its own
    if not days:
        return
    zone = zone_named(site.time_zone)
    archived = archived_dates(database(), site.site_id, DayRange(min(days), max(days), zone))
    for run in _neighbours(days, archived):
        yield DayRange(run[0], run[-1], zone)


def _neighbours(days: Iterable[date], alone: AbstractSet[str]) -> Iterator[list[date]]:
    run: list[date] = []
    for day in sorted(days):
        if run and (day - run[-1] > timedelta(days=1) or {str(day), str(run[-1])} & alone):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _rollups(site: Site, days: DayRange, numbers: PersonNumbers, in_time: Callable[[], bool]) -> Iterator[DayRollup]:
    # only one day's entries are held at once
    archives = archives_of(database(), site.site_id, days)  # before the events are read, which may be leaving
    waiting = [_Day(site, DayRange(day, day, days.zone), Archives.of(days, archives)) for day in reversed(days)]
    seen = queries.computed(site.site_id, [day.isoformat() for day in days])
    read_at = now()
    for events in _read_ahead(queries.events_of(site, days, archives)):
        numbers.learn(events)
        for event in events:
            while event["timestamp"] >= waiting[-1].end:
                if not in_time():
                    return
                yield waiting.pop().rollup(numbers, seen, read_at)
            waiting[-1].add(event, numbers)
    while waiting and in_time():
        yield waiting.pop().rollup(numbers, seen, read_at)


def _read_ahead(events: Iterator[LakeEvent]) -> Iterator[list[LakeEvent]]:
    read = chunks(events, EVENTS_AT_ONCE)
    with ThreadPoolExecutor(1) as reader:  # the next are read while some are worked on
        coming = reader.submit(next, read, None)
        while some := coming.result():
            coming = reader.submit(next, read, None)
            yield some


class _Day:
    def __init__(self, site: Site, days: DayRange, archives: Archives) -> None:
        self.end = days.end
        self._archives = archives
        self._days = days
        self._site = site
        self._date = days.first.isoformat()
        self._entries = DayEntries(days.start, kept_by_day(site))
        self._metrics = DayMetrics(site)
        self._not_counted = queries.not_counted(site)
        self._people = array("q")
        self._columns = DayColumns(site, days.first)
        of_sessions = [row for row in stored_dimensions(site) if row.session]
        self._of_sessions = [row.name for row in of_sessions]
        self._sessions = SessionColumns(days, site.currency, of_sessions)
        self._bots = SessionColumns(days, site.currency, of_sessions)
        self._counted: set[str] = set()
        self._collected: list[LakeEvent] = []
        self._events = 0
        self._unknown = 0

    def add(self, event: LakeEvent, numbers: PersonNumbers) -> None:
        self._collected.append(event)
        if len(self._collected) == EVENTS_AT_ONCE:
            self._to_columns(numbers)
        counts = not event["bot"] and event["type"] not in self._not_counted
        person = numbers.of(event) if counts else None
        self._people.append(NOT_COUNTED if person is None else person)
        self._events += counts
        if person is not None:
            self._entries.add(event, person)
            self._metrics.add(event, person)
        elif counts:  # not stored yet
            self._unknown += 1

    def _to_columns(self, numbers: PersonNumbers) -> None:
        events, self._collected = self._collected, []
        sessions = sessions_of(
            database(), self._site.site_id, events, self._days, SessionFigures, parts=PARTS_OF_SESSIONS
        )
        self._columns.add(events, [numbers.own(event) for event in events], sessions)
        begun = self._begun(filter(None, sessions))
        numbers.learn(begun)
        for columns, bots in ((self._sessions, False), (self._bots, True)):
            some = [session for session in begun if session["bot"] == bots]
            columns.add(some, map(numbers.own, some))

    def _begun(self, sessions: Iterable[SessionFigures]) -> list[SessionFigures]:
        # those that began on this day, each once; its first event is of this day, too
        begins = self._days.start
        new = {session["session_id"]: session for session in sessions if session["started_at"] >= begins}
        found = [session for session in new.values() if session["session_id"] not in self._counted]
        self._counted |= new.keys()
        return found

    def rollup(self, numbers: PersonNumbers, seen: dict[str, str], read_at: datetime) -> DayRollup:
        self._to_columns(numbers)
        orders = queries.orders_of(self._site.site_id, self._days)
        numbers.learn(orders)
        refunds = queries.refunds_of(self._site, self._days)
        people = np.array(self._people, np.int64)
        return DayRollup(
            date=self._date,
            seen=seen.get(self._date),
            metrics=self._metrics.document(self._date, read_at, self._sessions, orders, refunds, numbers),
            funnels=list(funnel_documents(self._site, self._days.first, self._entries)),
            dimensions=list(dimension_documents(self._site, self._date, people, self._columns, self._sessions)),
            sessions=[
                *packed.documents(self._site.site_id, self._days, self._sessions, self._of_sessions),
                *packed.documents(self._site.site_id, self._days, self._bots, self._of_sessions, bots=True),
            ],
            feedback=feedback_day(self._site, self._days),
            columns=self._columns,
            archives=self._archives,
            events=self._events,
            people_unknown=self._unknown + sum(numbers.of(order) is None for order in orders),
        )
