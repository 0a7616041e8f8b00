"""Storing events: one unordered insert under natural keys; a key that is there already is success."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from footfall.schemas.event import EventDocument
from footfall.stores.mongo import duplicates
from pymongo.database import Database
from pymongo.errors import BulkWriteError


def insert(
    database: Database[dict[str, Any]], events: list[EventDocument]
) -> tuple[dict[str, EventDocument], set[str]]:
    """Store events; the answer is what the store holds under each of their keys, and the keys that it held before."""
    kept: dict[str, EventDocument] = {}
    for event in events:
        kept.setdefault(event["_id"], event)
    before = {document["_id"]: document for document in _already_stored(database, list(kept.values()))}
    return kept | before, set(before)


def _already_stored(database: Database[dict[str, Any]], events: list[EventDocument]) -> list[EventDocument]:
    if not events:
        return []
    collection = database["events"]
    try:
        collection.insert_many(cast(list[dict[str, Any]], events), ordered=False)
    except BulkWriteError as error:
        ids = [document["_id"] for document in duplicates(error)]
        return [*collection.find({"_id": {"$in": ids}})]
    return []


def note_repeated(database: Database[dict[str, Any]], events: Iterable[EventDocument], at: datetime) -> None:
    """Note in events that came again when they did so first, for their receipts."""
    names = [event["_id"] for event in events if "repeated_at" not in event]
    if names:
        repeated = {"$set": {"repeated_at": at}}
        database["events"].update_many({"_id": {"$in": names}, "repeated_at": {"$exists": False}}, repeated)
