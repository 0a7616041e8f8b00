"""Quarantine: bad input kept once, whole, with its reason; the same input again is the same document."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from pymongo import UpdateOne

from footfall.people.erased import anybody_erased, erased_among
from footfall.people.mentions import values_in
from footfall.quarantine_room import make_room
from footfall.schemas.quarantine import Origin, QuarantineDocument, Stage
from footfall.sites import find_site
from footfall.stores.collections import quarantine
from footfall.stores.mongo import Mongo

ERASED = "erased_person"
"""The reason of what spoke of somebody who was erased."""
UNKNOWN_SITE = "-"
"""The site of what cannot be read far enough to know its site."""
KEPT = timedelta(days=90)
"""So long an input may wait for its cause to be mended and its replay; as long as the ledger knows its message."""


def quarantined(
    site_id: str,
    stage: Stage,
    reason: str,
    detail: str,
    original: bytes,
    origin: Origin,
    seen: datetime,
    message_key: bytes | None = None,
    event_id: str | None = None,
) -> QuarantineDocument:
    """Returns the document of one bad input, under a key of what it is and where it stands: a retry finds itself."""
    return QuarantineDocument(
        _id=quarantine_key(site_id, original, origin.get("file", ""), origin.get("line", "")),
        site_id=site_id,
        stage=stage,
        reason=reason,
        detail=detail,
        original=original,
        origin=origin,
        first_seen=seen,
        state="waiting",
        message_key=message_key,
        event_id=event_id,
        attempts=0,
        size=len(original),
        expires_at=seen + KEPT,
    )


def quarantine_key(site_id: str, original: bytes, file: str = "", line: int | str = "") -> str:
    """Returns the key that an input of a site is kept under."""
    return f"{site_id}:{hashlib.sha256(f'{file}:{line}:'.encode() + original).hexdigest()}"


def nothing_of(document: QuarantineDocument) -> QuarantineDocument:
    """Returns the same without anything that the input said: it spoke of somebody who was erased."""
    source = document["origin"].get("source")
    return {
        **document,
        "reason": ERASED,
        "detail": "it speaks of somebody who was erased",
        "original": b"",
        "origin": Origin(source=source) if source else Origin(),
        "event_id": None,
        "state": "erased",
    }


def keep(database: Mongo, documents: Sequence[QuarantineDocument]) -> dict[str, QuarantineDocument]:
    """Store what is not there yet; returns what the store holds under each key, whoever brought it first.

    Of an input that speaks of somebody who was erased, only that it came. Where a site has more than it may, the oldest
    make room.
    """
    if not documents:
        return {}
    kept = {document["_id"]: document for document in _without_erased(database, documents)[::-1]}
    written = quarantine.of(database).bulk_write(
        [UpdateOne({"_id": key}, {"$setOnInsert": document}, upsert=True) for key, document in kept.items()],
        ordered=False,
    )
    if written.upserted_count < len(kept):
        stored = quarantine.of(database).find({"_id": {"$in": list(kept)}}, {"original": False})
        kept = kept | {found["_id"]: found for found in stored}
    if written.upserted_count:
        for site_id in {document["site_id"] for document in documents}:
            make_room(database, site_id)
    return kept


def _without_erased(database: Mongo, documents: Sequence[QuarantineDocument]) -> list[QuarantineDocument]:
    waiting = [document for document in documents if document["state"] == "waiting"]
    site = find_site(database, waiting[0]["site_id"]) if waiting else None
    if site is None or not anybody_erased(database, site.site_id):  # what is of no site is of no person of it
        return list(documents)
    told = {document["_id"]: frozenset(values_in(_text(document))) for document in waiting}
    erased = erased_among(database, site, {value for values in told.values() for value in values})
    return [
        document if erased.isdisjoint(told.get(document["_id"], ())) else nothing_of(document) for document in documents
    ]


def _text(document: QuarantineDocument) -> str:
    return document["original"].decode(errors="replace")


def note_replayed(database: Mongo, keys: Sequence[str], at: datetime) -> None:
    """Mark inputs that have been read again with success."""
    if keys:
        replayed = {"$set": {"state": "replayed", "replayed_at": at}}
        quarantine.of(database).update_many({"_id": {"$in": list(keys)}, "state": "waiting"}, replayed)


def note_tried(database: Mongo, keys: Sequence[str], message_id: str, at: datetime) -> None:
    """Count a failed replay of inputs, once for each message that asked for it; their reason stays the first."""
    if keys:
        untried = {"_id": {"$in": list(keys)}, "state": "waiting", "tried_by": {"$ne": message_id}}
        tried = {"$inc": {"attempts": 1}, "$set": {"tried_by": message_id, "tried_at": at}}
        quarantine.of(database).update_many(untried, tried)
