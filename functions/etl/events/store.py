"""Storing events: one unordered insert under natural keys; a key that is there already is success."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from footfall.schemas.event import EventDocument
from footfall.schemas.message import IMPORT_SOURCE
from footfall.stores import collections
from footfall.stores.mongo import Mongo, duplicates
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError


def insert(database: Mongo, events: list[EventDocument]) -> tuple[dict[str, EventDocument], set[str]]:
    """Store events; returns what the store holds under each of their keys, and the keys that it held before."""
    kept: dict[str, EventDocument] = {}
    for event in events:
        kept.setdefault(event["_id"], event)
    before = {document["_id"]: document for document in _already_stored(database, list(kept.values()))}
    return kept | before, set(before)


def _already_stored(database: Mongo, events: list[EventDocument]) -> list[EventDocument]:
    if not events:
        return []
    try:
        collections.events.of(database).insert_many(events, ordered=False)
    except BulkWriteError as error:
        ids = [document["_id"] for document in duplicates(error)]
        return collections.events.of(database).find({"_id": {"$in": ids}}).to_list()
    return []


def note_retold(database: Mongo, kept: Mapping[str, EventDocument], arrived: Iterable[EventDocument]) -> None:
    """Note in events that a later import brought again when it was made: what it tells is the newest word.

    It is noted in what is `kept` in the store and in those documents themselves.
    """
    writes = []
    for event in arrived:
        stored, at = kept[event["_id"]], event["received_at"]
        if event["source"].startswith(IMPORT_SOURCE) and at > stored.get("retold_at", stored["received_at"]):
            stored["retold_at"] = at
            writes.append(UpdateOne({"_id": event["_id"]}, {"$max": {"retold_at": at}}))
    if writes:
        collections.events.of(database).bulk_write(writes, ordered=False)


def note_repeated(database: Mongo, events: Iterable[EventDocument], at: datetime) -> None:
    """Note in events that came again when they did so first, for their receipts."""
    names = [event["_id"] for event in events if "repeated_at" not in event]
    if names:
        repeated = {"$set": {"repeated_at": at}}
        collections.events.of(database).update_many(
            {"_id": {"$in": names}, "repeated_at": {"$exists": False}}, repeated
        )
