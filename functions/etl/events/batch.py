"""What the steps work on: the messages of one site, and what has become of their events so far."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from footfall.aws.invocations import SqsRecord
from footfall.clock import now
from footfall.codec import decode_leniently
from footfall.events.ip_addresses import without_addresses
from footfall.events.reading import told_id
from footfall.quarantine import UNKNOWN_SITE, nothing_of, quarantined
from footfall.schemas.event import EventDocument, Json, SessionEvent
from footfall.schemas.ledger import message_key
from footfall.schemas.message import EventsMessage
from footfall.schemas.quarantine import Origin, QuarantineDocument
from footfall.schemas.session import SessionDocument
from footfall.schemas.site import SITE_ID, Site

from .people import Seen
from .stale import StaleDays

EVENTS_QUEUE = "events queue"
"""The source of what came in a message that cannot be read."""
Outcome = Literal["stored", "duplicate", "quarantined", "waiting"]


@dataclass
class Body:
    """One SQS message: its id, and its text as it came."""

    message_id: str
    text: str


@dataclass(frozen=True)
class Replay:
    """A quarantined input that is read again, the message that asks for it, and whether the ledger counts the input."""

    quarantine_key: str
    asked_by: str
    counted: bool


@dataclass
class Batch:
    """The messages of one site, and what the steps have made of them.

    `messages` by message id, and what is replayed by the id of its replay; `originals` as the client sent them, by
    their body's fingerprint; `events` those that are in the store, as they are stored; `days` those that they change;
    `seen` whom they speak of; `sessions` those that changed, and `moved` the events of people who may have bought
    before, of whose sessions other purchases may have come for it; `outcomes` by message key: what became of the events
    of each message. `stored_before` are the keys of events that the store held already. `quarantine_later` are inputs
    of which something could not be derived, `failures` what else steps failed with, of single visitors.
    """

    site_id: str
    bodies: list[Body]
    processed_at: datetime = field(default_factory=now)
    messages: dict[str, EventsMessage] = field(default_factory=dict)
    replays: dict[str, Replay] = field(default_factory=dict)
    originals: dict[str, tuple[Json, EventsMessage]] = field(default_factory=dict)
    events: list[EventDocument] = field(default_factory=list)
    quarantine: list[QuarantineDocument] = field(default_factory=list)
    stored_before: set[str] = field(default_factory=set)
    days: StaleDays = field(init=False)
    seen: Seen = field(default_factory=Seen)
    sessions: list[SessionDocument] = field(default_factory=list)
    moved: list[SessionEvent] = field(default_factory=list)
    outcomes: defaultdict[bytes, Counter[Outcome]] = field(default_factory=lambda: defaultdict(Counter))
    quarantine_later: list[QuarantineDocument] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def parts(self) -> list["Batch"]:
        """Returns this batch as two halves of its visitors, and what its messages ask for apart; none for one visitor.

        What they quarantine, count and fail with is this batch's.
        """
        visitors = sorted({each["visitor_id"] for each in (*self.events, *self.sessions, *self.moved)})
        if len(visitors) + bool(self.messages) < 2:
            return []
        half = len(visitors) // 2
        parts = [self._of(some) for some in (visitors[:half], visitors[half:]) if some]
        return [replace(self._of([]), messages=self.messages), *parts] if self.messages else parts

    def _of(self, visitors: Collection[str]) -> "Batch":
        part = replace(
            self,
            messages={},
            events=[event for event in self.events if event["visitor_id"] in visitors],
            sessions=[session for session in self.sessions if session["visitor_id"] in visitors],
            moved=[event for event in self.moved if event["visitor_id"] in visitors],
        )
        part.days = self.days
        return part

    def take(self, parts: Sequence["Batch"]) -> None:
        """Take over what the parts made of it."""
        self.sessions = [session for part in parts for session in part.sessions]
        self.moved = [event for part in parts for event in part.moved]
        self.seen = Seen(
            newcomers={visitor for part in parts for visitor in part.seen.newcomers},
            links={visitor: known for part in parts for visitor, known in part.seen.links.items()},
        )


Step = Callable[[Batch, Site], None]


def read_batches(records: Sequence[SqsRecord]) -> Iterator[Batch]:
    """Returns the records of an SQS event, one batch for each site that they speak of."""
    bodies: defaultdict[str, list[Body]] = defaultdict(list)
    for record in records:
        site_id = record["attributes"].get("MessageGroupId") or _site_of(record["body"])
        bodies[site_id if re.fullmatch(SITE_ID, site_id) else UNKNOWN_SITE].append(
            Body(record["messageId"], record["body"])
        )
    for site_id, texts in bodies.items():
        yield Batch(site_id, texts)


def _site_of(text: str) -> str:
    try:
        site_id = decode_leniently(text).get("site_id")
    except (ValueError, AttributeError, RecursionError):
        return UNKNOWN_SITE
    return site_id if isinstance(site_id, str) else UNKNOWN_SITE


def quarantine_message(batch: Batch, body: Body, reason: str, detail: str) -> None:
    """Quarantine a whole message."""
    origin = Origin(source=EVENTS_QUEUE, message_id=body.message_id)
    original = body.text.encode(errors="surrogatepass")
    key = message_key(body.message_id)
    batch.quarantine.append(
        quarantined(batch.site_id, "events", reason, detail, original, origin, batch.processed_at, key)
    )


def quarantine_event(batch: Batch, raw: object, message: EventsMessage, key: bytes, reason: str, detail: str) -> None:
    """Quarantine one event of a message, with what is needed to read it again, but nobody's address."""
    origin = Origin(
        source=message.source,
        received_at=message.received_at,
        ip=message.ip,
        user_agent=message.user_agent,
        country=message.country,
        accept_language=message.accept_language,
    )
    original, event_id = json.dumps(without_addresses(raw)).encode(), told_id(raw)
    batch.quarantine.append(
        quarantined(batch.site_id, "events", reason, detail, original, origin, batch.processed_at, key, event_id)
    )


def quarantine_erased(batch: Batch, event: EventDocument) -> None:
    """Count an event of somebody who was erased, and keep nothing of it but that it came."""
    original = f"{event['event_id']}:{event['body_sha256']}".encode()
    origin, key = Origin(source=event["source"]), event.get("message_key")
    batch.quarantine.append(
        nothing_of(quarantined(batch.site_id, "events", "", "", original, origin, batch.processed_at, key))
    )


def count(
    batch: Batch, what: Outcome, arrived: Iterable[tuple[str, bytes]], kept: Mapping[str, bytes | None]
) -> set[str]:
    """Count as `what` each document whose message was the first to bring it; returns the ids of the duplicates.

    `arrived` are documents by id with the key of the message that brought each now, `kept` with that of the first.
    A message that comes back finds its own: they count for it again, which makes its line the same.
    """
    counted: set[str] = set()
    repeated: set[str] = set()
    for name, key in arrived:
        first = name not in counted and kept[name] == key
        batch.outcomes[key][what if first else "duplicate"] += 1
        (counted if first else repeated).add(name)
    return repeated


def count_quarantined(batch: Batch, kept: Mapping[str, QuarantineDocument]) -> None:
    """Count what a batch has in quarantine, of which the store holds `kept`."""
    arrived = [(document["_id"], key) for document in batch.quarantine if (key := document["message_key"])]
    count(batch, "quarantined", arrived, {name: document["message_key"] for name, document in kept.items()})
