"""Sessions: recomputed from every event they hold, those of late events merged, those superseded removed."""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from footfall.schemas.event import EventDocument
from footfall.schemas.message import Span
from footfall.schemas.session import SessionDocument
from footfall.sessions.fold import GAP, NOT_A_VISIT, derived_session_id, fold_session, split_by_gap
from footfall.stores.mongo import duplicates
from pymongo import ReplaceOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

Mongo = Database[dict[str, Any]]
LONGEST = timedelta(days=1)
"""How far back a session may begin that another one is part of; the sweeper finds what is longer."""
READ = dict.fromkeys(
    [
        "site_id",
        "event_id",
        "type",
        "visitor_id",
        "user_id",
        "session_id",
        "timestamp",
        "received_at",
        "sequence",
        "path",
        "page_type",
        "device",
        "country",
        "bot",
        "attribution",
        "commerce.order_id",
        "commerce.total",
        "commerce.currency",
    ],
    1,
)


@dataclass(frozen=True)
class Arrived:
    """Events whose sessions change: `new` ones, just stored, with the visitors whom nobody saw before; and `old` ones,
    stored before, whose sessions are in doubt.
    """

    new: list[EventDocument]
    newcomers: AbstractSet[str]
    old: list[EventDocument]


def recompute(
    database: Mongo, site_id: str, arrived: Arrived, computed_at: datetime
) -> tuple[list[SessionDocument], list[datetime]]:
    """Recompute the sessions of events that arrived.

    The answer is the sessions that changed, and when they and those that merged into them began.
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
    changed = begun + [session for session in read if _differs(session, known.get(session["session_id"], {}))]
    _write(database, changed, known.keys())
    superseded = _remove_superseded(database, site_id, begun + derived)
    kept = [*opened.values(), *(session for session in changed if session["_id"] not in superseded)]
    return kept, [session["started_at"] for session in [*opened.values(), *changed]] + list(superseded.values())


def _by_session(events: Iterable[EventDocument]) -> tuple[dict[str, list[EventDocument]], list[EventDocument]]:
    """The events of visits by the session that their client names, and those without one."""
    named: defaultdict[str, list[EventDocument]] = defaultdict(list)
    unnamed: list[EventDocument] = []
    for event in events:
        if event["type"] not in NOT_A_VISIT:
            session_id = event.get("session_id")
            (named[session_id] if session_id else unnamed).append(event)
    return named, unnamed


def _open(database: Mongo, named: dict[str, list[EventDocument]], computed_at: datetime) -> dict[str, SessionDocument]:
    """Store sessions that are new, folded from what arrived; those that are not stored meanwhile by somebody else.

    Their events need not be read: whoever stores more of them finds the session there, and reads all of them.
    """
    sessions = {key: fold_session(key, False, events, computed_at) for key, events in named.items()}
    raced = _insert(database, list(sessions.values()))
    return {key: session for key, session in sessions.items() if session["_id"] not in raced}


def _fold_derived(events: Iterable[EventDocument], computed_at: datetime) -> list[SessionDocument]:
    """Sessions by gap of visitors whom nobody saw before: these events are all of theirs."""
    visitors: defaultdict[str, list[EventDocument]] = defaultdict(list)
    for event in events:
        visitors[event["visitor_id"]].append(event)
    chains = (chain for events in visitors.values() for chain in split_by_gap(events))
    return [fold_session(derived_session_id(chain[0]), True, chain, computed_at) for chain in chains]


def events_in(database: Mongo, site_id: str, spans: list[Span]) -> list[EventDocument]:
    """The events that visitors caused within stretches of time."""
    if not spans:
        return []
    stretches = [
        {"visitor_id": span.visitor_id, "timestamp": {"$gte": span.since, "$lte": span.until}} for span in spans
    ]
    return list(_visits(database, {"$or": [{"site_id": site_id, **stretch} for stretch in stretches]}))


def _named_sessions(database: Mongo, site_id: str, ids: set[str], computed_at: datetime) -> list[SessionDocument]:
    if not ids:
        return []
    groups: defaultdict[str, list[EventDocument]] = defaultdict(list)
    for event in _visits(database, {"site_id": site_id, "session_id": {"$in": sorted(ids)}}):
        groups[event.get("session_id") or ""].append(event)
    return [fold_session(session_id, False, found, computed_at) for session_id, found in groups.items()]


def _derived_sessions(
    database: Mongo, site_id: str, events: list[EventDocument], computed_at: datetime
) -> list[SessionDocument]:
    """Sessions by gap: each visitor's events are read around the new ones, wider until both edges are quiet."""
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
) -> defaultdict[str, list[EventDocument]]:
    query = {"visitor_id": {"$in": sorted(visitors)}, "timestamp": {"$gte": since, "$lte": until}}
    histories: defaultdict[str, list[EventDocument]] = defaultdict(list)
    for event in _visits(database, {"site_id": site_id, **query, "session_id": None}):
        histories[event["visitor_id"]].append(event)
    return histories


def _visits(database: Mongo, query: dict[str, Any]) -> Iterable[EventDocument]:
    for event in database["events"].find(query, READ):
        if event["type"] not in NOT_A_VISIT:
            yield event  # type: ignore[misc]


def _touches(chain: list[EventDocument], event_ids: set[str]) -> bool:
    return any(event["event_id"] in event_ids for event in chain)


def _stored(database: Mongo, site_id: str, session_ids: list[str]) -> dict[str, dict[str, Any]]:
    keys = [f"{site_id}:{session_id}" for session_id in session_ids]
    found = database["user_sessions"].find({"_id": {"$in": keys}}) if keys else ()
    return {session["session_id"]: session for session in found}


def _differs(session: SessionDocument, stored: dict[str, Any]) -> bool:
    return any(stored.get(name) != value for name, value in session.items() if name != "computed_at")


def _remove_superseded(database: Mongo, site_id: str, derived: list[SessionDocument]) -> dict[str, datetime]:
    """Remove derived sessions that are part of a longer one; which they were, and when they began.

    It looks after the write, and at its own sessions too: of two concurrent recomputes, one of which saw the event that
    joins two sessions and one that did not, whichever is later sees both results. Sessions by gap never overlap, so the
    one that begins within another is the stale one.
    """
    if not derived:
        return {}
    around = _around(site_id, derived)
    if database["user_sessions"].count_documents(around) == len(derived):  # as most often; the index alone tells
        return {}
    superseded: dict[str, datetime] = {}
    longest: dict[str, datetime] = {}
    fields = {"visitor_id": 1, "started_at": 1, "ended_at": 1}
    for found in database["user_sessions"].find({**around, "derived": True}, fields).sort("started_at", 1):
        visitor_id, ends = found["visitor_id"], longest.get(found["visitor_id"])
        if ends and found["started_at"] <= ends:
            superseded[found["_id"]] = found["started_at"]
        longest[visitor_id] = max(found["ended_at"], ends or found["ended_at"])
    if superseded:
        database["user_sessions"].delete_many({"_id": {"$in": sorted(superseded)}})
    return superseded


def _around(site_id: str, derived: list[SessionDocument]) -> dict[str, Any]:
    """The condition of sessions of the same visitors that may be part of these, or they of them."""
    since = min(session["started_at"] for session in derived) - LONGEST
    until = max(session["ended_at"] for session in derived)
    visitors = sorted({session["visitor_id"] for session in derived})
    return {"site_id": site_id, "visitor_id": {"$in": visitors}, "started_at": {"$gte": since, "$lte": until}}


def _write(database: Mongo, sessions: list[SessionDocument], known: AbstractSet[str]) -> None:
    """Insert new sessions and replace known ones; what a concurrent recompute wrote from more events is left alone."""
    raced = _insert(database, [session for session in sessions if session["session_id"] not in known])
    _replace(database, [session for session in sessions if session["session_id"] in known or session["_id"] in raced])


def _insert(database: Mongo, sessions: list[SessionDocument]) -> set[str]:
    """Store new sessions; the answer is the keys of those that somebody else stored meanwhile."""
    if not sessions:
        return set()
    try:
        database["user_sessions"].insert_many(cast(list[dict[str, Any]], sessions), ordered=False)
    except BulkWriteError as error:
        return {document["_id"] for document in duplicates(error)}
    return set()


def _replace(database: Mongo, sessions: list[SessionDocument]) -> None:
    """Replace sessions unless what is there was made of more events."""
    writes = [
        ReplaceOne({"_id": session["_id"], "events": {"$lte": session["events"]}}, dict(session), upsert=True)
        for session in sessions
    ]
    try:
        if writes:
            database["user_sessions"].bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)
