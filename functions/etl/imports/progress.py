"""How far an import has come: its document in `imports`, and who carries it."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from footfall.clock import now
from footfall.imports.kind import Destination, Kind, Refused
from footfall.imports.reader import Reader
from footfall.schemas.imports import ImportDocument, RowProblem
from footfall.stores.mongo import database
from pymongo import ReturnDocument

from .notices import ImportRef
from .shelf import START, Position, Shelf

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
    problems: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, file: str, found: Refused) -> None:
        """Count a quarantined row; the first few are named."""
        self.quarantined += 1
        self.reasons[found.reason] = self.reasons.get(found.reason, 0) + 1
        if len(self.problems) < PROBLEMS_NAMED:
            problem = RowProblem(file=file, line=found.row.line, reason=found.reason, detail=found.detail)
            self.problems.append(problem.model_dump())


@dataclass
class Job:
    """One import at work. `loaded` counts what reading the files found, anew in each run; `sent` what came of groups.

    `position` is the last group whose events are in the queue, or in the parcel that is being filled.
    """

    ref: ImportRef
    document: ImportDocument
    kind: Kind
    destination: Destination
    shelf: Shelf
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
        """Whether a second has passed since this last answered yes."""
        due = time.monotonic() - self._noted >= NOTE_SECONDS
        if due:
            self._noted = time.monotonic()
        return due

    def file_name(self, file: int) -> str:
        """The name of one of the import's files."""
        return str(self.document["files"][file]["name"])

    @property
    def tally(self) -> Tally:
        """What became of all rows so far."""
        loaded, sent = self.loaded, self.sent
        reasons = {
            reason: loaded.reasons.get(reason, 0) + sent.reasons.get(reason, 0)
            for reason in sorted({**loaded.reasons, **sent.reasons})
        }
        return replace(
            sent,
            read=loaded.read,
            quarantined=loaded.quarantined + sent.quarantined,
            reasons=reasons,
            problems=[*loaded.problems, *sent.problems][:PROBLEMS_NAMED],
        )


def claim(ref: ImportRef, message_id: str) -> ImportDocument | None:
    """Take an import on for the message that carries it, counting the attempt.

    None when it is finished, was never announced, or another message carries it: SQS gives that one again should
    its worker be gone, so this one has nothing to do.
    """
    free = [{"holder": {"$in": [None, message_id]}}, {"updated_at": {"$lt": now() - ABANDONED}}]
    document = database()["imports"].find_one_and_update(
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
    return cast("ImportDocument | None", document)


def note_readers(job: Job) -> None:
    """Write down how each file's rows are read, so that those set aside can be read without it."""
    _set(job.ref, {"readers": [{"columns": list(reader.columns), "width": reader.width} for reader in job.readers]})


def note_read(job: Job) -> None:
    """Write down what reading the files has found so far."""
    _set(job.ref, _figures(job))


def note_sent(job: Job) -> None:
    """Write down how far an import is, so that a later run goes on from there, and that it came on."""
    _set(job.ref, {**_figures(job), **_checkpoint(job), "attempts": 0})


def note_release(job: Job) -> None:
    """Write down how far an import is, and that whichever message comes next may take it on."""
    _set(job.ref, {**_figures(job), **_checkpoint(job), "attempts": 0, "holder": None})


def note_done(job: Job) -> None:
    """Write down that every row was sent, repeated or quarantined."""
    _set(job.ref, {**_figures(job), "state": "done", "holder": None, "checkpoint": None, "finished_at": now()})


def note_failed(ref: ImportRef, reason: str) -> None:
    """Write down that an import can never be finished, and why."""
    _set(ref, {"state": "failed", "holder": None, "checkpoint": None, "error": reason, "finished_at": now()})


def _figures(job: Job) -> dict[str, Any]:
    tally = job.tally
    return {
        "rows_read": tally.read,
        "rows_sent": tally.sent,
        "rows_repeated": tally.repeated,
        "rows_quarantined": tally.quarantined,
        "events_sent": tally.events,
        "first_day": tally.first_day,
        "last_day": tally.last_day,
        "reasons": tally.reasons,
        "problems": tally.problems,
    }


def _checkpoint(job: Job) -> dict[str, Any]:
    began, key = job.position
    return {"checkpoint": {"began": began, "key": key, "sent": asdict(job.sent)}}


def _set(ref: ImportRef, fields: dict[str, Any]) -> None:
    database()["imports"].update_one({"_id": ref.key}, {"$set": {**fields, "updated_at": now()}})
