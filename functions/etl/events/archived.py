"""What late events need of archived days: the others of their sessions, which MongoDB no longer has."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import NamedTuple

from footfall.chunks import chunks
from footfall.clock import now
from footfall.observability import logger
from footfall.schemas.event import NOT_A_VISIT, EventDocument, SessionEvent
from footfall.schemas.lake import ArchivedDay
from footfall.schemas.session import SessionSpan
from footfall.schemas.site import FEWEST_HOT_DAYS
from footfall.sessions.fold import SessionKey, gap_of, key_of, moments_of
from footfall.stores.collections import archived_days, user_sessions
from footfall.stores.mongo import Mongo

KEYS_AT_ONCE = 1_000
Chain = Sequence[SessionEvent]
Sessions = Mapping[SessionKey, Sequence[SessionSpan]]


class _Stretch(NamedTuple):
    # when a session would have to be for one of these events to be part of it
    start: datetime
    end: datetime


class Archived(NamedTuple):
    """Archived events, in any order, and the sessions (by whose they are) that cannot be told for a damaged file."""

    events: list[SessionEvent]
    lost: AbstractSet[SessionKey]


def events_near(database: Mongo, site_id: str, chains: Iterable[Chain]) -> Archived:
    """Returns the archived events of the sessions that events without a gap are part of.

    The chains were read from MongoDB before: what has left it is in an archive by then. Raises Unavailable when the
    lake does not answer. A file that is missing or changed is said in the log.
    """
    sessions = _near(database, site_id, _stretches(chains))
    spans = [span for found in sessions.values() for span in found]
    events: list[SessionEvent] = []
    lost: set[SessionKey] = set()
    for archive in _archives(database, site_id, spans) if spans else ():
        of_day = {key for key, found in sessions.items() if any(_has_part_of(archive, span) for span in found)}
        found = _read(archive, {visitor_id for visitor_id, _ in of_day})
        if found is None:
            lost |= of_day
        else:
            events += [event for event in found if _is_of(event, sessions)]
    return Archived(events, lost)


def _stretches(chains: Iterable[Chain]) -> dict[SessionKey, list[_Stretch]]:
    # no site has less in MongoDB than these days, the first of them in part
    hot = now() - timedelta(days=FEWEST_HOT_DAYS - 1)
    found: defaultdict[SessionKey, list[_Stretch]] = defaultdict(list)
    for chain in chains:
        key = key_of(chain[0])
        stretch = _Stretch(chain[0]["timestamp"] - gap_of(key), chain[-1]["timestamp"] + gap_of(key))
        if stretch.start < hot:
            found[key].append(stretch)
    return found


def _near(database: Mongo, site_id: str, stretches: Mapping[SessionKey, Sequence[_Stretch]]) -> Sessions:
    sessions: defaultdict[SessionKey, list[SessionSpan]] = defaultdict(list)
    for some in map(frozenset, chunks(sorted(stretches, key=str), KEYS_AT_ONCE)):
        theirs = [stretch for key in some for stretch in stretches[key]]
        visitors = sorted({visitor_id for visitor_id, _ in some})
        began, ended = {"$lte": max(one.end for one in theirs)}, {"$gte": min(one.start for one in theirs)}
        about = {"site_id": site_id, "visitor_id": {"$in": visitors}, "started_at": began, "ended_at": ended}
        for session in user_sessions.read(database, SessionSpan, about):
            key = session["visitor_id"], session["client_session_id"]
            if key in some and any(_meet(session, stretch) for stretch in stretches[key]):
                sessions[key].append(session)
    return sessions


def _meet(session: SessionSpan, stretch: _Stretch) -> bool:
    return session["started_at"] <= stretch.end and session["ended_at"] >= stretch.start


def _archives(database: Mongo, site_id: str, spans: Sequence[SessionSpan]) -> list[ArchivedDay]:
    first, last = min(span["started_at"] for span in spans), max(span["ended_at"] for span in spans)
    during = {"site_id": site_id, "start": {"$lte": last}, "end": {"$gt": first}}
    return archived_days.of(database).find(during).to_list()


def _has_part_of(archive: ArchivedDay, span: SessionSpan) -> bool:
    return span["started_at"] < archive["end"] and span["ended_at"] >= archive["start"]


def _read(archived: ArchivedDay, visitor_ids: Collection[str]) -> list[EventDocument] | None:
    # None where the file is damaged
    if not visitor_ids:
        return []
    from footfall.lake import archive  # what reads Parquet is no part of a start

    try:
        with archive.fetched(archived["key"]) as file:
            return list(archive.events_by(file, visitor_ids))
    except archive.Damaged:
        named = {"site_id": archived["site_id"], "day": archived["date"], "file": archived["key"]}
        logger().error("a file of the archive is missing or changed: sessions of its day stay as they are", extra=named)
        return None


def _is_of(event: SessionEvent, sessions: Sessions) -> bool:
    theirs = sessions.get(key_of(event), ()) if event["type"] not in NOT_A_VISIT else ()
    return any(session["started_at"] <= event["timestamp"] <= session["ended_at"] for session in theirs)


def moments_of_sessions(database: Mongo, site_id: str, visitor_ids: Collection[str]) -> Iterator[datetime]:
    """Yields moments of every day on which visitors had a session, also where its events are archived."""
    theirs = {"site_id": site_id, "visitor_id": {"$in": sorted(visitor_ids)}}
    for session in user_sessions.read(database, SessionSpan, theirs) if visitor_ids else ():
        yield from moments_of(session)
