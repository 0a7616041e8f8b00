"""Orders: recomputed from every event that speaks of them."""

from collections import defaultdict
from datetime import datetime

from footfall.currencies import UNKNOWN
from footfall.days import zone_named
from footfall.events.commerce_fields import read_commerce
from footfall.orders.fold import ORDER_EVENTS, TELLING, fold_orders, name_of_another, order_id_of
from footfall.orders.tellings import commerce_of, currency_of, is_told, ranked
from footfall.schemas.event import EventDocument
from footfall.schemas.order import OrderDocument
from footfall.schemas.site import Site
from footfall.stores import collections
from footfall.stores.mongo import Mongo, duplicates
from pymongo import DeleteMany, ReplaceOne
from pymongo.errors import BulkWriteError

from .exchange import convert


def recompute(database: Mongo, site: Site, events: list[EventDocument]) -> list[datetime]:
    """Recompute the orders that events speak of; returns the moments of all that was ever told of them.

    Those orders were, and are, placed and refunded at some of these moments, whatever was known of them before.
    """
    order_ids = {order_id for event in events if (order_id := order_id_of(event))}
    if not order_ids:
        return []
    told = _events_of(database, site.site_id, order_ids, events)
    writes: list[ReplaceOne[OrderDocument] | DeleteMany] = []
    orders: list[OrderDocument] = []
    for order_id, found in told.items():
        folded = fold_orders(order_id, _in_one_currency(found), zone_named(site.time_zone))
        orders += folded
        writes += _no_longer(site.site_id, order_id, found, folded)
    _write(database, [*(_replace(order) for order in convert(database, site, orders)), *writes])
    return [event["timestamp"] for found in told.values() for event in found]


def _events_of(
    database: Mongo, site_id: str, order_ids: set[str], events: list[EventDocument]
) -> dict[str, list[EventDocument]]:
    # an order without an id of its own has just the one event
    groups: defaultdict[str, list[EventDocument]] = defaultdict(list)
    stored = collections.events.of(database).find(
        {"site_id": site_id, "commerce.order_id": {"$in": sorted(order_ids)}, "type": {"$in": sorted(ORDER_EVENTS)}}
    )
    unnamed = [event for event in events if (order_id_of(event) or "").startswith("event:")]
    for event in [*stored, *unnamed]:
        order_id = order_id_of(event)
        if order_id in order_ids:
            groups[order_id].append(event)
    return groups


def _in_one_currency(events: list[EventDocument]) -> list[EventDocument]:
    # what an event says without a currency is in the currency that another one says of the same order
    tellings = ranked(event for event in events if event["type"] in TELLING)
    currency = currency_of(tellings)
    if currency in (None, UNKNOWN) or all(commerce_of(event).get("currency") == currency for event in events):
        return events
    return [_read_again(event, currency) if not is_told(event, "currency") else event for event in events]


def _read_again(event: EventDocument, currency: str) -> EventDocument:
    flags: list[str] = []
    told = {"value": event.get("value"), **event.get("properties", {})}
    commerce = read_commerce(event["type"], told, currency, flags)
    return {**event, "commerce": commerce, "flags": [*event.get("flags", []), *flags]}


def _replace(order: OrderDocument) -> ReplaceOne[OrderDocument]:
    # unless a concurrent recompute, which saw more events, was quicker
    return ReplaceOne({"_id": order["_id"], "events": {"$lte": order["events"]}}, order, upsert=True)


def _no_longer(
    site_id: str, order_id: str, events: list[EventDocument], orders: list[OrderDocument]
) -> list[DeleteMany]:
    # who seemed to be another customer with an order of the same id
    users = {user_id for event in events if (user_id := event.get("user_id"))}
    if len(users) < 2:
        return []
    others = {f"{site_id}:{name_of_another(order_id, user_id)}" for user_id in users}
    gone = sorted(others - {order["_id"] for order in orders})
    return [DeleteMany({"_id": {"$in": gone}, "events": {"$lte": len(events)}})] if gone else []


def _write(database: Mongo, writes: list[ReplaceOne[OrderDocument] | DeleteMany]) -> None:
    try:
        if writes:
            collections.orders.of(database).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)
