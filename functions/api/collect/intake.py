"""Taking events in: each checked on its own, given an id, and put in the queue."""

from dataclasses import dataclass, field
from typing import Any

from footfall.clock import now
from footfall.errors import FieldProblem, FootfallError, Forbidden, Invalid, TooLarge, Unstorable
from footfall.events.normalise import read_event
from footfall.identity import derived_event_id
from footfall.queues import pack, send
from footfall.schemas.collect import Accepted, Rejected
from footfall.schemas.event import Json
from footfall.schemas.message import EventsMessage
from footfall.settings import EventsQueueSettings, from_environment

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
    """What became of a body's events."""

    events: list[Json] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def take(sender: Sender, body: dict[str, Any]) -> Accepted:
    """Queue a body's events; the answer is given only when every accepted one is in the queue.

    Raises TooLarge, Invalid or Forbidden when none can be taken, Unavailable when the queue does not answer.
    """
    return _take_batch(sender, body) if "batch" in body else _take_one(sender, body)


def _take_one(sender: Sender, body: dict[str, Any]) -> Accepted:
    event = _checked(sender.site_id, {name: value for name, value in body.items() if name != "writeKey"}, 0)
    _enqueue(sender, [event])
    return Accepted(accepted=1, event_id=event["eventId"], timestamp=now())


def _take_batch(sender: Sender, body: dict[str, Any]) -> Accepted:
    intake = _admitted(sender, body)
    if not intake.events:
        raise Invalid([FieldProblem(f"batch.{found.index}", found.message) for found in intake.rejected])
    _enqueue(sender, intake.events)
    ids = [event["eventId"] for event in intake.events]
    return Accepted(accepted=len(ids), event_ids=ids, rejected=intake.rejected, timestamp=now())


def take_all(sender: Sender, body: dict[str, Any]) -> None:
    """Queue a batch for a client that hears of no rejected event: those go along, and end in quarantine.

    Raises TooLarge, Invalid or Forbidden for the batch as a whole, Unavailable when the queue does not answer.
    """
    intake = _admitted(sender, body)
    rejected = (body["batch"][found.index] for found in intake.rejected)
    _enqueue(sender, [*intake.events, *(raw if isinstance(raw, dict) else {"event": raw} for raw in rejected)])


def _admitted(sender: Sender, body: dict[str, Any]) -> Intake:
    raws = body["batch"]
    if not isinstance(raws, list) or not raws:
        raise Invalid([FieldProblem("batch", "a list of at least one event")])
    if len(raws) > MAX_EVENTS:
        raise TooLarge(f"a batch holds at most {MAX_EVENTS} events")
    intake = Intake()
    for index, raw in enumerate(raws):
        _admit(intake, sender.site_id, raw, index, body.get("sentAt"))
    return intake


def _admit(intake: Intake, site_id: str, raw: Any, index: int, sent_at: Any) -> None:
    if isinstance(raw, dict) and sent_at is not None and "sentAt" not in raw:
        raw = {**raw, "sentAt": sent_at}
    try:
        intake.events.append(_checked(site_id, raw, index))
    except Forbidden:
        raise
    except FootfallError as error:
        code = error.reason if isinstance(error, Unstorable) else error.title.lower().replace(" ", "_")
        given = raw.get("eventId") or raw.get("messageId") if isinstance(raw, dict) else None
        event_id = given if isinstance(given, str) and len(given) <= 128 and given.isprintable() else None
        intake.rejected.append(Rejected(index=index, event_id=event_id, code=code, message=error.detail))


def _checked(site_id: str, raw: Any, index: int) -> Json:
    """One event as it goes into the queue: valid, within its size, with an id and its place in the body."""
    event, content = read_event(raw)
    if event.site_id not in (None, site_id):
        raise Forbidden("this key is not of the site that the event names")
    if len(content) > MAX_EVENT_BYTES:
        raise TooLarge(f"one event holds at most {MAX_EVENT_BYTES} bytes")
    return {**raw, "eventId": event.event_id or derived_event_id(site_id, content), "sequence": index}


def _enqueue(sender: Sender, events: list[Json]) -> None:
    message = EventsMessage(
        site_id=sender.site_id,
        source="collect",
        received_at=now(),
        ip=sender.ip,
        user_agent=sender.user_agent,
        events=events,
    )
    send(from_environment(EventsQueueSettings).events_queue_url, sender.site_id, pack(message))
