"""Redis: every key and how long it lives, a client that gives up quickly, and answers remembered while it is there.

Redis is never required. A caller that asks `remember` gets its answer computed when Redis is slow or gone, and after
five failures in a row Redis is left alone for half a minute.
"""

import hashlib
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from footfall.clock import now
from footfall.days import DayRange, day_of
from footfall.errors import Unavailable
from footfall.settings import RedisSettings, from_environment

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")

TIMEOUT_SECONDS = 0.05
JITTER = 0.1
HOUR, DAY = 3_600, 86_400


DASHBOARD, FUNNEL, SIMILAR_USERS, TRENDING = (
    "metrics:dashboard",
    "metrics:funnel",
    "query:similar_users",
    "query:trending",
)
REMEMBERED = {"dashboard": DASHBOARD, "funnel": FUNNEL, "similar_users": SIMILAR_USERS, "trending": TRENDING}
"""The kinds of remembered answers, and how their keys begin before the site. All else in Redis is live activity."""


@dataclass(frozen=True)
class Key:
    """A key, and how many seconds what is under it lives."""

    text: str
    seconds: int

    @property
    def kind(self) -> str:
        """How the key begins: its two first words."""
        return ":".join(self.text.split(":")[:2])

    @property
    def site_id(self) -> str:
        """Whose key it is: the third word."""
        return self.text.split(":")[2]


def dashboard_key(site_id: str, days: DayRange, version: str) -> Key:
    """The dashboard of a range, as of one version of the site's rollups."""
    return Key(f"{DASHBOARD}:{site_id}:{_span(days)}:{version}", _lifetime(days))


def funnel_key(site_id: str, device: str | None, days: DayRange, version: str, question: str) -> Key:
    """The answer to a question about a funnel, as of one version of the site's rollups."""
    return Key(f"{FUNNEL}:{site_id}:{device or 'all'}:{_span(days)}:{version}:{_digest(question)}", _lifetime(days))


def session_key(site_id: str, session_id: str) -> Key:
    """A live session: its summary, for 30 minutes after its last event."""
    return Key(f"session:{site_id}:{session_id}", 1_800)


def active_user_key(site_id: str, person_id: str) -> Key:
    """The summary of the session somebody is in, for 5 minutes after its last event."""
    return Key(f"user:active:{site_id}:{person_id}", 300)


def realtime_users_key(site_id: str) -> Key:
    """Who did something in the last minute: a sorted set of person ids by Unix milliseconds."""
    return Key(f"realtime:users:{site_id}", 60)


def realtime_metrics_key(site_id: str) -> Key:
    """Figures of the last minute, for 30 seconds."""
    return Key(f"metrics:realtime:{site_id}", 30)


def similar_users_key(site_id: str, person_id: str, version: int, question: str) -> Key:
    """Who behaves like somebody, as of one version of the model, for 10 minutes."""
    return Key(f"{similar_users_prefix(site_id, person_id)}{version}:{_digest(question)}", 600)


def similar_users_prefix(site_id: str, person_id: str) -> str:
    """How every key of an answer about one person begins."""
    return f"{SIMILAR_USERS}:{site_id}:{_digest(person_id)}:"


def counts_key(site_id: str, day: date) -> Key:
    """How often answers of each kind were looked for, and were not there, on one day (UTC); for 8 days."""
    return Key(f"cache:counts:{site_id}:{day}", 8 * DAY)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _span(days: DayRange) -> str:
    return f"{days.first}..{days.last}"


def _lifetime(days: DayRange) -> int:
    """An hour while the range's last day goes on, a day once it is over."""
    return HOUR if days.last >= day_of(now(), days.zone) else DAY


@dataclass
class Breaker:
    """Leaves something alone for `seconds` after `limit` failures in a row, then lets one call probe it."""

    limit: int = 5
    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    opened_at: float = 0.0

    def allows(self) -> bool:
        """Whether a call may be tried now."""
        if self.failures < self.limit:
            return True
        if self.clock() - self.opened_at < self.seconds:
            return False
        self.opened_at = self.clock()
        return True

    def note(self, *, success: bool) -> None:
        """Count how a call went."""
        self.failures = 0 if success else self.failures + 1
        if not success:
            self.opened_at = self.clock()


breaker = Breaker()


@cache
def client() -> "Redis":
    """The client of this execution environment: 50 ms to connect and to answer, and no second try."""
    return Redis.from_url(
        from_environment(RedisSettings).redis_url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def ask(work: Callable[["Redis"], Result]) -> Result:
    """What Redis answers to some work; raises Unavailable when it does not, or has not for a while."""
    if not breaker.allows():
        raise Unavailable("the cache has not answered lately")
    try:
        result = work(client())
    except (RedisError, OSError) as error:
        breaker.note(success=False)
        raise Unavailable("the cache does not answer") from error
    breaker.note(success=True)
    return result


def remember(key: Key, model: type[Model], compute: Callable[[], Model]) -> Model:
    """The answer kept under a key, else computed now and kept for about as long as the key says."""
    try:
        kept = ask(lambda redis: _look_up(redis, key))
    except Unavailable:
        return compute()
    known = read(model, kept)
    if known:
        return known
    with suppress(Unavailable):
        ask(lambda redis: _count(redis, key, "misses"))
    answer = compute()
    seconds = round(key.seconds * random.uniform(1 - JITTER, 1 + JITTER))
    with suppress(Unavailable):
        ask(lambda redis: redis.set(key.text, answer.model_dump_json(by_alias=True), ex=seconds))
    return answer


def _look_up(redis: "Redis", key: Key) -> Any:
    """What is under a key; that it was looked for is counted on the same way, where Redis has room for that."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.get(key.text)
    _count(pipeline, key, "lookups")
    kept, *_ = pipeline.execute(raise_on_error=False)
    if isinstance(kept, RedisError):
        raise kept
    return kept


def _count(redis: "Redis", key: Key, what: str) -> None:
    counts = counts_key(key.site_id, now().date())
    redis.hincrby(counts.text, f"{key.kind} {what}", 1)
    redis.expire(counts.text, counts.seconds)


def read(model: type[Model], text: Any) -> Model | None:
    """What a kept text says; None where there is none, or one from before the model was changed."""
    try:
        return model.model_validate_json(text) if text else None
    except ValidationError:
        return None
