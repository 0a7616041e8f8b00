"""The imports that catalog knows of."""

import secrets
from typing import cast

from footfall.clock import now
from footfall.errors import NotFound
from footfall.schemas.imports import ImportDocument
from footfall.schemas.message import IMPORT_SOURCE
from footfall.stores.mongo import database

from .answers import ImportOut, ImportRequest


def announce(site_id: str, request: ImportRequest) -> ImportDocument:
    """Write down a new import, which waits for its files."""
    import_id = secrets.token_hex(8)
    announced_at = now()
    document = ImportDocument(
        _id=f"{site_id}:{import_id}",
        site_id=site_id,
        import_id=import_id,
        kind=request.kind,
        state="queued",
        files=[file.model_dump() for file in request.files],
        rows_read=0,
        rows_sent=0,
        rows_repeated=0,
        rows_quarantined=0,
        events_sent=0,
        first_day=None,
        last_day=None,
        reasons={},
        problems=[],
        checkpoint=None,
        holder=None,
        attempts=0,
        error=None,
        created_at=announced_at,
        started_at=None,
        updated_at=announced_at,
        finished_at=None,
    )
    database()["imports"].insert_one(dict(document))
    return document


def find(site_id: str, import_id: str) -> ImportOut:
    """An import of a site; raises NotFound for another site's."""
    document = cast("ImportDocument | None", database()["imports"].find_one({"_id": f"{site_id}:{import_id}"}))
    if document is None:
        raise NotFound("no import has this id")
    refused = _refused(document)
    stored = min(_processed(document), document["events_sent"]) - refused
    return ImportOut.model_validate({**document, "events_stored": max(stored, 0), "events_refused": refused})


def _processed(document: ImportDocument) -> int:
    """How many of the import's events etl/events is done with; a message sent twice is counted twice."""
    source = f"{IMPORT_SOURCE}{document['import_id']}"
    mine = {"site_id": document["site_id"], "source": source}
    done = {"$sum": {"$subtract": ["$events", "$waiting"]}}
    sums = database()["ledger"].aggregate([{"$match": mine}, {"$group": {"_id": None, "events": done}}])
    return sum(int(found["events"]) for found in sums)


def _refused(document: ImportDocument) -> int:
    source = f"{IMPORT_SOURCE}{document['import_id']}"
    since = {"$gte": document["created_at"]}
    return database()["quarantine"].count_documents(
        {"site_id": document["site_id"], "first_seen": since, "origin.source": source, "state": "waiting"}
    )
