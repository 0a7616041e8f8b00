"""What became of an event that somebody sent."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.queues import depth
from footfall.errors import Unavailable
from footfall.schemas.etl import Receipt
from footfall.settings import QueueStatusSettings, from_environment
from footfall.stores.mongo import answering, database

STORED = {"timestamp": True, "received_at": True, "processed_at": True, "repeated_at": True}
SET_ASIDE = {"reason": True, "detail": True}


def receipt_of(site_id: str, event_id: str) -> Receipt:
    """A site's receipt for an event id; raises Unavailable when it cannot be known whether anything is queued."""
    with answering():
        stored = database()["events"].find_one({"_id": f"{site_id}:{event_id}"}, STORED)
        aside = _set_aside(site_id, event_id)
        if stored:
            return _stored(event_id, stored, aside)
        if aside:
            return Receipt(event_id=event_id, status="quarantined", **aside)
        waits = database()["ledger"].find_one({"site_id": site_id, "waiting": {"$gt": 0}}, {"_id": True})
    return Receipt(event_id=event_id, status="queued" if waits or _anything_queued() else "unknown")


def _set_aside(site_id: str, event_id: str) -> dict[str, Any]:
    waiting = {"site_id": site_id, "event_id": event_id, "state": "waiting"}
    found = database()["quarantine"].find_one(waiting, SET_ASIDE)
    return {name: found[name] for name in SET_ASIDE} if found else {}


def _stored(event_id: str, stored: dict[str, Any], aside: dict[str, Any]) -> Receipt:
    return Receipt(
        event_id=event_id,
        status="duplicate" if stored.get("repeated_at") else "stored",
        timestamp=stored["timestamp"],
        received_at=stored["received_at"],
        stored_at=stored["processed_at"],
        repeated_at=stored.get("repeated_at"),
        **aside,
    )


def _anything_queued() -> bool:
    settings = from_environment(QueueStatusSettings)
    try:
        depths = [depth(url) for url in (settings.events_queue_url, settings.events_dead_letter_queue_url)]
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    return any(found["waiting"] + found["in_flight"] for found in depths)
