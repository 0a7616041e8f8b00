"""Stale days computed anew, in runs of neighbouring days whose events are read in one go."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import islice
from typing import Any, cast

from bson import ObjectId
from footfall.clock import now
from footfall.days import DayRange, zone_named
from footfall.funnels.rollup import DayEntries, funnel_documents
from footfall.funnels.steps import definition
from footfall.people.numbers import PersonNumbers
from footfall.schemas.metrics import DayDocument
from footfall.schemas.site import Site
from footfall.stores.mongo import database

from . import queries
from .metrics import DayMetrics
from .writing import DayRollup

EVENTS_AT_ONCE = 20_000
DAYS_PER_WRITE = 20
EVENTS_PER_WRITE = 500_000


def recompute(site: Site, dates: Iterable[str], in_time: Callable[[], bool]) -> Iterator[list[DayRollup]]:
    """The rollups of days, some at a time to be written; ends early when time is up."""
    numbers = PersonNumbers(database(), site.site_id)
    for run in _runs([date.fromisoformat(day) for day in dates]):
        days = DayRange(run[0], run[-1], zone_named(site.time_zone))
        yield from _parts(_rollups(site, days, numbers, in_time))


def _runs(days: Iterable[date]) -> Iterator[list[date]]:
    """Days in order, cut where any between two are left out."""
    run: list[date] = []
    for day in sorted(days):
        if run and day - run[-1] > timedelta(days=1):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _parts(rollups: Iterable[DayRollup]) -> Iterator[list[DayRollup]]:
    """Rollups in portions that one transaction holds."""
    part: list[DayRollup] = []
    for rollup in rollups:
        part.append(rollup)
        if len(part) == DAYS_PER_WRITE or sum(one.events for one in part) >= EVENTS_PER_WRITE:
            yield part
            part = []
    if part:
        yield part


def _rollups(site: Site, days: DayRange, numbers: PersonNumbers, in_time: Callable[[], bool]) -> Iterator[DayRollup]:
    """The rollup of each day, in order, while there is time; only one day's entries are held at once."""
    waiting = [_Day(site, DayRange(day, day, days.zone)) for day in reversed(days)]
    seen = queries.computed(site.site_id, [day.isoformat() for day in days])
    read_at = now()
    events = queries.events_of(site, days)
    for chunk in _read_ahead(events):
        numbers.learn(chunk)
        for event in chunk:
            while event["timestamp"] >= waiting[-1].end:
                if not in_time():
                    return
                yield waiting.pop().rollup(numbers, seen, read_at)
            waiting[-1].add(event, numbers.of(event))
    while waiting and in_time():
        yield waiting.pop().rollup(numbers, seen, read_at)


def _read_ahead(events: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Events in chunks, the next of which is read while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(list, islice(events, EVENTS_AT_ONCE))
        while chunk := coming.result():
            coming = reader.submit(list, islice(events, EVENTS_AT_ONCE))
            yield chunk


class _Day:
    """Collects the events of one day."""

    def __init__(self, site: Site, days: DayRange) -> None:
        self.end = days.end
        self._days = days
        self._site = site
        self._date = days.first.isoformat()
        self._entries = DayEntries(days.start, site.funnels)
        self._metrics = DayMetrics(site)
        self._events = 0
        self._unknown = 0

    def add(self, event: dict[str, Any], person: int | None) -> None:
        """Count an event; one whose person is not stored yet only as such."""
        self._events += 1
        if person is None:
            self._unknown += 1
        else:
            self._entries.add(event, person)
            self._metrics.add(event, person)

    def rollup(self, numbers: PersonNumbers, seen: dict[str, str], read_at: Any) -> DayRollup:
        """What the day's events, sessions and orders come to."""
        orders = queries.orders_of(self._site.site_id, self._days)
        numbers.learn(orders)
        refunds = queries.refunds_of(self._site.site_id, self._days, self._site.currency)
        sessions = queries.sessions_of(self._site.site_id, self._days)
        figures = self._metrics.figures(sessions, orders, refunds, numbers)
        return DayRollup(
            date=self._date,
            seen=seen.get(self._date),
            metrics=self._document({"read_at": read_at, **figures}) if figures else None,
            funnels=list(funnel_documents(self._site, self._days.first, self._entries)),
            events=self._events,
            people_unknown=self._unknown + sum(numbers.of(order) is None for order in orders),
        )

    def _document(self, figures: dict[str, Any]) -> DayDocument:
        head = {
            "_id": f"{self._site.site_id}:{self._date}",
            "site_id": self._site.site_id,
            "date": self._date,
            "definition": definition(self._site),
            "token": str(ObjectId()),
        }
        return cast(DayDocument, {**head, **figures})
