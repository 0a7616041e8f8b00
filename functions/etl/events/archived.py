"""Visits of archived days, of which MongoDB no longer has all events: what comes late for one leaves it as it is."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from footfall.chunks import chunks
from footfall.clock import now
from footfall.schemas.event import NOT_A_VISIT, SessionEvent
from footfall.schemas.session import CountedSession, SessionSpan
from footfall.schemas.site import FEWEST_HOT_DAYS
from footfall.sessions.fold import SILENCE, SessionKey, gap_of, key_of, moments_of
from footfall.stores.collections import archived_days, events, user_sessions
from footfall.stores.mongo import Mongo

ONE_DAY = timedelta(days=1)
VISITORS_AT_ONCE = 1_000


def foldable(database: Mongo, site_id: str, found: Sequence[SessionEvent]) -> list[SessionEvent]:
    """Returns the events whose sessions can be folded: those that are in or near none whose own events are archived.

    Folded from what is left of them, such a session would lose what the others told.
    """
    hot = now() - timedelta(days=FEWEST_HOT_DAYS)
    old = [event for event in found if event["timestamp"] < hot]
    archived_at = _archived_at(database, site_id, [event["timestamp"] for event in old])
    if archived_at is None:
        return list(found)
    sessions = _archived(database, site_id, old, archived_at)
    return [event for event in found if not any(_is_near(event, session) for session in sessions[key_of(event)])]


def _archived_at(database: Mongo, site_id: str, moments: Sequence[datetime]) -> datetime | None:
    # when an archive around these moments was written last
    if not moments:
        return None
    during = {"start": {"$lt": max(moments) + ONE_DAY}, "end": {"$gt": min(moments) - ONE_DAY}}
    found = archived_days.of(database).find({"site_id": site_id, **during})
    return max((archive["archived_at"] for archive in found), default=None)


def _archived(
    database: Mongo, site_id: str, found: Sequence[SessionEvent], archived_at: datetime
) -> defaultdict[SessionKey, list[CountedSession]]:
    # the sessions of their visitors that are made of more events than there are
    moments = [event["timestamp"] for event in found]
    about = {"started_at": {"$lte": max(moments) + SILENCE}, "ended_at": {"$gte": min(moments) - SILENCE}}
    sessions: defaultdict[SessionKey, list[CountedSession]] = defaultdict(list)
    for some in chunks(sorted({event["visitor_id"] for event in found}), VISITORS_AT_ONCE):
        theirs = {"site_id": site_id, "visitor_id": {"$in": some}, **about}
        for session in user_sessions.read(database, CountedSession, theirs):
            if _left_of(database, site_id, session, archived_at) < session["events"]:
                sessions[session["visitor_id"], session["client_session_id"]].append(session)
    return sessions


def _left_of(database: Mongo, site_id: str, session: CountedSession, archived_at: datetime) -> int:
    # what came after the archive is no part of a session that was computed before
    early = {"processed_at": {"$lte": archived_at}} if session["computed_at"] <= archived_at else {}
    own = {
        "visitor_id": session["visitor_id"],
        "session_id": session["client_session_id"],
        "type": {"$nin": sorted(NOT_A_VISIT)},
        "timestamp": {"$gte": session["started_at"], "$lte": session["ended_at"]},
    }
    return events.count(database, {"site_id": site_id, **own, **early}, most=session["events"])


def _is_near(event: SessionEvent, session: CountedSession) -> bool:
    gap = gap_of(key_of(event))
    return session["started_at"] - gap <= event["timestamp"] <= session["ended_at"] + gap


def moments_of_sessions(database: Mongo, site_id: str, visitor_ids: Collection[str]) -> Iterator[datetime]:
    """Yields moments of every day on which visitors had a session, also where its events are archived."""
    theirs = {"site_id": site_id, "visitor_id": {"$in": sorted(visitor_ids)}}
    for session in user_sessions.read(database, SessionSpan, theirs) if visitor_ids else ():
        yield from moments_of(session)
