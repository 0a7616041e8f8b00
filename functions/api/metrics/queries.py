"""What the metrics routes ask of MongoDB."""

from datetime import date, datetime
from typing import Any

from footfall.customers.rfm_segments import AT_RISK, CANNOT_LOSE, CHAMPIONS, LOYAL
from footfall.days import DayRange
from footfall.rollups import Rollups
from footfall.schemas.site import Funnel
from footfall.stores.mongo import database

Document = dict[str, Any]
DAY = {"_id": 0, "site_id": 0, "definition": 0, "token": 0, "read_at": 0, "buyers": 0}
ENTRIES = {"_id": 0, "date": 1, "order": 1, "entries.people": 1, "entries.ranks": 1}
HIGH_VALUE = [CHAMPIONS.name, LOYAL.name]
AWAY = [AT_RISK.name, CANNOT_LOSE.name]
BATCH = 20_000


def days_of(rollups: Rollups, days: DayRange) -> dict[date, Document]:
    """The figures of each day of a range that has any."""
    query = {"site_id": rollups.site.site_id, "date": days.dates}
    found = database()["daily_metrics"].find(query, DAY, batch_size=BATCH, session=rollups.session)
    return {date.fromisoformat(day["date"]): day for day in found}


def funnel_entries(rollups: Rollups, days: DayRange, funnel: Funnel) -> list[Document]:
    """The rolled-up entries to the steps of a funnel."""
    query = {
        "site_id": rollups.site.site_id,
        "funnel": funnel.name,
        "date": days.dates,
        "entries.count": {"$gt": 0},
        "order": {"$lte": len(funnel.steps)},
    }
    return list(database()["funnel_analytics"].find(query, ENTRIES, batch_size=BATCH, session=rollups.session))


def span_of_orders(rollups: Rollups) -> tuple[datetime, datetime] | None:
    """When the first and the last of a site's orders and refunds were; None where there are none."""
    moments = [
        order[field]
        for field in ("placed_at", "refunded_at")
        for direction in (1, -1)
        for order in database()["orders"]
        .find({"site_id": rollups.site.site_id, field: {"$type": "date"}}, {field: 1}, session=rollups.session)
        .sort([("site_id", direction), (field, direction)])
        .limit(1)
    ]
    return (min(moments), max(moments)) if moments else None


def purchases(rollups: Rollups, until: datetime, active_since: datetime, churned_before: datetime) -> list[Document]:
    """What was bought before a moment, by known customers (`known`) and by guests, and how many are active."""
    placed = {"site_id": rollups.site.site_id, "placed_at": {"$type": "date", "$lt": until}, "total": {"$gt": 0}}
    pipeline: list[Document] = [
        {"$match": {**placed, "currency": rollups.site.currency}},
        {
            "$group": {
                "_id": "$user_id",
                "orders": {"$sum": 1},
                "revenue": {"$sum": "$total"},
                "last": {"$max": "$placed_at"},
            }
        },
        {
            "$group": {
                "_id": {"$ne": ["$_id", None]},
                "people": {"$sum": 1},
                "orders": {"$sum": "$orders"},
                "revenue": {"$sum": "$revenue"},
                "active": {"$sum": {"$cond": [{"$gte": ["$last", active_since]}, 1, 0]}},
                "churned": {"$sum": {"$cond": [{"$lt": ["$last", churned_before]}, 1, 0]}},
            }
        },
        {"$set": {"known": "$_id"}},
    ]
    return list(database()["orders"].aggregate(pipeline, session=rollups.session))


def refunds(rollups: Rollups, until: datetime) -> int:
    """What was given back before a moment, in minor units."""
    refunded = {"site_id": rollups.site.site_id, "refunded_at": {"$type": "date", "$lt": until}}
    pipeline: list[Document] = [
        {"$match": {**refunded, "currency": rollups.site.currency}},
        {"$group": {"_id": None, "refunded": {"$sum": "$refunded"}}},
    ]
    return sum(group["refunded"] for group in database()["orders"].aggregate(pipeline, session=rollups.session))


def customers_in_segments(rollups: Rollups) -> tuple[int, int]:
    """How many customers are of high value, and how many at risk, as the last training left them."""
    pipeline: list[Document] = [
        {"$match": {"site_id": rollups.site.site_id, "rfm_segment": {"$in": [*HIGH_VALUE, *AWAY]}}},
        {"$group": {"_id": "$rfm_segment", "customers": {"$sum": 1}}},
    ]
    found = database()["customers"].aggregate(pipeline, session=rollups.session)
    sizes = {group["_id"]: group["customers"] for group in found}
    return sum(sizes.get(name, 0) for name in HIGH_VALUE), sum(sizes.get(name, 0) for name in AWAY)
