"""Sessions: recomputed from every event they hold, those of late events merged, those superseded removed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from footfall.events.log import events_of_sessions
from footfall.schemas.event import SessionEvent
from footfall.schemas.message import Span
from footfall.schemas.session import SessionDocument, SessionSpan
from footfall.sessions.fold import GAP, NOT_A_VISIT, derived_session_id, fold_session, split_by_gap
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import Condition, Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

LONGEST = timedelta(days=1)
"""How far back a session may begin that another one is part of; the sweeper finds what is longer."""


@dataclass(frozen=True)
class Arrived:
    """Events whose sessions change: `new` ones, just stored, with the visitors whom nobody saw before; and `old` ones,
    stored before, whose sessions are in doubt.
    """

    new: Sequence[SessionEvent]
    newcomers: AbstractSet[str]
    old: Sequence[SessionEvent]


def recompute(
    database: Mongo, site_id: str, arrived: Arrived, computed_at: datetime
) -> tuple[list[SessionDocument], list[datetime]]:
    """Recompute the sessions of events that arrived.

    Returns the sessions that changed, and when they and those that merged into them began.
    """
    named, unnamed = _by_session(arrived.new)
    doubted, doubted_unnamed = _by_session(arrived.old)
    newcomers = arrived.newcomers - {event["visitor_id"] for event in doubted_unnamed}
    known = _stored(database, site_id, [*named, *doubted])
    opened = _open(database, {key: named[key] for key in named if key not in known and key not in doubted}, computed_at)
    begun = _fold_derived((event for event in unnamed if event["visitor_id"] in newcomers), computed_at)
    seen_before = [event for event in unnamed if event["visitor_id"] not in newcomers]
    derived = _derived_sessions(database, site_id, seen_before + doubted_unnamed, computed_at)
    read = _named_sessions(database, site_id, {*named, *doubted} - opened.keys(), computed_at) + derived
    known |= _stored(database, site_id, [session["session_id"] for session in derived])
    changed = begun + [session for session in read if _differs(session, known.get(session["session_id"]))]
    _write(database, changed, known.keys())
    superseded = _remove_superseded(database, site_id, begun + derived)
    kept = [*opened.values(), *(session for session in changed if session["_id"] not in superseded)]
    return kept, [session["started_at"] for session in [*opened.values(), *changed]] + list(superseded.values())


def _by_session(events: Iterable[SessionEvent]) -> tuple[dict[str, list[SessionEvent]], list[SessionEvent]]:
    # those that name none come second
    named: defaultdict[str, list[SessionEvent]] = defaultdict(list)
    unnamed: list[SessionEvent] = []
    for event in events:
        if event["type"] not in NOT_A_VISIT:
            session_id = event.get("session_id")
            (named[session_id] if session_id else unnamed).append(event)
    return named, unnamed


def _open(database: Mongo, named: dict[str, list[SessionEvent]], computed_at: datetime) -> dict[str, SessionDocument]:
    # Events of sessions that nobody else stored meanwhile need not be read: whoever stores more of them finds the
    # session there, and reads all of them.
    sessions = {key: fold_session(key, False, events, computed_at) for key, events in named.items()}
    raced = _insert(database, list(sessions.values()))
    return {key: session for key, session in sessions.items() if session["_id"] not in raced}


def _fold_derived(events: Iterable[SessionEvent], computed_at: datetime) -> list[SessionDocument]:
    # nobody saw these visitors before, so these events are all of theirs
    visitors: defaultdict[str, list[SessionEvent]] = defaultdict(list)
    for event in events:
        visitors[event["visitor_id"]].append(event)
    chains = (chain for events in visitors.values() for chain in split_by_gap(events))
    return [fold_session(derived_session_id(chain[0]), True, chain, computed_at) for chain in chains]


def events_in(database: Mongo, site_id: str, spans: list[Span]) -> list[SessionEvent]:
    """Returns the events that visitors caused within stretches of time."""
    if not spans:
        return []
    stretches = [
        {"visitor_id": span.visitor_id, "timestamp": {"$gte": span.since, "$lte": span.until}} for span in spans
    ]
    return list(events_of_sessions(database, {"$or": [{"site_id": site_id, **stretch} for stretch in stretches]}))


def _named_sessions(database: Mongo, site_id: str, ids: set[str], computed_at: datetime) -> list[SessionDocument]:
    if not ids:
        return []
    groups: defaultdict[str, list[SessionEvent]] = defaultdict(list)
    for event in events_of_sessions(database, {"site_id": site_id, "session_id": {"$in": sorted(ids)}}):
        groups[event.get("session_id") or ""].append(event)
    return [fold_session(session_id, False, found, computed_at) for session_id, found in groups.items()]


def _derived_sessions(
    database: Mongo, site_id: str, events: list[SessionEvent], computed_at: datetime
) -> list[SessionDocument]:
    # each visitor's events are read around the new ones, wider until both edges are quiet
    touched: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        touched[event["visitor_id"]].add(event["event_id"])
    sessions: list[SessionDocument] = []
    if not events:
        return sessions
    since = min(event["timestamp"] for event in events) - GAP
    until = max(event["timestamp"] for event in events) + GAP
    while touched:
        histories = _histories(database, site_id, touched, since, until)
        for visitor_id in list(touched):
            chains = [chain for chain in split_by_gap(histories[visitor_id]) if _touches(chain, touched[visitor_id])]
            if all(since + GAP <= chain[0]["timestamp"] and chain[-1]["timestamp"] <= until - GAP for chain in chains):
                sessions += [fold_session(derived_session_id(chain[0]), True, chain, computed_at) for chain in chains]
                del touched[visitor_id]
        since, until = since - (until - since), until + (until - since)
    return sessions


def _histories(
    database: Mongo, site_id: str, visitors: Iterable[str], since: datetime, until: datetime
) -> defaultdict[str, list[SessionEvent]]:
    query = {"visitor_id": {"$in": sorted(visitors)}, "timestamp": {"$gte": since, "$lte": until}}
    histories: defaultdict[str, list[SessionEvent]] = defaultdict(list)
    for event in events_of_sessions(database, {"site_id": site_id, **query, "session_id": None}):
        histories[event["visitor_id"]].append(event)
    return histories


def _touches(chain: list[SessionEvent], event_ids: set[str]) -> bool:
    return any(event["event_id"] in event_ids for event in chain)


def _stored(database: Mongo, site_id: str, session_ids: list[str]) -> dict[str, SessionDocument]:
    keys = [f"{site_id}:{session_id}" for session_id in session_ids]
    found = user_sessions.of(database).find({"_id": {"$in": keys}}) if keys else ()
    return {session["session_id"]: session for session in found}


def _differs(session: SessionDocument, stored: SessionDocument | None) -> bool:
    return stored is None or any(stored.get(name) != value for name, value in session.items() if name != "computed_at")


def _remove_superseded(database: Mongo, site_id: str, derived: list[SessionDocument]) -> dict[str, datetime]:
    # This looks after the write, and at its own sessions too: of two concurrent recomputes, one of which saw the event
    # that joins two sessions and one that did not, whichever is later sees both results. Sessions by gap never overlap,
    # so the one that begins within another is the stale one.
    if not derived:
        return {}
    around = _around(site_id, derived)
    if user_sessions.of(database).count_documents(around) == len(derived):  # as most often; the index alone tells
        return {}
    superseded: dict[str, datetime] = {}
    longest: dict[str, datetime] = {}
    for found in user_sessions.read(database, SessionSpan, {**around, "derived": True}).sort("started_at", 1):
        visitor_id, ends = found["visitor_id"], longest.get(found["visitor_id"])
        if ends and found["started_at"] <= ends:
            superseded[f"{site_id}:{found['session_id']}"] = found["started_at"]
        longest[visitor_id] = max(found["ended_at"], ends or found["ended_at"])
    if superseded:
        user_sessions.of(database).delete_many({"_id": {"$in": sorted(superseded)}})
    return superseded


def _around(site_id: str, derived: list[SessionDocument]) -> Condition:
    # sessions of the same visitors that may be part of these, or they of them
    since = min(session["started_at"] for session in derived) - LONGEST
    until = max(session["ended_at"] for session in derived)
    visitors = sorted({session["visitor_id"] for session in derived})
    return {"site_id": site_id, "visitor_id": {"$in": visitors}, "started_at": {"$gte": since, "$lte": until}}


def _write(database: Mongo, sessions: list[SessionDocument], known: AbstractSet[str]) -> None:
    # what a concurrent recompute wrote from more events is left alone
    raced = _insert(database, [session for session in sessions if session["session_id"] not in known])
    _replace(database, [session for session in sessions if session["session_id"] in known or session["_id"] in raced])


def _insert(database: Mongo, sessions: list[SessionDocument]) -> set[str]:
    # returns the keys of those that somebody else stored meanwhile
    if not sessions:
        return set()
    try:
        user_sessions.of(database).insert_many(sessions, ordered=False)
    except BulkWriteError as error:
        return {document["_id"] for document in duplicates(error)}
    return set()


def _replace(database: Mongo, sessions: list[SessionDocument]) -> None:
    # unless what is there was made of more events
    writes = [
        ReplaceOne({"_id": session["_id"], "events": {"$lte": session["events"]}}, session, upsert=True)
        for session in sessions
    ]
    try:
        if writes:
            user_sessions.of(database).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)
