"""Answers remembered in Redis while it is there; without it they are computed each time."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel
from redis import Redis
from redis.exceptions import RedisError

from footfall.clock import now
from footfall.errors import Unavailable
from footfall.stores.keys import Key, counts_key
from footfall.stores.redis import ask, read

Model = TypeVar("Model", bound=BaseModel)
JITTER = 0.1


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
