"""The imports that catalog knows of: announced by itself, and carried on by etl/imports."""

import secrets
from datetime import date
from typing import TypedDict

from footfall.aws import objects
from footfall.clock import now
from footfall.errors import NotFound
from footfall.imports.announcement import MAX_ANNOUNCEMENT_BYTES, announcement_key, waiting_import
from footfall.schemas.imports import AnnouncedFile, Announcement, ImportDocument, ReaderDocument, RowProblem, is_told
from footfall.schemas.message import IMPORT_SOURCE
from footfall.settings import UploadsSettings, from_environment
from footfall.stores.collections import imports, ledger, quarantine
from footfall.stores.mongo import Pipeline, database

from .answers import FileReading, ImportOut, ImportRequest


class _Processed(TypedDict):
    events: int


def announce(site_id: str, request: ImportRequest) -> str:
    """Keep a new import's announcement beside its uploads; returns its id. Raises Unavailable when S3 takes nothing."""
    import_id = secrets.token_hex(8)
    announcement = Announcement(kind=request.kind, files=request.files, options=request.options, created_at=now())
    objects.put(_bucket(), announcement_key(site_id, import_id), announcement.model_dump_json().encode())
    return import_id


def find(site_id: str, import_id: str) -> ImportOut:
    """Returns how far an import of a site is; raises NotFound for another site's."""
    document = imports.of(database()).find_one({"_id": f"{site_id}:{import_id}"})
    return _started(document) if document else _answer(_waiting(site_id, import_id), stored=0, refused=0)


def _waiting(site_id: str, import_id: str) -> ImportDocument:
    told = objects.get(_bucket(), announcement_key(site_id, import_id), MAX_ANNOUNCEMENT_BYTES)
    if told is None:
        raise NotFound("no import has this id")
    return waiting_import(site_id, import_id, Announcement.model_validate_json(told))


def _bucket() -> str:
    settings = from_environment(UploadsSettings)
    return settings.uploads_bucket


def _started(document: ImportDocument) -> ImportOut:
    refused = _refused(document)
    stored = min(_processed(document), document["events_sent"]) - refused
    return _answer(document, max(stored, 0), refused)


def _processed(document: ImportDocument) -> int:
    # how many events etl/events is done with: a message that was sent twice is counted twice
    mine = {"site_id": document["site_id"], "source": f"{IMPORT_SOURCE}{document['import_id']}"}
    done = {"$sum": {"$subtract": ["$events", "$waiting"]}}
    pipeline: Pipeline = [{"$match": mine}, {"$group": {"_id": None, "events": done}}]
    return sum(int(found["events"]) for found in ledger.aggregate(database(), _Processed, pipeline))


def _refused(document: ImportDocument) -> int:
    source = f"{IMPORT_SOURCE}{document['import_id']}"
    since = {"$gte": document["created_at"]}
    return quarantine.of(database()).count_documents(
        {"site_id": document["site_id"], "first_seen": since, "origin.source": source, "state": "waiting"}
    )


def _answer(document: ImportDocument, stored: int, refused: int) -> ImportOut:
    return ImportOut(
        import_id=document["import_id"],
        kind=document["kind"],
        state=document["state"],
        files=[AnnouncedFile(name=file["name"], size=file["size"]) for file in document["files"]],
        readings=_readings(document),
        rows_read=document["rows_read"],
        rows_sent=document["rows_sent"],
        rows_repeated=document["rows_repeated"],
        rows_quarantined=document["rows_quarantined"],
        events_sent=document["events_sent"],
        events_stored=stored,
        events_refused=refused,
        first_day=_day(document["first_day"]),
        last_day=_day(document["last_day"]),
        reasons=document["reasons"],
        problems=[RowProblem(**problem) for problem in document["problems"]],
        error=document["error"],
        created_at=document["created_at"],
        started_at=document["started_at"],
        finished_at=document["finished_at"],
    )


def _readings(document: ImportDocument) -> list[FileReading]:
    readers = document.get("readers", [])
    if not all(map(is_told, readers)):
        return []
    names = [file["name"] for file in document["files"]]
    return [_reading(name, reader) for name, reader in zip(names, readers, strict=False)]


def _reading(name: str, reader: ReaderDocument) -> FileReading:
    return FileReading(
        file=name,
        layout=reader["layout"],
        delimiter=reader["delimiter"],
        encoding=reader["encoding"],
        decimal=reader["decimal"],
        dates=reader["dates"],
        time_zone=reader["time_zone"],
        columns={reader["header"][place]: field for field, place in reader["fields"].items()},
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
