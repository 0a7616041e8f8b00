"""The ledger: for every message that was read from the queue, what became of its events."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from footfall.schemas.ledger import LedgerLine, message_key
from footfall.stores import collections
from footfall.stores.mongo import Mongo
from pymongo import UpdateOne

from . import replays
from .batch import EVENTS_QUEUE, Batch, Outcome


def note(database: Mongo, batch: Batch, zone: ZoneInfo) -> None:
    """Write a line for each message that brought events.

    The first attempt that processed a message has the last word: a later one may find that its events have expired.
    """
    lines = _lines(batch, zone)
    if lines:
        collections.ledger.of(database).bulk_write([_unless_settled(line) for line in lines], ordered=False)


def _lines(batch: Batch, zone: ZoneInfo) -> list[LedgerLine]:
    unread = dict.fromkeys((body.message_id for body in batch.bodies), (EVENTS_QUEUE, batch.processed_at))
    read = {message_id: (message.source, message.received_at) for message_id, message in batch.messages.items()}
    failed = replays.failed(batch)
    lines = []
    for message_id, (source, at) in {**unread, **read}.items():
        outcome = batch.outcomes.get(message_key(message_id), Counter())
        if message_id in batch.replays and batch.replays[message_id].counted:  # under the message that brought it
            outcome["quarantined"] -= 1
        if outcome and message_id not in failed:
            line = _line(batch.site_id, message_id, source, at.astimezone(zone), outcome)
            lines.append(line if line["waiting"] else {**line, "settled_at": batch.processed_at})
    return lines


def _line(site_id: str, message_id: str, source: str, at: datetime, outcome: Mapping[Outcome, int]) -> LedgerLine:
    return LedgerLine(
        _id=f"{site_id}:{message_id}",
        site_id=site_id,
        source=source,
        day=at.date().isoformat(),
        at=at,
        events=sum(outcome.values()),
        stored=outcome.get("stored", 0),
        duplicate=outcome.get("duplicate", 0),
        quarantined=outcome.get("quarantined", 0),
        waiting=outcome.get("waiting", 0),
    )


def _unless_settled(line: LedgerLine) -> UpdateOne:
    settled = {"$eq": ["$waiting", 0]}
    return UpdateOne(
        {"_id": line["_id"]}, [{"$replaceWith": {"$cond": [settled, "$$ROOT", {"$literal": line}]}}], upsert=True
    )
