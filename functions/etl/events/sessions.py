"""Sessions: recomputed from every event they hold, those of late events merged, those superseded removed.

Which purchases came of them is settled afterwards (`conversions.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from footfall.events.log import events_of_sessions
from footfall.schemas.event import NOT_A_VISIT, SessionEvent
from footfall.schemas.message import Span
from footfall.schemas.session import SessionDocument
from footfall.sessions.attribution import credits_of, is_direct
from footfall.sessions.conversions import conversion
from footfall.sessions.fold import (
    SessionKey,
    fold_session,
    gap_of,
    is_session,
    key_of,
    moments_of,
    sessions_of,
    split_by_gap,
)
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import Mongo
from pymongo.client_session import ClientSession

from . import archived, derived, settling
from .stale import StaleDays


@dataclass(frozen=True)
class Arrived:
    """Events whose sessions change: `new` ones, just stored, with the visitors whom nobody saw before; and `old` ones,
    stored before, whose sessions are in doubt.
    """

    new: Sequence[SessionEvent]
    newcomers: AbstractSet[str]
    old: Sequence[SessionEvent]


class Recomputed(NamedTuple):
    """The sessions that changed; `moved` are the events of people who may have bought before, of whose sessions other
    purchases may have come for it.
    """

    sessions: list[SessionDocument]
    moved: list[SessionEvent]


def _read(database: Mongo, keys: Sequence[str], session: ClientSession) -> Iterable[SessionDocument]:
    return user_sessions.of(database).find({"_id": {"$in": keys}}, session=session)


def _write(database: Mongo, writes: derived.Writes[SessionDocument], session: ClientSession | None) -> None:
    user_sessions.of(database).bulk_write(writes, ordered=False, session=session)


SESSIONS = derived.Kind(_read, _write, moments_of)


def recompute(database: Mongo, days: StaleDays, arrived: Arrived, computed_at: datetime) -> Recomputed:
    """Recompute the sessions of events that arrived."""
    site_id = days.site_id
    new, doubted = _visits(arrived.new), _visits(arrived.old)
    newcomers = arrived.newcomers - {event["visitor_id"] for event in doubted}
    begun = _begun((event for event in new if event["visitor_id"] in newcomers), computed_at)
    seen_before = [event for event in new if event["visitor_id"] not in newcomers]
    read = _read_sessions(database, site_id, seen_before + doubted, computed_at)
    known = _stored(database, read)
    _keep_credits(read, known)
    changed = begun + [session for session in read if _differs(session, known.get(session["_id"]))]
    derived.store(database, days, SESSIONS, changed, known.keys())
    alone = settling.are_alone(database, site_id, begun, arrived.newcomers)
    superseded = settling.settle(database, days, read if alone else [*read, *begun], computed_at)
    kept = [session for session in changed if session["_id"] not in superseded]
    known_before = [event for event in arrived.new if not (alone and _people_of(event) <= arrived.newcomers)]
    return Recomputed(kept, [*arrived.old, *known_before])


def _people_of(event: SessionEvent) -> set[str]:
    return {event["visitor_id"], event["person_id"]}


def _visits(events: Iterable[SessionEvent]) -> list[SessionEvent]:
    return [event for event in events if event["type"] not in NOT_A_VISIT]


def _begun(events: Iterable[SessionEvent], computed_at: datetime) -> list[SessionDocument]:
    # nobody saw these visitors before, so these events are all of theirs
    begun = [fold_session(found, computed_at) for found in sessions_of(events)]
    credited = credits_of(begun)
    for session in begun:
        session["attribution"], session["attributed_at"] = credited[session["session_id"]]
    return begun


def events_in(database: Mongo, site_id: str, spans: list[Span]) -> list[SessionEvent]:
    """Returns the events that visitors caused within stretches of time."""
    if not spans:
        return []
    stretches = [
        {"visitor_id": span.visitor_id, "timestamp": {"$gte": span.since, "$lte": span.until}} for span in spans
    ]
    return list(events_of_sessions(database, {"$or": [{"site_id": site_id, **stretch} for stretch in stretches]}))


def _read_sessions(
    database: Mongo, site_id: str, events: list[SessionEvent], computed_at: datetime
) -> list[SessionDocument]:
    # each visitor's events are read around these, wider until both edges are quiet
    touched: defaultdict[SessionKey, set[str]] = defaultdict(set)
    for event in events:
        touched[key_of(event)].add(event["event_id"])
    sessions: list[SessionDocument] = []
    if not events:
        return sessions
    margin = max(map(gap_of, touched))
    since = min(event["timestamp"] for event in events) - margin
    until = max(event["timestamp"] for event in events) + margin
    while touched:
        histories = _histories(database, site_id, touched, since, until)
        for key in _with_archived(database, site_id, histories, touched):
            del touched[key]
        for key, event_ids in list(touched.items()):
            gap = gap_of(key)
            chains = _touched(key, histories[key], event_ids)
            if all(since + gap <= chain[0]["timestamp"] and chain[-1]["timestamp"] <= until - gap for chain in chains):
                sessions += [fold_session(chain, computed_at) for chain in chains if is_session(chain)]
                del touched[key]
        since, until = since - (until - since), until + (until - since)
    return sessions


def _histories(
    database: Mongo, site_id: str, keys: Collection[SessionKey], since: datetime, until: datetime
) -> defaultdict[SessionKey, list[SessionEvent]]:
    query = {
        "site_id": site_id,
        "visitor_id": {"$in": sorted({visitor_id for visitor_id, _ in keys})},
        "timestamp": {"$gte": since, "$lte": until},
        "session_id": {"$in": list({client_id for _, client_id in keys})},
    }
    histories: defaultdict[SessionKey, list[SessionEvent]] = defaultdict(list)
    for event in events_of_sessions(database, query):
        histories[key_of(event)].append(event)
    return histories


def _with_archived(
    database: Mongo,
    site_id: str,
    histories: defaultdict[SessionKey, list[SessionEvent]],
    touched: Mapping[SessionKey, set[str]],
) -> AbstractSet[SessionKey]:
    # returns those whose archived events are lost: their sessions stay as they are
    chains = [chain for key, event_ids in touched.items() for chain in _touched(key, histories[key], event_ids)]
    found, lost = archived.events_near(database, site_id, chains)
    known: defaultdict[SessionKey, dict[str, SessionEvent]] = defaultdict(dict)
    for event in found:
        known[key_of(event)][event["event_id"]] = event
    for key, events in known.items():
        late = [event for event in histories[key] if event["event_id"] not in events]
        histories[key] = [*events.values(), *late]
    return lost


def _touched(key: SessionKey, events: Iterable[SessionEvent], event_ids: AbstractSet[str]) -> list[list[SessionEvent]]:
    return [chain for chain in split_by_gap(events, gap_of(key)) if _touches(chain, event_ids)]


def _touches(chain: list[SessionEvent], event_ids: AbstractSet[str]) -> bool:
    return any(event["event_id"] in event_ids for event in chain)


def _stored(database: Mongo, sessions: list[SessionDocument]) -> dict[str, SessionDocument]:
    keys = [session["_id"] for session in sessions]
    found = user_sessions.of(database).find({"_id": {"$in": keys}}) if keys else ()
    return {session["_id"]: session for session in found}


def _keep_credits(sessions: list[SessionDocument], known: dict[str, SessionDocument]) -> None:
    # what came of a session, and what one that nothing brought was attributed to, hold until something else is found
    for session in sessions:
        stored = known.get(session["_id"])
        if stored:
            session.update(cast(SessionDocument, conversion(session, stored.get("orders", ()))))
        if stored and is_direct(session["own_attribution"]) and is_direct(stored["own_attribution"]):
            session["attribution"], session["attributed_at"] = stored["attribution"], stored["attributed_at"]


def _differs(session: SessionDocument, stored: SessionDocument | None) -> bool:
    return stored is None or any(stored.get(name) != value for name, value in session.items() if name != "computed_at")
