"""What is live on a site: from Redis while all of it is there, else from MongoDB by index; the same either way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from footfall.errors import Unavailable
from footfall.events.live import newest_live
from footfall.events.log import BY_TIME
from footfall.schemas.event import LiveEventView
from footfall.schemas.message import LiveEvent, SessionSummary
from footfall.schemas.session import LiveSession
from footfall.sessions.fold import summarise
from footfall.stores.collections import events, user_sessions
from footfall.stores.keys import (
    MOST_LIVE_EVENTS,
    MOST_LIVE_SESSIONS,
    live_events_key,
    live_sessions_key,
    live_since_key,
    session_key,
)
from footfall.stores.mongo import database
from footfall.stores.redis import ask, read

CLOCKS = timedelta(minutes=1)
"""How far ahead of ours a client's clock is believed, so that an event may be dated after it was shown."""
BY_END = [("site_id", 1), ("ended_at", 1)]
MOST_AT_ONCE = 100
"""So many of the newest events are read to find the newest twenty, as some may be of one instant."""


@dataclass(frozen=True)
class Live:
    """Sessions of people that had an event since a moment, and the newest events since then, the newest first.

    Of very many sessions these are the newest; then all that had an event since `complete_from` are among them.
    """

    sessions: list[SessionSummary]
    events: list[LiveEvent]
    complete_from: datetime


def live_since(site_id: str, start: datetime) -> Live:
    """Returns what is live since a moment of the last half hour."""
    try:
        kept = ask(lambda redis: _kept(redis, site_id, start))
    except Unavailable:
        kept = None
    return kept or _stored(site_id, start)


def _kept(redis: Redis, site_id: str, start: datetime) -> Live | None:
    # None unless all of it is there
    since = round(start.timestamp() * 1000)
    pipeline = redis.pipeline(transaction=False)
    pipeline.get(live_since_key(site_id).text)
    pipeline.zrevrangebyscore(live_sessions_key(site_id).text, "+inf", since)
    pipeline.zrevrangebyscore(live_events_key(site_id).text, "+inf", since)
    began, names, newest = pipeline.execute()
    if began is None or int(began) + CLOCKS // timedelta(milliseconds=1) > since:
        return None
    texts = redis.mget([session_key(site_id, name).text for name in names]) if names else []
    sessions = [session for text in texts if (session := read(SessionSummary, text))]
    told = [event for text in newest if (event := read(LiveEvent, text))]
    if len(sessions) < len(names) or len(told) < len(newest):
        return None
    return _live(sessions, sorted(told, key=lambda event: (event.at, event.key), reverse=True), start)


def _stored(site_id: str, start: datetime) -> Live:
    recent = {"site_id": site_id, "ended_at": {"$gte": start}, "bot": False}
    live = user_sessions.read(database(), LiveSession, recent).hint(BY_END).sort("ended_at", -1)
    lately = {"site_id": site_id, "timestamp": {"$gte": start}, "bot": False}
    newest = events.read(database(), LiveEventView, lately).hint(BY_TIME).sort("timestamp", -1).limit(MOST_AT_ONCE)
    return _live([summarise(session) for session in live.limit(MOST_LIVE_SESSIONS)], newest_live(newest), start)


def _live(sessions: list[SessionSummary], newest: list[LiveEvent], start: datetime) -> Live:
    # the order is that of their ends, the newest first
    full = len(sessions) == MOST_LIVE_SESSIONS
    complete_from = max(start, sessions[-1].ended_at) if full else start
    return Live(_without_replaced(sessions), newest[:MOST_LIVE_EVENTS], complete_from)


def _without_replaced(sessions: Iterable[SessionSummary]) -> list[SessionSummary]:
    # an event that arrives late may begin a session earlier, which is another one then: a client has one at a time
    latest: dict[tuple[str, str], SessionSummary] = {}
    for session in sessions:
        key = session.visitor_id, session.session_id.rpartition("@")[0] or session.session_id
        if key not in latest or latest[key].place < session.place:
            latest[key] = session
    return list(latest.values())
