"""Storing events: one unordered insert under natural keys; a key that is there already is success."""

from typing import Any

from footfall.schemas.event import EventDocument
from footfall.stores.mongo import duplicates
from pymongo.database import Database
from pymongo.errors import BulkWriteError

Stored = list[EventDocument]
Conflicts = list[EventDocument]


def insert(database: Database[dict[str, Any]], events: list[EventDocument]) -> tuple[Stored, Conflicts]:
    """Store events; the answer is the same events as the store holds them, and those whose id has another body."""
    kept: dict[str, EventDocument] = {}
    conflicts: Conflicts = []
    for event in events:
        first = kept.setdefault(event["_id"], event)
        if first["body_sha256"] != event["body_sha256"]:
            conflicts.append(event)
    for document in _already_stored(database, list(kept.values())):
        if document["body_sha256"] != kept[document["_id"]]["body_sha256"]:
            conflicts.append(kept[document["_id"]])
        kept[document["_id"]] = document
    return list(kept.values()), conflicts


def _already_stored(database: Database[dict[str, Any]], events: list[EventDocument]) -> list[EventDocument]:
    if not events:
        return []
    collection = database["events"]
    try:
        collection.insert_many([dict(event) for event in events], ordered=False)
    except BulkWriteError as error:
        ids = [document["_id"] for document in duplicates(error)]
        return [*collection.find({"_id": {"$in": ids}})]
    return []
