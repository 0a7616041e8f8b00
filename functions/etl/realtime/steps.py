"""The steps that news of live sessions go through, top to bottom."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from footfall.schemas.message import SessionsMessage, SessionSummary
from footfall.stores.keys import (
    MOST_LIVE_EVENTS,
    MOST_LIVE_SESSIONS,
    Key,
    active_user_key,
    live_events_key,
    live_sessions_key,
    live_since_key,
    realtime_metrics_key,
    realtime_users_key,
    session_key,
)
from footfall.stores.redis import ask, read
from redis import Redis
from redis.client import Pipeline

FRESH = timedelta(minutes=5)
"""How old news may be and still be worth another try: as long as somebody counts as active."""
MOST_USERS = 1_000
"""The pages and devices of so many people are counted at most; of others, only that they are active."""


@dataclass
class Batch:
    """Some messages by their id, and the latest news of each site's sessions."""

    at: datetime
    messages: dict[str, SessionsMessage] = field(default_factory=dict)
    sessions: dict[str, dict[str, SessionSummary]] = field(default_factory=dict)

    def fresh_messages(self) -> list[str]:
        """Returns the messages that tell of a session whose visitor may still be there."""
        return [
            message_id
            for message_id, message in self.messages.items()
            if any(session.ended_at > self.at - FRESH for session in message.sessions)
        ]


def keep_latest(batch: Batch, redis: Redis) -> None:
    """Of each session, the news of its latest event, whichever message brought it."""
    latest: defaultdict[str, dict[str, SessionSummary]] = defaultdict(dict)
    for message in batch.messages.values():
        for session in message.sessions:
            known = latest[message.site_id].get(session.session_id)
            if known is None or known.place < session.place:
                latest[message.site_id][session.session_id] = session
    batch.sessions = dict(latest)


def leave_out_what_is_known(batch: Batch, redis: Redis) -> None:
    """Drop news that Redis has already, or newer: messages come twice and in any order."""
    for site_id, sessions in batch.sessions.items():
        for session in _read(redis, [session_key(site_id, session_id) for session_id in sessions]):
            if sessions[session.session_id].place <= session.place:
                del sessions[session.session_id]


def show_sessions(batch: Batch, redis: Redis) -> None:
    """Write each session, and whom it shows to be active, for as long as that is true."""
    pipeline = redis.pipeline(transaction=False)
    for site_id, sessions in batch.sessions.items():
        for session in _in_order(sessions):
            text = session.model_dump_json()
            _set(pipeline, session_key(site_id, session.session_id), text, session.ended_at, batch.at)
            if not session.bot:
                _set(pipeline, active_user_key(site_id, session.person_id), text, session.ended_at, batch.at)
    pipeline.execute()


def list_sessions(batch: Batch, redis: Redis) -> None:
    """Write which sessions are live, without those that turned out to be a bot's; the newest, where there are many."""
    pipeline = redis.pipeline(transaction=False)
    for site_id, sessions in batch.sessions.items():
        key = live_sessions_key(site_id)
        if bots := [session.session_id for session in sessions.values() if session.bot]:
            pipeline.zrem(key.text, *bots)
        _add(
            pipeline, key, {one.session_id: one.ended_at for one in _of_people(sessions)}, MOST_LIVE_SESSIONS, batch.at
        )
    pipeline.execute()


def list_events(batch: Batch, redis: Redis) -> None:
    """Write the newest events."""
    pipeline = redis.pipeline(transaction=False)
    for message in batch.messages.values():
        newest = {event.model_dump_json(): event.at for event in message.events}
        _add(pipeline, live_events_key(message.site_id), newest, MOST_LIVE_EVENTS, batch.at)
    pipeline.execute()


def show_users(batch: Batch, redis: Redis) -> None:
    """Write who did something in the last minute; somebody's latest time counts."""
    pipeline = redis.pipeline(transaction=False)
    for site_id, sessions in batch.sessions.items():
        key = realtime_users_key(site_id)
        if latest := _of_people(sessions):
            pipeline.zadd(key.text, {one.person_id: _milliseconds(one.ended_at) for one in latest}, gt=True)
        pipeline.zremrangebyscore(key.text, "-inf", _milliseconds(batch.at) - key.seconds * 1000)
        pipeline.expire(key.text, key.seconds)
    pipeline.execute()


def count_active(batch: Batch, redis: Redis) -> None:
    """Write the figures of the last minute of each site that there was news of."""
    for site_id in batch.sessions:
        users, metrics = realtime_users_key(site_id), realtime_metrics_key(site_id)
        latest = redis.zrevrange(users.text, 0, MOST_USERS - 1)
        sessions = _read(redis, [active_user_key(site_id, str(person_id)) for person_id in latest])
        figures = {
            "at": batch.at.isoformat(),
            "active_users": redis.zcard(users.text),
            "by_device": Counter(session.device for session in sessions),
            "by_page": Counter(session.last_page or "other" for session in sessions),
            "converted": sum(session.converted for session in sessions),
        }
        redis.set(metrics.text, json.dumps(figures), ex=metrics.seconds)


def note_since(batch: Batch, redis: Redis) -> None:
    """Write since when all is shown: from now on, where nothing was lately."""
    pipeline = redis.pipeline(transaction=False)
    for site_id in {message.site_id for message in batch.messages.values()}:
        key = live_since_key(site_id)
        pipeline.set(key.text, _milliseconds(batch.at), ex=key.seconds, nx=True)
        pipeline.expire(key.text, key.seconds)
    pipeline.execute()


STEPS: tuple[Callable[[Batch, Redis], None], ...] = (
    keep_latest,
    leave_out_what_is_known,
    show_sessions,
    list_sessions,
    list_events,
    show_users,
    count_active,
    note_since,
)


def run(batch: Batch) -> None:
    """Take the messages through every step; raises Unavailable when Redis does not answer."""

    def work(redis: Redis) -> None:
        for step in STEPS:
            step(batch, redis)

    ask(work)


def _read(redis: Redis, keys: Sequence[Key]) -> list[SessionSummary]:
    found = redis.mget([key.text for key in keys]) if keys else []
    return [session for text in found if (session := read(SessionSummary, text))]


def _in_order(sessions: Mapping[str, SessionSummary]) -> list[SessionSummary]:
    return sorted(sessions.values(), key=lambda session: session.place)


def _of_people(sessions: Mapping[str, SessionSummary]) -> list[SessionSummary]:
    return [session for session in _in_order(sessions) if not session.bot]


def _add(pipeline: Pipeline, key: Key, members: Mapping[str, datetime], most: int, at: datetime) -> None:
    # a member's latest time counts; of the set, what is younger than the key lives, and the newest
    if members:
        pipeline.zadd(key.text, {member: _milliseconds(moment) for member, moment in members.items()}, gt=True)
    pipeline.zremrangebyscore(key.text, "-inf", _milliseconds(at) - key.seconds * 1000)
    pipeline.zremrangebyrank(key.text, 0, -most - 1)
    pipeline.expire(key.text, key.seconds)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _set(pipeline: Pipeline, key: Key, text: str, since: datetime, at: datetime) -> None:
    # for as long as the key says, counted from `since`
    left = key.seconds * 1000 - (_milliseconds(at) - _milliseconds(since))
    if left > 0:
        pipeline.set(key.text, text, px=left)
