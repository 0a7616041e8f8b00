"""The question what became of an event that somebody sent."""

from datetime import datetime
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field

from footfall.aws.queues import depth
from footfall.errors import Unavailable
from footfall.schemas.event import EventDocument
from footfall.schemas.quarantine import QuarantineDocument
from footfall.settings import QueueStatusSettings, from_environment
from footfall.stores.collections import events, ledger, quarantine
from footfall.stores.mongo import answering, database

STORED = {"timestamp": True, "received_at": True, "processed_at": True, "repeated_at": True}
QUARANTINED = {"reason": True, "detail": True}


class ReceiptQuestion(BaseModel):
    """Which event, by the id that it was sent with."""

    event_id: str = Field(max_length=128)


class Receipt(BaseModel):
    """What became of one event.

    `stored`: it is in the store. `duplicate`: it is, and it came again, which changed nothing. `quarantined`: it was
    refused for `reason`. `queued`: it is not here yet, while the pipeline still holds messages that nobody can look
    into, so it may be in one of them. `unknown`: it is not here, and nothing is on its way.
    """

    event_id: str
    status: Literal["queued", "stored", "duplicate", "quarantined", "unknown"]
    timestamp: datetime | None = Field(default=None, description="when it happened, the sender's clock corrected")
    received_at: datetime | None = Field(default=None, description="when collect or the import took it")
    stored_at: datetime | None = Field(default=None, description="when etl/events stored it")
    repeated_at: datetime | None = Field(default=None, description="when it came again for the first time")
    reason: str | None = Field(
        default=None, description="why it, or something else that was sent under its id, was quarantined"
    )
    detail: str | None = Field(default=None, description="the same in words; fields, never values")


@answering()
def answer(site_id: str, question: ReceiptQuestion) -> Receipt:
    """Returns a site's receipt for an event; raises Unavailable, also when it cannot be known what is queued."""
    event_id = question.event_id
    stored = events.of(database()).find_one({"_id": f"{site_id}:{event_id}"}, STORED)
    waiting = {"site_id": site_id, "event_id": event_id, "state": "waiting"}
    quarantined = quarantine.of(database()).find_one(waiting, QUARANTINED)
    if stored or quarantined:
        return _receipt(event_id, stored, quarantined)
    comes_back = ledger.of(database()).find_one({"site_id": site_id, "waiting": {"$gt": 0}}, {"_id": True})
    return Receipt(event_id=event_id, status="queued" if comes_back or _anything_queued() else "unknown")


def _receipt(event_id: str, stored: EventDocument | None, quarantined: QuarantineDocument | None) -> Receipt:
    receipt = Receipt(event_id=event_id, status="quarantined")
    if quarantined:
        receipt.reason, receipt.detail = quarantined["reason"], quarantined["detail"]
    if stored:
        receipt.status = "duplicate" if stored.get("repeated_at") else "stored"
        receipt.timestamp, receipt.received_at = stored["timestamp"], stored["received_at"]
        receipt.stored_at, receipt.repeated_at = stored["processed_at"], stored.get("repeated_at")
    return receipt


def _anything_queued() -> bool:
    settings = from_environment(QueueStatusSettings)
    try:
        depths = [depth(url) for url in (settings.events_queue_url, settings.events_dead_letter_queue_url)]
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    return any(found["waiting"] + found["in_flight"] for found in depths)
