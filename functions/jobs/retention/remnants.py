"""Events are removed; of those that tell of orders or of traits a remnant is kept, before they go."""

from datetime import datetime

from footfall.chunks import chunks
from footfall.clock import now
from footfall.events.remnants import remnant_of, told_at_last
from footfall.orders.fold import ORDER_EVENTS
from footfall.schemas.event import ToldEvent
from footfall.schemas.remnant import RemnantDocument
from footfall.stores.collections import events, remnants
from footfall.stores.mongo import Condition, Mongo
from pymongo import UpdateOne

TELLING: list[Condition] = [{"type": {"$in": sorted(ORDER_EVENTS)}}, {"traits": {"$type": "object"}}]
REMOVED_AT_ONCE = 1_000


def remove_events(database: Mongo, old: Condition) -> int:
    """Remove the events that a condition holds for; returns how many. It can be done again after it ended anywhere."""
    removed = events.of(database).delete_many({**old, "$nor": TELLING}).deleted_count
    # by their keys: one that is stored meanwhile has no remnant yet
    for some in chunks(events.of(database).find({**old, "$or": TELLING}), REMOVED_AT_ONCE):
        remnants.of(database).bulk_write([_keeping(event, now()) for event in some], ordered=False)
        gone = {"_id": {"$in": [event["_id"] for event in some]}}
        removed += events.of(database).delete_many(gone).deleted_count
    return removed


def _keeping(event: ToldEvent, removed_at: datetime) -> UpdateOne:
    kept: RemnantDocument = remnant_of(event, removed_at)
    told = told_at_last(event)
    first = {name: value for name, value in kept.items() if name not in ("_id", "retold_at")}
    return UpdateOne(
        {"_id": event["_id"]},
        {"$setOnInsert": first, **({"$max": {"retold_at": told}} if told else {})},
        upsert=True,
    )
