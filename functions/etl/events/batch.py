"""What the steps work on: the messages of one site, and what has become of their events so far."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from footfall.clock import now
from footfall.codec import decode_leniently
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.message import EventsMessage
from footfall.schemas.quarantine import QuarantineDocument
from footfall.schemas.session import SessionDocument
from footfall.stores.quarantine import UNKNOWN_SITE, quarantined


@dataclass
class Body:
    """One SQS message: its id, and its text as it came."""

    message_id: str
    text: str


@dataclass
class Batch:
    """The messages of one site, and what the steps have made of them.

    `messages` by message id; `originals` as the client sent them, by their body's fingerprint; `events` those that are
    in the store, as they are stored; `moments` of what changed, whose days' figures have to be recomputed.
    """

    site_id: str
    bodies: list[Body]
    processed_at: datetime = field(default_factory=now)
    messages: dict[str, EventsMessage] = field(default_factory=dict)
    originals: dict[str, tuple[Json, EventsMessage]] = field(default_factory=dict)
    events: list[EventDocument] = field(default_factory=list)
    quarantine: list[QuarantineDocument] = field(default_factory=list)
    sessions: list[SessionDocument] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)


def read_batches(records: list[dict[str, Any]]) -> Iterator[Batch]:
    """The records of an SQS event, one batch for each site that they speak of."""
    bodies: defaultdict[str, list[Body]] = defaultdict(list)
    for record in records:
        site_id = record.get("attributes", {}).get("MessageGroupId") or _site_of(record["body"])
        bodies[site_id].append(Body(record["messageId"], record["body"]))
    for site_id, texts in bodies.items():
        yield Batch(site_id, texts)


def _site_of(text: str) -> str:
    try:
        site_id = decode_leniently(text).get("site_id")
    except (ValueError, AttributeError, RecursionError):
        return UNKNOWN_SITE
    return site_id if isinstance(site_id, str) else UNKNOWN_SITE


def set_aside_body(batch: Batch, body: Body, reason: str, detail: str) -> None:
    """Quarantine a whole message."""
    origin = {"source": "events queue", "message_id": body.message_id}
    original = body.text.encode(errors="surrogatepass")
    batch.quarantine.append(quarantined(batch.site_id, "events", reason, detail, original, origin, batch.processed_at))


def set_aside(batch: Batch, raw: Any, message: EventsMessage, reason: str, detail: str) -> None:
    """Quarantine one event of a message, with what is needed to read it again."""
    origin = {"source": message.source, **message.model_dump(include={"received_at", "ip", "user_agent"})}
    batch.quarantine.append(
        quarantined(batch.site_id, "events", reason, detail, json.dumps(raw).encode(), origin, batch.processed_at)
    )
