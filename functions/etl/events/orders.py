"""Orders: recomputed from every event that speaks of them."""

from collections import defaultdict
from datetime import datetime

from footfall.orders.fold import ORDER_EVENTS, fold_order, order_id_of
from footfall.schemas.event import EventDocument
from footfall.schemas.order import OrderDocument
from footfall.stores import collections
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError


def recompute(database: Mongo, site_id: str, events: list[EventDocument]) -> list[datetime]:
    """Recompute the orders that events speak of; returns when those orders were placed and refunded."""
    order_ids = {order_id for event in events if (order_id := order_id_of(event))}
    if not order_ids:
        return []
    orders = [
        fold_order(order_id, found) for order_id, found in _events_of(database, site_id, order_ids, events).items()
    ]
    _write(database, orders)
    moments = [moment for order in orders for moment in (order["placed_at"], order["refunded_at"])]
    return [moment for moment in moments if moment]


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


def _write(database: Mongo, orders: list[OrderDocument]) -> None:
    # unless a concurrent recompute, which saw more events, was quicker
    writes = [
        ReplaceOne({"_id": order["_id"], "events": {"$lte": order["events"]}}, order, upsert=True) for order in orders
    ]
    try:
        collections.orders.of(database).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)
