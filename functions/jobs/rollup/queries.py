"""What a rollup reads."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from footfall.days import DayRange
from footfall.events.log import all_events_between, in_order
from footfall.funnels.steps import alternatives, kept_by_day
from footfall.lake.contents import parts_of
from footfall.lake.definition import written_by
from footfall.orders.purchases import given_back
from footfall.schemas.event import NOT_A_VISIT, EventMoment
from footfall.schemas.lake import LakeDays, LakeEvent
from footfall.schemas.metrics import DayReading, DayToken
from footfall.schemas.order import OrderSums, OwnedOrder
from footfall.schemas.site import Site
from footfall.stores.collections import daily_metrics, events, lake_periods, orders, rollups, stale_days
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


def events_of(site: Site, days: DayRange) -> Iterator[LakeEvent]:
    """Returns the events of days, those of bots too, in the order of time; read in one question."""
    found = all_events_between(database(), site.site_id, LakeEvent, days.start, days.end, parts=parts_of(site))
    return in_order(found)


def not_counted(site: Site) -> frozenset[str]:
    """Returns the types of events that no figure of a site counts."""
    words = frozenset().union(*(alternatives(step) for funnel in kept_by_day(site) for step in funnel.steps))
    return NOT_A_VISIT - words


def first_and_last_event(site_id: str) -> tuple[datetime, datetime] | None:
    """Returns when the earliest and the latest event of a site happened; None without any."""
    ends = [
        events.read(database(), EventMoment, {"site_id": site_id}).sort([("site_id", way), ("timestamp", way)]).limit(1)
        for way in (1, -1)
    ]
    found = [event["timestamp"] for end in ends for event in end]
    return (found[0], found[1]) if found else None


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
