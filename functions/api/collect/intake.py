"""Taking events in: each checked on its own, given an id, and put in the queue."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from footfall.aws.queues import pack_encoded, send
from footfall.clock import now
from footfall.codec import encode_ascii
from footfall.errors import FieldProblem, FootfallError, Forbidden, Invalid, TooLarge, Unstorable
from footfall.events.ip_addresses import INNOCENT, holds_addresses, without_addresses
from footfall.events.nobody import SURE, is_nobody, somebody
from footfall.events.reading import NAMES, is_told_otherwise, read_event, read_plain, told_id
from footfall.events.storable import MAX_EVENT_BYTES, content_of, encode_storable
from footfall.events.times import parse_time
from footfall.identity import derived_event_id
from footfall.schemas.event import Json
from footfall.schemas.message import EventsMessage
from footfall.settings import EventsQueueSettings, RepeatSettings, from_environment

from .access import limit_of
from .answers import Accepted, Rejected
from .limit import spend

MAX_EVENTS = 500
ID_NAMES = frozenset(NAMES["event_id"])


@dataclass(frozen=True)
class Sender:
    """Whose events these are, by what kind of key, from where and when they came; the address is anonymised already.

    `country` and `accept_language` are headers as they came.
    """

    site_id: str
    source: str
    ip: str | None
    user_agent: str | None
    country: str | None
    accept_language: str | None
    received_at: datetime


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
    event_id, text = _checked(sender, {name: value for name, value in body.items() if name != "writeKey"}, 0)
    _enqueue(sender, [text])
    return Accepted(accepted=1, event_id=event_id, timestamp=now())


def _take_batch(sender: Sender, body: Json) -> Accepted:
    intake = _admitted(sender, body)
    if not intake.texts:
        raise Invalid(_problems(intake.rejected))
    _enqueue(sender, intake.texts)
    ids = intake.event_ids
    return Accepted(accepted=len(ids), event_ids=ids, rejected=intake.rejected, timestamp=now())


def take_all(sender: Sender, body: Json) -> list[Rejected]:
    """Queue a batch for a client that sends no rejected event again: those go along, and end in quarantine.

    Returns what is rejected. Raises TooLarge, Invalid or Forbidden for the batch as a whole, also when all of it is
    rejected, TooMany and Unavailable as `take` does.
    """
    intake = _admitted(sender, body)
    rejected = (without_addresses(body["batch"][found.index]) for found in intake.rejected)
    others = [encode_ascii(raw if isinstance(raw, dict) else {"event": raw}) for raw in rejected]
    _enqueue(sender, [*intake.texts, *others])
    if not intake.texts:
        raise Invalid(_problems(intake.rejected))
    return intake.rejected


def _problems(rejected: list[Rejected]) -> list[FieldProblem]:
    return [FieldProblem(f"batch.{found.index}", found.message) for found in rejected]


def _admitted(sender: Sender, body: Json) -> Intake:
    raws = body["batch"]
    if not isinstance(raws, list) or not raws:
        raise Invalid([FieldProblem("batch", "a list of at least one event")])
    if len(raws) > MAX_EVENTS:
        raise TooLarge(f"a batch holds at most {MAX_EVENTS} events")
    _stamp(raws, body.get("sentAt"))
    return _admitted_together(sender, raws) or _admitted_one_by_one(sender, raws)


def _stamp(raws: list[object], sent_at: object) -> None:
    # each event is told its place in the body, and the body's send time where it has none of its own
    for place, raw in enumerate(raws):
        if isinstance(raw, dict):
            raw["sequence"] = place
            if sent_at is not None:
                raw.setdefault("sentAt", sent_at)


def _admitted_together(sender: Sender, raws: list[Json]) -> Intake | None:
    # what `_admitted_one_by_one` says of a batch in which nothing is odd, in half the time; else None
    events = read_plain(raws)
    if events is None or not {event.get("site_id") for event in events} <= {None, sender.site_id}:
        return None
    properties = [found for event in events if (found := event.get("properties")) is not None]
    encoded = encode_storable(raws, len(raws) + len(properties))
    if encoded is None or max(map(len, encoded.texts)) > MAX_EVENT_BYTES:
        return None
    if not _are_free(events, raws, properties, encoded.flat) and any(map(holds_addresses, raws)):
        return None
    texts = encoded.texts
    ids = [event.get("event_id") or "" for event in events]
    if not all(map(SURE.match, ids)) and not _add_ids(sender, events, raws, ids, texts):
        return None
    return Intake(ids, texts)


def _add_ids(sender: Sender, events: list[Json], raws: list[Json], ids: list[str], texts: list[str]) -> bool:
    # where no id is told; returns whether every other one is one
    for place, (event, raw) in enumerate(zip(events, raws, strict=True)):
        if ids[place]:
            if is_nobody(ids[place]):
                return False
        elif ID_NAMES.isdisjoint(raw) and not is_told_otherwise(event, raw):
            ids[place] = _derived_id(sender, event, content_of(raw), place)
            texts[place] = f'{texts[place][:-1]},"eventId":"{ids[place]}"}}'
        else:
            return False
    return True


def _are_free(events: list[Json], raws: list[Json], properties: list[Json], flat: bool) -> bool:
    # of addresses, seen at once: nothing but properties is nested, and every name is a field's or known
    return (
        flat and list(map(len, events)) == list(map(len, raws)) and INNOCENT.issuperset(chain.from_iterable(properties))
    )


def _admitted_one_by_one(sender: Sender, raws: list[object]) -> Intake:
    intake = Intake()
    for place, raw in enumerate(raws):
        _admit(intake, sender, raw, place)
    return intake


def _admit(intake: Intake, sender: Sender, raw: object, place: int) -> None:
    try:
        event_id, text = _checked(sender, raw, place)
    except Forbidden:
        raise
    except FootfallError as error:
        code = error.reason if isinstance(error, Unstorable) else error.title.lower().replace(" ", "_")
        intake.rejected.append(Rejected(index=place, event_id=told_id(raw), code=code, message=error.detail))
    else:
        intake.event_ids.append(event_id)
        intake.texts.append(text)


def _checked(sender: Sender, raw: object, place: int) -> tuple[str, str]:
    # its id, and its text as it goes into the queue: valid, within its size, with its id and its place in the body
    event, content, sent, _, _ = read_event(raw)
    if event.get("site_id") not in (None, sender.site_id):
        raise Forbidden("this key is not of the site that the event names")
    if len(content) > MAX_EVENT_BYTES:
        raise TooLarge(f"one event holds at most {MAX_EVENT_BYTES} bytes")
    given = event.get("event_id")
    event_id = given if given and not is_nobody(given) else _derived_id(sender, event, content, place)
    return event_id, encode_ascii({**sent, "eventId": event_id, "sequence": place})


def _derived_id(sender: Sender, event: Json, content: bytes, place: int) -> str:
    # without a time of its own, an event is that of its place in the body and of about the moment it was received at;
    # and who says not even who they are is told from others by where they send from
    occasion = ""
    if parse_time(event.get("timestamp")) is None:
        about = int(sender.received_at.timestamp()) // from_environment(RepeatSettings).repeat_seconds
        known = somebody(event.get("visitor_id")) or somebody(event.get("user_id"))
        occasion = f"{about}|{place}" if known else f"{about}|{place}|{sender.ip}|{sender.user_agent}"
    return derived_event_id(sender.site_id, content, occasion)


def _enqueue(sender: Sender, events: list[str]) -> None:
    spend(sender.site_id, len(events), limit_of(sender.site_id))
    head = EventsMessage(
        site_id=sender.site_id,
        source=sender.source,
        received_at=sender.received_at,
        ip=sender.ip,
        user_agent=sender.user_agent,
        country=sender.country,
        accept_language=sender.accept_language,
    )
    send(from_environment(EventsQueueSettings).events_queue_url, sender.site_id, pack_encoded(head, events))
