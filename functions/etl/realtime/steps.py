"""The steps that news of live sessions go through, top to bottom."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from footfall.schemas.message import SessionsMessage, SessionSummary
from footfall.stores.keys import Key, active_user_key, realtime_metrics_key, realtime_users_key, session_key
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
            if known is None or _place(known) < _place(session):
                latest[message.site_id][session.session_id] = session
    batch.sessions = dict(latest)


def leave_out_what_is_known(batch: Batch, redis: Redis) -> None:
    """Drop news that Redis has already, or newer: messages come twice and in any order."""
    for site_id, sessions in batch.sessions.items():
        for session in _read(redis, [session_key(site_id, session_id) for session_id in sessions]):
            if _place(sessions[session.session_id]) <= _place(session):
                del sessions[session.session_id]


def show_sessions(batch: Batch, redis: Redis) -> None:
    """Write each session, and whom it shows to be active, for as long as that is true."""
    pipeline = redis.pipeline(transaction=False)
    for site_id, sessions in batch.sessions.items():
        for session in sorted(sessions.values(), key=_place):
            text = session.model_dump_json()
            _set(pipeline, session_key(site_id, session.session_id), text, session.ended_at, batch.at)
            _set(pipeline, active_user_key(site_id, session.person_id), text, session.ended_at, batch.at)
    pipeline.execute()


def show_users(batch: Batch, redis: Redis) -> None:
    """Write who did something in the last minute; somebody's latest time counts."""
    pipeline = redis.pipeline(transaction=False)
    for site_id, sessions in batch.sessions.items():
        key = realtime_users_key(site_id)
        latest = sorted(sessions.values(), key=_place)
        if latest:
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


STEPS: tuple[Callable[[Batch, Redis], None], ...] = (
    keep_latest,
    leave_out_what_is_known,
    show_sessions,
    show_users,
    count_active,
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


def _place(session: SessionSummary) -> tuple[datetime, int, bool]:
    # a server may tell after the last event of a session what came of it
    return session.ended_at, session.events, session.converted


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _set(pipeline: Pipeline, key: Key, text: str, since: datetime, at: datetime) -> None:
    # for as long as the key says, counted from `since`
    left = key.seconds * 1000 - (_milliseconds(at) - _milliseconds(since))
    if left > 0:
        pipeline.set(key.text, text, px=left)
