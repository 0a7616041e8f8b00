"""What the store holds of people's behaviour: everybody's, for training, or some people's, in one and the same way."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import Any, cast

from pymongo.database import Database

from footfall.customers.behaviour import ORDER_EVENT_TYPES
from footfall.schemas.event import EventDocument
from footfall.schemas.order import OrderDocument
from footfall.sessions.fold import NOT_A_VISIT

Mongo = Database[dict[str, Any]]
MOST_EVENTS = 10_000
"""Of a visitor with more events than this, the latest count: nobody clicks that much by hand."""
BY_VISITOR = [("site_id", 1), ("visitor_id", 1), ("timestamp", 1)]
EVENT_FIELDS = {
    "_id": 0,
    **dict.fromkeys(["event_id", "type", "name", "visitor_id", "user_id", "session_id", "timestamp", "received_at"], 1),
    **dict.fromkeys(["sequence", "path", "page_type", "device", "element", "coordinates", "value", "duration"], 1),
    "commerce.lines.product_id": 1,
    "commerce.lines.category": 1,
}
ORDER_FIELDS = {
    "_id": 0,
    **dict.fromkeys(
        ["order_id", "person_id", "user_id", "placed_at", "refunded_at", "currency", "total", "refunded"], 1
    ),
    **{f"lines.{field}": 1 for field in ("product_id", "category", "quantity")},
}


def links(database: Mongo, site_id: str) -> dict[str, str]:
    """Whom each visitor turned out to be, of those that turned out to be somebody."""
    linked = database["users"].find(
        {"site_id": site_id, "link": {"$exists": True}}, {"person_id": 1, "link.person_id": 1}
    )
    return {found["person_id"]: found["link"]["person_id"] for found in linked}


def events_by_visitor(
    database: Mongo, site_id: str, visitor_ids: Collection[str] | None = None
) -> Iterator[list[EventDocument]]:
    """The events of visits, bots left out, visitor by visitor in order of time; of all visitors or of these."""
    query: dict[str, Any] = {
        "site_id": site_id,
        "type": {"$nin": sorted(NOT_A_VISIT | ORDER_EVENT_TYPES)},
        "bot": {"$ne": True},
    }
    if visitor_ids is not None:
        query["visitor_id"] = {"$in": sorted(visitor_ids)}
    found = database["events"].find(query, EVENT_FIELDS).sort(BY_VISITOR).hint(BY_VISITOR).batch_size(5_000)
    for _, events in groupby(cast(Iterable[EventDocument], found), key=lambda event: event["visitor_id"]):
        yield list(deque(events, maxlen=MOST_EVENTS))


def orders(database: Mongo, site_id: str, person_ids: Collection[str] | None = None) -> Iterator[OrderDocument]:
    """Orders and lone refunds in the order they were placed; of everybody or of these."""
    query: dict[str, Any] = {"site_id": site_id}
    if person_ids is not None:
        query["person_id"] = {"$in": sorted(person_ids)}
    found = database["orders"].find(query, ORDER_FIELDS).sort([("placed_at", 1), ("order_id", 1)]).allow_disk_use(True)
    yield from cast(Iterable[OrderDocument], found)
