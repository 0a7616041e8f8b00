"""What was set aside: by reason, item by item, and its replay."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from footfall.aws.queues import Entry, send_entries
from footfall.clock import now
from footfall.codec import encode_ascii
from footfall.errors import FieldProblem, Invalid
from footfall.schemas.etl import QuarantinedInput, QuarantineReason, QuarantineState, Replaying
from footfall.schemas.message import EventsMessage
from footfall.schemas.paging import Page
from footfall.schemas.quarantine import Stage
from footfall.settings import EventsQueueSettings, ImportsQueueSettings, from_environment
from footfall.stores.mongo import database

SHOWN_CHARACTERS = 4_000
INPUTS_PER_MESSAGE = 100
BYTES_PER_MESSAGE = 1_000_000
"""Of originals that one message has read again: what one step of etl/events takes well."""
LONGEST_DELAY = 900
"""SQS holds no message back for longer, in seconds."""


@dataclass(frozen=True)
class Filter:
    """Which inputs of a site are asked for; None asks for all."""

    reason: str | None = None
    stage: Stage | None = None
    since: datetime | None = None
    max_attempts: int | None = None

    def query(self, site_id: str, state: QuarantineState) -> dict[str, Any]:
        """The same as a question to MongoDB."""
        wanted = {
            "reason": self.reason,
            "stage": self.stage,
            "first_seen": {"$gte": self.since} if self.since else None,
            "attempts": {"$lte": self.max_attempts} if self.max_attempts is not None else None,
        }
        return {"site_id": site_id, "state": state, **{name: value for name, value in wanted.items() if value}}


def reasons(site_id: str) -> list[QuarantineReason]:
    """Every reason that a site's inputs were set aside for; an index holds all that is counted."""
    states = {state: {"$sum": {"$cond": [{"$eq": ["$state", state]}, 1, 0]}} for state in ("waiting", "replayed")}
    found = database()["quarantine"].aggregate(
        [
            {"$match": {"site_id": site_id}},
            {"$group": {"_id": {"stage": "$stage", "reason": "$reason"}, **states}},
            {"$sort": {"waiting": -1, "_id": 1}},
        ]
    )
    return [QuarantineReason.model_validate({**group.pop("_id"), **group}) for group in found]


def inputs(
    site_id: str, wanted: Filter, state: QuarantineState, page: Page, show_originals: bool
) -> tuple[int, list[QuarantinedInput]]:
    """How many inputs there are, and a page of them, the newest first."""
    quarantine, query = database()["quarantine"], wanted.query(site_id, state)
    found = quarantine.find(query).sort([("first_seen", -1), ("_id", 1)]).skip(page.skip).limit(page.page_size)
    return quarantine.count_documents(query), [_input(document, show_originals) for document in found]


def _input(document: dict[str, Any], show_original: bool) -> QuarantinedInput:
    """An input without its sender's address; its bytes as text, in which whatever is not UTF-8 has a mark instead."""
    original = document.pop("original")
    text = original[: 4 * SHOWN_CHARACTERS].decode(errors="replace")[:SHOWN_CHARACTERS] if show_original else None
    name = document["_id"].rpartition(":")[2]
    return QuarantinedInput.model_validate(
        {**document, "quarantine_id": name, "original": text, "original_bytes": len(original)}
    )


def replay(site_id: str, wanted: Filter, rate: int, limit: int, dry_run: bool) -> Replaying:
    """Have inputs read again, so many a second; raises Invalid when that takes longer than SQS holds messages back."""
    query = wanted.query(site_id, "waiting")
    selected = _select(query, limit)
    events = [found for found in selected if found["stage"] == "events"]
    rows = [found for found in selected if found["stage"] == "imports"]
    seconds = len(events) / rate
    if seconds > LONGEST_DELAY:
        problem = f"{len(events)} inputs at this rate take longer than {LONGEST_DELAY} seconds: raise it, or the limit"
        raise Invalid([FieldProblem("rate", problem.replace("or the limit", "or lower the limit"))])
    entries, notices = list(_entries(site_id, events, rate)), list(_notices(site_id, rows))
    if not dry_run:
        send_entries(from_environment(EventsQueueSettings).events_queue_url, entries)
        send_entries(from_environment(ImportsQueueSettings).imports_queue_url, notices)
    return Replaying(
        dry_run=dry_run,
        matching=database()["quarantine"].count_documents(query),
        selected=len(selected),
        reasons=_by_reason(selected),
        messages=len(entries) + len(notices),
        seconds=round(seconds, 2),
    )


def _select(query: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Those that have waited longest; of each its key, stage, reason, import and size."""
    fields = {"stage": 1, "reason": 1, "origin.import_id": 1, "size": {"$binarySize": "$original"}}
    return list(database()["quarantine"].find(query, fields).sort([("first_seen", 1), ("_id", 1)]).limit(limit))


def _entries(site_id: str, found: list[dict[str, Any]], rate: int) -> Iterator[Entry]:
    """Messages to etl/events, each held back until those before it had their time."""
    done = 0
    for part in _parts(found, min(rate, INPUTS_PER_MESSAGE)):
        message = EventsMessage(site_id=site_id, source="replay", received_at=now(), replay=_names(part))
        yield Entry(MessageBody=message.model_dump_json(), MessageGroupId=site_id, DelaySeconds=done // rate)
        done += len(part)


def _parts(found: list[dict[str, Any]], most: int) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    size = 0
    for document in found:
        if part and (len(part) == most or size + document["size"] > BYTES_PER_MESSAGE):
            yield part
            part, size = [], 0
        part.append(document)
        size += document["size"]
    if part:
        yield part


def _notices(site_id: str, found: list[dict[str, Any]]) -> Iterator[Entry]:
    """Messages to etl/imports, one for each import, since the rows of a group are read together."""
    imports: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for document in found:
        imports[document["origin"]["import_id"]].append(document)
    for import_id, rows in imports.items():
        notice = {"version": 1, "site_id": site_id, "import_id": import_id, "replay": _names(rows)}
        yield Entry(MessageBody=encode_ascii(notice), MessageGroupId=site_id)


def _names(found: list[dict[str, Any]]) -> list[str]:
    return [document["_id"].rpartition(":")[2] for document in found]


def _by_reason(found: list[dict[str, Any]]) -> dict[str, int]:
    names = [document["reason"] for document in found]
    return {name: names.count(name) for name in sorted(set(names))}
