"""How far an import has come: its document in `imports`, and who carries it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from footfall.aws import objects
from footfall.clock import now
from footfall.imports.announcement import MAX_ANNOUNCEMENT_BYTES, announcement_key, waiting_import
from footfall.imports.kind import Destination, Kind, Refused
from footfall.imports.reader import Reader, document_of
from footfall.schemas.imports import (
    Announcement,
    Checkpoint,
    ImportDocument,
    ImportFigures,
    ProblemDocument,
    TallyDocument,
)
from footfall.settings import UploadsSettings, from_environment
from footfall.stores.collections import imports
from footfall.stores.mongo import database
from pymongo import ReturnDocument

from .messages import ImportRef
from .spool import START, Position, RowSpool

NOTE_SECONDS = 1.0
PROBLEMS_NAMED = 20
ABANDONED = timedelta(minutes=20)
"""Longer than one invocation may take: whoever carried an import without a word for so long is gone."""


@dataclass
class Tally:
    """What became of rows so far."""

    read: int = 0
    sent: int = 0
    repeated: int = 0
    quarantined: int = 0
    events: int = 0
    first_day: str | None = None
    last_day: str | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    problems: list[ProblemDocument] = field(default_factory=list)

    def refuse(self, file: str, found: Refused) -> None:
        """Count a quarantined row; the first few are named."""
        self.quarantined += 1
        self.reasons[found.reason] = self.reasons.get(found.reason, 0) + 1
        if len(self.problems) < PROBLEMS_NAMED:
            self.problems.append(
                ProblemDocument(file=file, line=found.row.line, reason=found.reason, detail=found.detail)
            )

    def document(self) -> TallyDocument:
        """Returns what is stored of it."""
        return TallyDocument(
            read=self.read,
            sent=self.sent,
            repeated=self.repeated,
            quarantined=self.quarantined,
            events=self.events,
            first_day=self.first_day,
            last_day=self.last_day,
            reasons=self.reasons,
            problems=self.problems,
        )


@dataclass
class Job:
    """One import at work. `loaded` counts what reading the files found, anew in each run; `sent` what came of groups.

    `position` is that of the last group whose events are in the queue.
    """

    ref: ImportRef
    document: ImportDocument
    kind: Kind
    destination: Destination
    spool: RowSpool
    milliseconds_left: Callable[[], int]
    readers: list[Reader] = field(default_factory=list)
    loaded: Tally = field(default_factory=Tally)
    sent: Tally = field(default_factory=Tally)
    position: Position = START
    paused: bool = False
    _noted: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Take up where an earlier run stopped."""
        if checkpoint := self.document["checkpoint"]:
            self.sent = Tally(**checkpoint["sent"])
            self.position = (checkpoint["began"], checkpoint["key"])

    def note_is_due(self) -> bool:
        """Returns whether a second has passed since this last returned True."""
        due = time.monotonic() - self._noted >= NOTE_SECONDS
        if due:
            self._noted = time.monotonic()
        return due

    def file_name(self, file: int) -> str:
        """Returns the name of one of the import's files."""
        return self.document["files"][file]["name"]

    @property
    def tally(self) -> Tally:
        """Returns what became of all rows so far."""
        loaded, sent = self.loaded, self.sent
        reasons = {
            reason: loaded.reasons.get(reason, 0) + sent.reasons.get(reason, 0)
            for reason in sorted({**loaded.reasons, **sent.reasons})
        }
        return replace(
            sent,
            read=loaded.read,
            sent=loaded.sent + sent.sent,
            quarantined=loaded.quarantined + sent.quarantined,
            reasons=reasons,
            problems=[*loaded.problems, *sent.problems][:PROBLEMS_NAMED],
        )


def claim(ref: ImportRef, message_id: str) -> ImportDocument | None:
    """Take an import on for the message that carries it, counting the attempt; the first makes its document.

    Returns None when it is finished, was never announced, or another message carries it: SQS gives that one again
    should its worker be gone, so this one has nothing to do. Raises Unavailable when S3 does not answer.
    """
    _make_document(ref)
    free = [{"holder": {"$in": [None, message_id]}}, {"updated_at": {"$lt": now() - ABANDONED}}]
    return imports.of(database()).find_one_and_update(
        {"_id": ref.key, "state": {"$in": ["queued", "running"]}, "$or": free},
        [
            {
                "$set": {
                    "state": "running",
                    "holder": message_id,
                    "attempts": {"$add": ["$attempts", 1]},
                    "started_at": {"$ifNull": ["$started_at", now()]},
                    "updated_at": now(),
                }
            }
        ],
        return_document=ReturnDocument.AFTER,
    )


def _make_document(ref: ImportRef) -> None:
    if imports.of(database()).find_one({"_id": ref.key}, {"_id": 1}):
        return
    bucket = from_environment(UploadsSettings).uploads_bucket
    told = objects.get(bucket, announcement_key(ref.site_id, ref.import_id), MAX_ANNOUNCEMENT_BYTES)
    if told is not None:
        document = waiting_import(ref.site_id, ref.import_id, Announcement.model_validate_json(told))
        # another message may make it at the same moment
        imports.of(database()).update_one({"_id": ref.key}, {"$setOnInsert": document}, upsert=True)


def note_readers(job: Job) -> None:
    """Write down how each file's rows are read, so that those in quarantine can be read without it."""
    _set(job.ref, {"readers": [document_of(reader) for reader in job.readers]})


def note_read(job: Job) -> None:
    """Write down what reading the files has found so far."""
    _set(job.ref, _figures(job))


def note_sent(job: Job) -> None:
    """Write down how far an import is, so that a later run goes on from there, and that it came on."""
    _set(job.ref, {**_figures(job), "checkpoint": _checkpoint(job), "attempts": 0})


def note_release(job: Job) -> None:
    """Write down how far an import is, and that whichever message comes next may take it on."""
    _set(job.ref, {**_figures(job), "checkpoint": _checkpoint(job), "attempts": 0, "holder": None})


def note_done(job: Job) -> None:
    """Write down that every row was sent, repeated or quarantined."""
    _set(job.ref, {**_figures(job), "state": "done", "holder": None, "checkpoint": None, "finished_at": now()})


def note_failed(ref: ImportRef, reason: str) -> None:
    """Write down that an import can never be finished, and why."""
    _set(ref, {"state": "failed", "holder": None, "checkpoint": None, "error": reason, "finished_at": now()})


def _figures(job: Job) -> ImportFigures:
    tally = job.tally
    return ImportFigures(
        rows_read=tally.read,
        rows_sent=tally.sent,
        rows_repeated=tally.repeated,
        rows_quarantined=tally.quarantined,
        events_sent=tally.events,
        first_day=tally.first_day,
        last_day=tally.last_day,
        reasons=tally.reasons,
        problems=tally.problems,
    )


def _checkpoint(job: Job) -> Checkpoint:
    began, key = job.position
    return Checkpoint(began=began, key=key, sent=job.sent.document())


def _set(ref: ImportRef, fields: Mapping[str, object]) -> None:
    imports.of(database()).update_one({"_id": ref.key}, {"$set": {**fields, "updated_at": now()}})
