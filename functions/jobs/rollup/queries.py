"""What a rollup reads."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from heapq import merge

from footfall.days import DayRange
from footfall.events.log import all_events_between, in_order
from footfall.funnels.steps import alternatives, kept_by_day
from footfall.lake import archive
from footfall.lake.contents import parts_of
from footfall.lake.definition import written_by
from footfall.orders.purchases import given_back
from footfall.schemas.event import NOT_A_VISIT, EventMoment, order_in_time
from footfall.schemas.lake import ArchivedDay, LakeDays, LakeEvent
from footfall.schemas.metrics import DayReading, DayToken
from footfall.schemas.order import OrderSums, OwnedOrder
from footfall.schemas.site import Site
from footfall.stores.collections import (
    archived_days,
    daily_metrics,
    events,
    lake_periods,
    orders,
    rollups,
    stale_days,
)
from footfall.stores.mongo import database


def marks_of(site_id: str) -> dict[str, object]:
    """Returns the stale days of a site, in order, and the token of each mark."""
    found = stale_days.of(database()).find({"site_id": site_id}).sort("date", 1)
    return {mark["date"]: mark["token"] for mark in found}


def defined(site_id: str) -> str | None:
    """Returns the definition of days and funnels by which all rollups of a site were computed; None when by several."""
    found = rollups.of(database()).find_one({"_id": site_id})
    return found.get("definition") if found else None


def computed(site_id: str, dates: list[str]) -> dict[str, str]:
    """Returns the token of each day that has figures."""
    ids = [f"{site_id}:{day}" for day in dates]
    found = daily_metrics.read(database(), DayToken, {"_id": {"$in": ids}})
    return {day["date"]: day["token"] for day in found}


def computed_otherwise(site_id: str, definition: str) -> set[str]:
    """Returns the days whose figures were computed by another definition of days and funnels, and their neighbours.

    In another time zone an event may belong to the day before or after.
    """
    found = daily_metrics.read(database(), DayReading, {"site_id": site_id, "definition": {"$ne": definition}})
    days = [date.fromisoformat(day["date"]) for day in found]
    return {(day + timedelta(days=shift)).isoformat() for day in days for shift in (-1, 0, 1)}


def events_of(site: Site, days: DayRange, archives: Sequence[ArchivedDay]) -> Iterator[LakeEvent]:
    """Returns the events of days, those of bots too, in the order of time; read in one question.

    `archives` are those of these days, known before. Of an event that is there and in MongoDB too, the archived one
    counts. Raises Damaged when a file of the archive is not as it was written.
    """
    found = all_events_between(database(), site.site_id, LakeEvent, days.start, days.end, parts=parts_of(site))
    return _with_archived(archives, days, in_order(found)) if archives else in_order(found)


def _with_archived(archives: Sequence[ArchivedDay], days: DayRange, stored: Iterator[LakeEvent]) -> Iterator[LakeEvent]:
    with ExitStack() as files:
        fetched = [files.enter_context(archive.fetched(one["key"])) for one in archives]
        known = {event.event_id for file in fetched for event in archive.stored_in(file)}
        late = (event for event in stored if event["event_id"] not in known)
        archived: list[Iterator[LakeEvent]] = [archive.events_in(file, days.start, days.end) for file in fetched]
        yield from merge(*archived, late, key=order_in_time)


def not_counted(site: Site) -> frozenset[str]:
    """Returns the types of events that no figure of a site counts."""
    words = frozenset().union(*(alternatives(step) for funnel in kept_by_day(site) for step in funnel.steps))
    return NOT_A_VISIT - words


def first_and_last_event(site_id: str) -> tuple[datetime, datetime] | None:
    """Returns when the earliest and the latest event of a site happened, those of archived days to the day.

    None without any.
    """
    ends = [
        events.read(database(), EventMoment, {"site_id": site_id}).sort([("site_id", way), ("timestamp", way)]).limit(1)
        for way in (1, -1)
    ]
    found = [event["timestamp"] for end in ends for event in end]
    for way in (1, -1):
        last = archived_days.of(database()).find_one({"site_id": site_id}, sort=[("site_id", way), ("start", way)])
        found += [last["start"]] if last else []
    return (min(found), max(found)) if found else None


def in_the_lake(site: Site) -> set[str]:
    """Returns the days that the lake holds as the site's present settings have them."""
    found = lake_periods.read(database(), LakeDays, {"site_id": site.site_id, **written_by(site)})
    return {day["date"] for period in found for day in period["days"]}


def orders_of(site_id: str, day: DayRange) -> list[OwnedOrder]:
    """Returns the orders placed on a day, in whatever currency and of nothing too."""
    placed = {"site_id": site_id, "placed_at": {"$gte": day.start, "$lt": day.end}}
    return orders.read(database(), OwnedOrder, placed).to_list()


def refunds_of(site: Site, day: DayRange) -> int:
    """Returns what was given back on a day in the site's currency, in minor units."""
    on_day = {"$elemMatch": {"at": {"$gte": day.start, "$lt": day.end}}}
    refunded = {"site_id": site.site_id, "refunds": on_day, "currency": site.currency}
    found = orders.read(database(), OrderSums, refunded)
    return sum(given_back(order, day.start, day.end) for order in found)
