"""The steps that a batch of events goes through, top to bottom."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from footfall.aws.queues import announce
from footfall.codec import decode_leniently
from footfall.days import zone_named
from footfall.errors import Invalid, Unstorable
from footfall.events import log as events_log
from footfall.events.live import newest_live
from footfall.events.normalise import normalise
from footfall.orders.fold import order_id_of
from footfall.people.erased import erased_among
from footfall.quarantine import keep
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.ledger import message_key
from footfall.schemas.message import EventsMessage, SessionsMessage
from footfall.schemas.site import Site
from footfall.sessions.fold import summarise
from footfall.settings import SessionsTopicSettings, from_environment
from footfall.sites import find_site
from footfall.stores.collections import events
from footfall.stores.mongo import answering, database
from pydantic import ValidationError

from . import (
    archived,
    conversions,
    feedback,
    ledger,
    orders,
    people,
    replays,
    restoring,
    sessions,
    stale,
    store,
    suspects,
)
from .alone import by_visitor
from .batch import Batch, Step, count, count_quarantined, quarantine_erased, quarantine_event, quarantine_message

LIVE = timedelta(minutes=30)


def read_messages(batch: Batch, site: Site) -> None:
    """Read each message's text; one that cannot be read is quarantined whole."""
    for body in batch.bodies:
        try:
            message = EventsMessage.model_validate(decode_leniently(body.text))
        except (ValidationError, ValueError, RecursionError):
            quarantine_message(batch, body, "unreadable_message", "the message is not a batch of events")
            continue
        if message.site_id == site.site_id:
            batch.messages[message.message_id or body.message_id] = message
        else:
            quarantine_message(batch, body, "wrong_site", "the message's site is not the one it was sent for")


def open_replays(batch: Batch, site: Site) -> None:
    """Add what was quarantined and is to be read again, as if it came in messages of its own."""
    replays.open_inputs(database(), batch)


def normalise_events(batch: Batch, site: Site) -> None:
    """Give every event its stored form; one that can never have one is quarantined."""
    for message_id, message in batch.messages.items():
        key = message_key(message_id)
        for raw in message.events:
            _normalise(batch, site, message, key, raw)


def _normalise(batch: Batch, site: Site, message: EventsMessage, key: bytes, raw: Json) -> None:
    try:
        event = normalise(raw, message, site, batch.processed_at)
    except (Invalid, Unstorable) as error:
        quarantine_event(batch, raw, message, key, getattr(error, "reason", "invalid"), error.detail)
    else:
        event["message_key"] = key
        batch.events.append(event)
        batch.originals.setdefault(event["body_sha256"], (raw, message))


def leave_out_erased(batch: Batch, site: Site) -> None:
    """Of people who were erased nothing is stored again, whatever brings it: it is counted, and that is all."""
    ids = {who for event in batch.events for who in _ids_of(event)}
    if erased := erased_among(database(), site, ids):
        left_out = [event for event in batch.events if not erased.isdisjoint(_ids_of(event))]
        batch.events = [event for event in batch.events if erased.isdisjoint(_ids_of(event))]
        for event in left_out:
            quarantine_erased(batch, event)


def _ids_of(event: EventDocument) -> list[str]:
    return [event["visitor_id"], *filter(None, [event.get("user_id")])]


def store_events(batch: Batch, site: Site) -> None:
    """Store each event once; of two bodies under one id the first is kept and the other quarantined."""
    kept, batch.stored_before = store.insert(database(), batch.events)
    same: list[EventDocument] = []
    for event in batch.events:
        if kept[event["_id"]]["body_sha256"] == event["body_sha256"]:
            same.append(event)
        else:
            raw, message = batch.originals[event["body_sha256"]]
            quarantine_event(batch, raw, message, event["message_key"], "id_conflict", "another event has this id")
    arrived = [(event["_id"], event["message_key"]) for event in same]
    repeated = count(batch, "stored", arrived, {name: event.get("message_key") for name, event in kept.items()})
    store.note_repeated(database(), [kept[name] for name in repeated], batch.processed_at)
    store.note_retold(database(), kept, (event for event in same if event["_id"] in batch.stored_before))
    batch.events = list(kept.values())


def keep_quarantine(batch: Batch, site: Site) -> None:
    """Store what is quarantined, before anything is acknowledged."""
    count_quarantined(batch, keep(database(), batch.quarantine))


def restore_archived(batch: Batch, site: Site) -> None:
    """Store events of archived days again; nothing comes of them that is not there already."""
    for message in batch.messages.values():
        for part in message.restore:
            restoring.restore(database(), site.site_id, part)


def keep_underived(batch: Batch, site: Site) -> None:
    """Store of what something could never be derived, before anything is acknowledged."""
    keep(database(), batch.quarantine_later)


def add_reprocessed(batch: Batch, site: Site) -> None:
    """Add stored events from which everything is to be derived anew."""
    have, asked = {event["_id"] for event in batch.events}, _asked(batch)
    if asked - have:
        batch.events += events.of(database()).find({"_id": {"$in": sorted(asked - have)}})
        batch.stored_before |= asked


def _asked(batch: Batch) -> set[str]:
    return {f"{batch.site_id}:{name}" for message in batch.messages.values() for name in message.reprocess}


def find_days(batch: Batch, site: Site) -> None:
    """Find the days that these events are of: their figures change, whatever else does."""
    batch.days = stale.days_of(site, batch.events, batch.processed_at)


def recompute_people(batch: Batch, site: Site) -> None:
    """Everybody these events speak of: first and last seen, traits, and who they turned out to be."""
    batch.seen = people.recompute(database(), site.site_id, batch.events)


def recompute_sessions(batch: Batch, site: Site) -> None:
    """Every session these events belong to, from all of its events, and those that the sweeper asks for."""
    spans = [span for message in batch.messages.values() for span in message.recheck]
    new = [event for event in batch.events if event["_id"] not in batch.stored_before]
    old = [event for event in batch.events if event["_id"] in batch.stored_before]
    doubted = [*old, *sessions.events_in(database(), site.site_id, spans)]
    arrived = sessions.Arrived(new, batch.seen.newcomers, doubted)
    batch.sessions, batch.moved = sessions.recompute(database(), batch.days, arrived, batch.processed_at)


def recompute_orders(batch: Batch, site: Site) -> None:
    """Every order that these events speak of, removed ones that are asked for too, or that a visitor told of who turned
    out to be somebody.
    """
    told = orders.told_by(database(), site.site_id, batch.seen.linked)
    removed = orders.left_of(database(), _asked(batch))
    orders.recompute(database(), site, batch.days, [*batch.events, *told, *removed])


def settle_conversions(batch: Batch, site: Site) -> None:
    """Which session each purchase came of: those these events tell, and those of people whose sessions changed."""
    asked = conversions.Asked(
        told_ids={order_id for event in batch.events if (order_id := order_id_of(event))},
        people={who for event in batch.moved for who in (event["visitor_id"], event["person_id"])},
        since=min(_moments(batch), default=batch.processed_at),
        event_ids={event["event_id"] for event in batch.events},
    )
    changed = conversions.settle(database(), batch.days, asked, batch.processed_at)
    batch.sessions = list({session["_id"]: session for session in [*batch.sessions, *changed]}.values())


def _moments(batch: Batch) -> Iterator[datetime]:
    yield from (session["started_at"] for session in batch.sessions)
    yield from (event["timestamp"] for event in batch.moved)


def keep_feedback(batch: Batch, site: Site) -> None:
    """What visitors wrote and rated, once beside each event that says so."""
    feedback.keep(database(), site, batch.events)


def read_feedback_anew(batch: Batch, site: Site) -> None:
    """Texts that an older version read, or none: read by that of today, and their days marked."""
    asked = sorted({name for message in batch.messages.values() for name in message.reread})
    if asked:
        moments = feedback.read_anew(database(), site.site_id, asked)
        batch.days.mark(database(), batch.days.of(moments))


def mark_days(batch: Batch, site: Site) -> None:
    """Mark every day of these events, of all that was done by visitors who turned out to be somebody, and of which
    something was erased.
    """
    moments = events_log.half_days_of(database(), site.site_id, batch.seen.linked)
    archived_too = archived.moments_of_sessions(database(), site.site_id, batch.seen.linked)
    erased = {str(day) for message in batch.messages.values() for day in message.stale}
    batch.days.mark(database(), batch.days.own | batch.days.of([*moments, *archived_too]) | erased)


def count_received(batch: Batch, site: Site) -> None:
    """Note what became of the events that each message brought, for the ledger."""
    ledger.note(database(), batch, zone_named(site.time_zone))


def note_waiting(batch: Batch) -> None:
    """Note that the events of messages wait, since they were opened and could not be processed."""
    with answering():
        site = find_site(database(), batch.site_id)
        if site is None:
            return
        read_messages(batch, site)
        for message_id, message in batch.messages.items():
            if message.events:
                batch.outcomes[message_key(message_id)]["waiting"] = len(message.events)
        count_received(batch, site)


def announce_sessions(batch: Batch, site: Site) -> None:
    """Tell whoever listens whose behaviour changed, which sessions are live, and the newest events."""
    live = [summarise(found) for found in batch.sessions if found["ended_at"] > batch.processed_at - LIVE]
    person_ids = sorted({event["person_id"] for event in batch.events} | batch.seen.changed_hands)
    newest = newest_live(event for event in batch.events if event["timestamp"] > batch.processed_at - LIVE)
    message = SessionsMessage(site_id=site.site_id, person_ids=person_ids, sessions=live, events=newest)
    announce(from_environment(SessionsTopicSettings).sessions_topic_arn, message)


def fail_at_last(batch: Batch, site: Site) -> None:
    """Have messages come back of which a step failed for single visitors: for all others everything is done."""
    if batch.failures:
        raise batch.failures[0]


def note_replays(batch: Batch, site: Site) -> None:
    """Mark what was replayed, once everything that comes of it is done."""
    replays.note(database(), batch)


STEPS: tuple[Step, ...] = (
    read_messages,
    open_replays,
    normalise_events,
    leave_out_erased,
    store_events,
    keep_quarantine,
    restore_archived,
    add_reprocessed,
    find_days,
    by_visitor(recompute_people),
    by_visitor(recompute_sessions),
    by_visitor(recompute_orders),
    by_visitor(settle_conversions),
    by_visitor(keep_feedback),
    read_feedback_anew,
    mark_days,
    keep_underived,
    announce_sessions,
    fail_at_last,
    count_received,
    note_replays,
)


def run(batch: Batch) -> None:
    """Take one site's messages through every step; raises Unavailable when a store does not answer.

    Raises what a step failed with for single visitors once all is done for the others.
    """
    with answering():
        site = find_site(database(), batch.site_id)
        if site is None:
            _quarantine_whole(batch, ZoneInfo("UTC"), "unknown_site", "no site has this id")
            return
        for step in STEPS:
            step(batch, site)


def run_suspect(batch: Batch) -> None:
    """Take a message that came back three times through every step, unless that ended the process before.

    Raises Unavailable when a store does not answer.
    """
    with answering(), suspects.marked(database(), batch.site_id, batch.bodies[0].message_id) as has_ended_us:
        if not has_ended_us:
            run(batch)
            return
        site = find_site(database(), batch.site_id)
        zone = zone_named(site.time_zone if site else "UTC")
        _quarantine_whole(
            batch, zone, "ends_the_process", "the function's process ended whenever it worked on this message"
        )


def _quarantine_whole(batch: Batch, zone: ZoneInfo, reason: str, detail: str) -> None:
    for body in batch.bodies:
        quarantine_message(batch, body, reason, detail)
    count_quarantined(batch, keep(database(), batch.quarantine))
    ledger.note(database(), batch, zone)
