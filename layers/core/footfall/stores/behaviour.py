"""What the store holds of people's behaviour: everybody's, for training, or some people's, in one and the same way."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, cast

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
    found = database["orders"].find(query, ORDER_FIELDS).sort("placed_at", 1)
    yield from cast(Iterable[OrderDocument], found)


class Identities(NamedTuple):
    """Who some people are, and every visitor id that they were seen under, with whom each of those turned out to be."""

    people: set[str]
    visitors: dict[str, str]


def identities(database: Mongo, site_id: str, person_ids: Collection[str]) -> Identities:
    """Who these people are; asked of a visitor who turned out to be somebody, it answers for that person."""
    asked = {found["person_id"]: _is(found) for found in _people(database, site_id, person_ids)}
    people = {asked.get(person_id, person_id) for person_id in person_ids}
    seen = {visitor for found in _people(database, site_id, people) for visitor in found.get("merged_ids", [])}
    visitors = {visitor: visitor for visitor in seen | people | set(person_ids)}
    return Identities(people, visitors | {found["person_id"]: _is(found) for found in _people(database, site_id, seen)})


def _is(person: Mapping[str, Any]) -> str:
    return str((person.get("link") or person)["person_id"])


def _people(database: Mongo, site_id: str, person_ids: Iterable[str]) -> list[dict[str, Any]]:
    keys = [f"{site_id}:{person_id}" for person_id in person_ids]
    fields = {"person_id": 1, "link.person_id": 1, "merged_ids": 1}
    return list(database["users"].find({"_id": {"$in": keys}}, fields))


def people_seen_since(database: Mongo, site_id: str, moment: datetime) -> set[str]:
    """Everybody whose sessions were recomputed since a moment, visitors who are somebody else among them."""
    found = database["user_sessions"].find({"site_id": site_id, "computed_at": {"$gte": moment}}, {"person_id": 1})
    return {session["person_id"] for session in found}
