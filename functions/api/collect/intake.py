"""Taking events in: each checked on its own, given an id, and put in the queue."""

from dataclasses import dataclass, field
from typing import Any

from footfall.aws.queues import pack_encoded, send
from footfall.clock import now
from footfall.codec import encode_ascii
from footfall.errors import FieldProblem, FootfallError, Forbidden, Invalid, TooLarge, Unstorable
from footfall.events.normalise import read_event, read_plain
from footfall.events.storable import content_of, encode_storable
from footfall.identity import derived_event_id
from footfall.schemas.event import Json
from footfall.schemas.message import EventsMessage
from footfall.settings import EventsQueueSettings, from_environment

from .access import limit_of
from .answers import Accepted, Rejected
from .limit import spend

MAX_EVENTS = 500
MAX_EVENT_BYTES = 32_768


@dataclass(frozen=True)
class Sender:
    """Whose events these are and where they come from; the address is anonymised already."""

    site_id: str
    ip: str | None
    user_agent: str | None


@dataclass
class Intake:
    """What became of a body's events: the ids of those taken, their texts as they go into the queue, and the rest."""

    event_ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def take(sender: Sender, body: Json) -> Accepted:
    """Queue a body's events; returns only when every accepted one is in the queue.

    Raises TooLarge, Invalid or Forbidden when none can be taken, TooMany when the site has sent more than it may,
    Unavailable when the queue does not answer.
    """
    return _take_batch(sender, body) if "batch" in body else _take_one(sender, body)


def _take_one(sender: Sender, body: Json) -> Accepted:
    event = _checked(sender.site_id, {name: value for name, value in body.items() if name != "writeKey"}, 0)
    _enqueue(sender, [encode_ascii(event)])
    return Accepted(accepted=1, event_id=event["eventId"], timestamp=now())


def _take_batch(sender: Sender, body: Json) -> Accepted:
    intake = _admitted(sender, body)
    if not intake.texts:
        raise Invalid([FieldProblem(f"batch.{found.index}", found.message) for found in intake.rejected])
    _enqueue(sender, intake.texts)
    ids = intake.event_ids
    return Accepted(accepted=len(ids), event_ids=ids, rejected=intake.rejected, timestamp=now())


def take_all(sender: Sender, body: Json) -> None:
    """Queue a batch for a client that hears of no rejected event: those go along, and end in quarantine.

    Raises TooLarge, Invalid or Forbidden for the batch as a whole, TooMany and Unavailable as `take` does.
    """
    intake = _admitted(sender, body)
    rejected = (body["batch"][found.index] for found in intake.rejected)
    others = [encode_ascii(raw if isinstance(raw, dict) else {"event": raw}) for raw in rejected]
    _enqueue(sender, [*intake.texts, *others])


def _admitted(sender: Sender, body: Json) -> Intake:
    raws = body["batch"]
    if not isinstance(raws, list) or not raws:
        raise Invalid([FieldProblem("batch", "a list of at least one event")])
    if len(raws) > MAX_EVENTS:
        raise TooLarge(f"a batch holds at most {MAX_EVENTS} events")
    _stamp(raws, body.get("sentAt"))
    return _admitted_together(sender.site_id, raws) or _admitted_one_by_one(sender.site_id, raws)


def _stamp(raws: list[object], sent_at: object) -> None:
    # each event is told its place in the body, and the body's send time where it has none of its own
    for index, raw in enumerate(raws):
        if isinstance(raw, dict):
            raw["sequence"] = index
            if sent_at is not None:
                raw.setdefault("sentAt", sent_at)


def _admitted_together(site_id: str, raws: list[Json]) -> Intake | None:
    # what `_admitted_one_by_one` says of a batch in which nothing is wrong, in half the time; else None
    events = read_plain(raws)
    if events is None or not {event.get("site_id") for event in events} <= {None, site_id}:
        return None
    try:
        for event, raw in zip(events, raws, strict=True):
            raw["eventId"] = event.get("event_id") or derived_event_id(site_id, content_of(raw))
    except Unstorable:
        return None
    texts = encode_storable(raws)
    if texts is None or max(map(len, texts)) > MAX_EVENT_BYTES:
        return None
    return Intake([raw["eventId"] for raw in raws], texts)


def _admitted_one_by_one(site_id: str, raws: list[object]) -> Intake:
    intake = Intake()
    for index, raw in enumerate(raws):
        _admit(intake, site_id, raw, index)
    return intake


def _admit(intake: Intake, site_id: str, raw: object, index: int) -> None:
    try:
        event = _checked(site_id, raw, index)
    except Forbidden:
        raise
    except FootfallError as error:
        code = error.reason if isinstance(error, Unstorable) else error.title.lower().replace(" ", "_")
        given = raw.get("eventId") or raw.get("messageId") if isinstance(raw, dict) else None
        event_id = given if isinstance(given, str) and len(given) <= 128 and given.isprintable() else None
        intake.rejected.append(Rejected(index=index, event_id=event_id, code=code, message=error.detail))
    else:
        intake.event_ids.append(event["eventId"])
        intake.texts.append(encode_ascii(event))


def _checked(site_id: str, raw: Any, index: int) -> Json:
    # as it goes into the queue: valid, within its size, with an id and its place in the body
    event, content = read_event(raw)
    if event.get("site_id") not in (None, site_id):
        raise Forbidden("this key is not of the site that the event names")
    if len(content) > MAX_EVENT_BYTES:
        raise TooLarge(f"one event holds at most {MAX_EVENT_BYTES} bytes")
    return {**raw, "eventId": event.get("event_id") or derived_event_id(site_id, content), "sequence": index}


def _enqueue(sender: Sender, events: list[str]) -> None:
    spend(sender.site_id, len(events), limit_of(sender.site_id))
    head = EventsMessage(
        site_id=sender.site_id, source="collect", received_at=now(), ip=sender.ip, user_agent=sender.user_agent
    )
    send(from_environment(EventsQueueSettings).events_queue_url, sender.site_id, pack_encoded(head, events))
