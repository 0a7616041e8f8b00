"""Stale days computed anew, in runs of neighbouring days."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, cast

from bson import ObjectId
from footfall.clock import now
from footfall.days import DayRange, zone_named
from footfall.funnels.rollup import DayEntries, funnel_documents
from footfall.funnels.steps import definition
from footfall.schemas.metrics import DayDocument
from footfall.schemas.site import Site
from footfall.stores.mongo import database
from footfall.stores.people import Numbers

from . import queries
from .metrics import DayMetrics
from .writing import DayRollup

DAYS_PER_WRITE = 20


def recompute(site: Site, dates: Iterable[str], in_time: Callable[[], bool]) -> Iterator[list[DayRollup]]:
    """The rollups of days, some at a time to be written; ends early when time is up."""
    zone = zone_named(site.time_zone)
    numbers = Numbers(database(), site.site_id)
    for run in _runs([date.fromisoformat(day) for day in dates]):
        days = _rollups(site, DayRange(run[0], run[-1], zone), numbers, in_time)
        while part := list(islice(days, DAYS_PER_WRITE)):
            yield part


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


def _rollups(site: Site, days: DayRange, numbers: Numbers, in_time: Callable[[], bool]) -> Iterator[DayRollup]:
    seen = queries.computed(site.site_id, [day.isoformat() for day in days])
    read_at = now()
    for day, events in queries.events_by_day(site, days):
        if not in_time():
            return
        yield _rollup(site, DayRange(day, day, days.zone), events, numbers, seen.get(day.isoformat()), read_at)


def _rollup(
    site: Site, day: DayRange, events: list[dict[str, Any]], numbers: Numbers, seen: str | None, read_at: datetime
) -> DayRollup:
    orders = queries.orders_of(site.site_id, day)
    numbers.learn([*events, *orders])
    entries, metrics, unknown = DayEntries(day.start, site.funnels), DayMetrics(site), 0
    for event in events:
        person = numbers.of(event)
        if person is None:
            unknown += 1
            continue
        entries.add(event, person)
        metrics.add(event, person)
    refunds = queries.refunds_of(site.site_id, day, site.currency)
    figures = metrics.figures(queries.sessions_of(site.site_id, day), orders, refunds, numbers)
    return DayRollup(
        date=day.first.isoformat(),
        seen=seen,
        metrics=_document(site, day.first, figures, read_at) if figures else None,
        funnels=list(funnel_documents(site, day.first, entries)),
        events=len(events),
        people_unknown=unknown + sum(numbers.of(order) is None for order in orders),
    )


def _document(site: Site, day: date, figures: dict[str, Any], read_at: datetime) -> DayDocument:
    head = {
        "_id": f"{site.site_id}:{day}",
        "site_id": site.site_id,
        "date": day.isoformat(),
        "definition": definition(site),
        "token": str(ObjectId()),
        "read_at": read_at,
    }
    return cast(DayDocument, {**head, **figures})
