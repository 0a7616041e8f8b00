"""What a rollup reads."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from footfall.days import DayRange
from footfall.funnels.steps import alternatives
from footfall.schemas.event import order_in_time
from footfall.schemas.site import Site
from footfall.sessions.fold import NOT_A_VISIT
from footfall.stores.mongo import database

Document = dict[str, Any]
EVENT = {
    "_id": 0,
    **dict.fromkeys(["timestamp", "received_at", "sequence", "event_id", "type", "name", "page_type", "path"], 1),
    **dict.fromkeys(["device", "user_id", "person_id"], 1),
}
ORDER = {"_id": 0, "user_id": 1, "person_id": 1, "total": 1, "currency": 1}
EVENTS_PER_BATCH = 20_000


def marks_of(site_id: str) -> dict[str, Any]:
    """The stale days of a site, in order, and the token of each mark."""
    found = database()["stale_days"].find({"site_id": site_id}).sort("date", 1)
    return {mark["date"]: mark["token"] for mark in found}


def defined(site_id: str) -> str | None:
    """The definition of a site's days and funnels by which all its rollups were computed; None when by several."""
    found = database()["rollups"].find_one({"_id": site_id}, {"definition": 1}) or {}
    return found.get("definition")


def computed(site_id: str, dates: list[str]) -> dict[str, str]:
    """The token of each day that has figures."""
    ids = [f"{site_id}:{day}" for day in dates]
    found = database()["daily_metrics"].find({"_id": {"$in": ids}}, {"date": 1, "token": 1})
    return {day["date"]: day["token"] for day in found}


def computed_otherwise(site_id: str, definition: str) -> set[str]:
    """The days whose figures were computed by another definition of the site's days and funnels, and their neighbours.

    In another time zone an event may belong to the day before or after.
    """
    found = database()["daily_metrics"].find({"site_id": site_id, "definition": {"$ne": definition}}, {"date": 1})
    days = [date.fromisoformat(day["date"]) for day in found]
    return {(day + timedelta(days=shift)).isoformat() for day in days for shift in (-1, 0, 1)}


def events_of(site: Site, days: DayRange) -> Iterator[Document]:
    """The events of a range of days that a rollup counts, bots left out, in the order of time; read in one question."""
    words = frozenset().union(*(alternatives(step) for funnel in site.funnels for step in funnel.steps))
    query = {
        "site_id": site.site_id,
        "timestamp": {"$gte": days.start, "$lt": days.end},
        "type": {"$nin": sorted(NOT_A_VISIT - words)},
        "bot": False,
    }
    found = database()["events"].find(query, EVENT, batch_size=EVENTS_PER_BATCH)
    for _, at_once in groupby(found.sort([("site_id", 1), ("timestamp", 1)]), itemgetter("timestamp")):
        events: list[Any] = list(at_once)
        yield from sorted(events, key=order_in_time) if len(events) > 1 else events


def sessions_of(site_id: str, day: DayRange) -> list[Document]:
    """A day's sessions by device and source: how many, how many bounced and bought, and their seconds."""
    pipeline: list[Document] = [
        {"$match": {"site_id": site_id, "started_at": {"$gte": day.start, "$lt": day.end}, "bot": False}},
        {
            "$group": {
                "_id": {"device": "$device", "source": {"$ifNull": ["$attribution.source", "direct"]}},
                "sessions": {"$sum": 1},
                "bounces": {"$sum": {"$cond": ["$bounce", 1, 0]}},
                "conversions": {"$sum": {"$cond": ["$converted", 1, 0]}},
                "session_seconds": {"$sum": "$duration"},
            }
        },
    ]
    return [{**group.pop("_id"), **group} for group in database()["user_sessions"].aggregate(pipeline)]


def orders_of(site_id: str, day: DayRange) -> list[Document]:
    """The orders placed on a day."""
    placed = {"site_id": site_id, "placed_at": {"$gte": day.start, "$lt": day.end}}
    return list(database()["orders"].find(placed, ORDER))


def refunds_of(site_id: str, day: DayRange, currency: str) -> int:
    """What was given back for orders first refunded on a day, in minor units."""
    on_day = {"$type": "date", "$gte": day.start, "$lt": day.end}  # without $type the partial index is not used
    refunded = {"site_id": site_id, "refunded_at": on_day, "currency": currency}
    return sum(order["refunded"] for order in database()["orders"].find(refunded, {"refunded": 1}))
