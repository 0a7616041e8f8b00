"""Stale days computed anew, in runs of neighbouring days whose events are read in one go."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

from footfall.chunks import chunks
from footfall.clock import now
from footfall.days import DayRange, zone_named
from footfall.funnels.rollup import DayEntries, funnel_documents
from footfall.funnels.steps import kept_by_day
from footfall.lake.columns import DayColumns
from footfall.lake.sessions import sessions_of
from footfall.people.numbers import PersonNumbers
from footfall.schemas.lake import LakeEvent
from footfall.schemas.site import Site
from footfall.stores.mongo import database

from . import queries
from .metrics import DayMetrics
from .writing import DayRollup

EVENTS_AT_ONCE = 20_000
# what one transaction holds
DAYS_PER_WRITE = 20
EVENTS_PER_WRITE = 500_000


def recompute(site: Site, dates: Iterable[str], in_time: Callable[[], bool]) -> Iterator[list[DayRollup]]:
    """Returns the rollups of days, some at a time to be written; ends early when time is up."""
    numbers = PersonNumbers(database(), site.site_id)
    for run in _runs([date.fromisoformat(day) for day in dates]):
        days = DayRange(run[0], run[-1], zone_named(site.time_zone))
        rollups = _rollups(site, days, numbers, in_time)
        yield from chunks(rollups, DAYS_PER_WRITE, lambda rollup: rollup.events, EVENTS_PER_WRITE)


def _runs(days: Iterable[date]) -> Iterator[list[date]]:
    run: list[date] = []
    for day in sorted(days):
        if run and day - run[-1] > timedelta(days=1):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _rollups(site: Site, days: DayRange, numbers: PersonNumbers, in_time: Callable[[], bool]) -> Iterator[DayRollup]:
    # only one day's entries are held at once
    waiting = [_Day(site, DayRange(day, day, days.zone)) for day in reversed(days)]
    seen = queries.computed(site.site_id, [day.isoformat() for day in days])
    read_at = now()
    for events in _read_ahead(queries.events_of(site, days)):
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
    def __init__(self, site: Site, days: DayRange) -> None:
        self.end = days.end
        self._days = days
        self._site = site
        self._date = days.first.isoformat()
        self._entries = DayEntries(days.start, kept_by_day(site))
        self._metrics = DayMetrics(site)
        self._not_counted = queries.not_counted(site)
        self._columns = DayColumns(site, days.first)
        self._collected: list[LakeEvent] = []
        self._events = 0
        self._unknown = 0

    def add(self, event: LakeEvent, numbers: PersonNumbers) -> None:
        self._collected.append(event)
        if len(self._collected) == EVENTS_AT_ONCE:
            self._to_columns(numbers)
        if event["bot"] or event["type"] in self._not_counted:
            return
        self._events += 1
        if (person := numbers.of(event)) is None:  # not stored yet
            self._unknown += 1
        else:
            self._entries.add(event, person)
            self._metrics.add(event, person)

    def _to_columns(self, numbers: PersonNumbers) -> None:
        events, self._collected = self._collected, []
        sessions = sessions_of(database(), self._site.site_id, events, self._days)
        self._columns.add(events, [numbers.own(event) for event in events], sessions)

    def rollup(self, numbers: PersonNumbers, seen: dict[str, str], read_at: datetime) -> DayRollup:
        self._to_columns(numbers)
        orders = queries.orders_of(self._site.site_id, self._days)
        numbers.learn(orders)
        refunds = queries.refunds_of(self._site, self._days)
        sessions = queries.sessions_of(self._site, self._days)
        sentiment = queries.sentiment_of(self._site.site_id, self._days)
        return DayRollup(
            date=self._date,
            seen=seen.get(self._date),
            metrics=self._metrics.document(self._date, read_at, sessions, sentiment, orders, refunds, numbers),
            funnels=list(funnel_documents(self._site, self._days.first, self._entries)),
            columns=self._columns,
            events=self._events,
            people_unknown=self._unknown + sum(numbers.of(order) is None for order in orders),
        )
