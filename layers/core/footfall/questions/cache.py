"""Answers remembered in Redis while it is there; without it they are computed each time."""

import random
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from pydantic import BaseModel
from redis import Redis
from redis.exceptions import RedisError

from footfall.clock import now
from footfall.errors import Unavailable
from footfall.stores.keys import Key, counts_key
from footfall.stores.redis import ask, read

Model = TypeVar("Model", bound=BaseModel)
Parameters = ParamSpec("Parameters")
JITTER = 0.1


def cached(
    model: type[Model], key: Callable[Parameters, Key | None]
) -> Callable[[Callable[Parameters, Model]], Callable[Parameters, Model]]:
    """Returns a decorator for what computes an answer: it is remembered under the key that its arguments make.

    The key says which answers are the same, and how long they live; without a key nothing is looked up or kept. What
    the function raises is raised, and not remembered.
    """

    def decorate(compute: Callable[Parameters, Model]) -> Callable[Parameters, Model]:
        @wraps(compute)
        def answer(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Model:
            found = key(*args, **kwargs)
            return remember(found, model, lambda: compute(*args, **kwargs)) if found else compute(*args, **kwargs)

        return answer

    return decorate


def remember(key: Key, model: type[Model], compute: Callable[[], Model]) -> Model:
    """Returns the answer kept under a key, else computed now and kept for about as long as the key says."""
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
    # answers that were computed together must not all end together
    seconds = round(key.seconds * random.uniform(1 - JITTER, 1 + JITTER))
    with suppress(Unavailable):
        ask(lambda redis: redis.set(key.text, answer.model_dump_json(by_alias=True), ex=seconds))
    return answer


def _look_up(redis: Redis, key: Key) -> str | None:
    # that it was looked for is counted on the same way, where Redis has room for that
    pipeline = redis.pipeline(transaction=False)
    pipeline.get(key.text)
    _count(pipeline, key, "lookups")
    kept, *_ = pipeline.execute(raise_on_error=False)
    if isinstance(kept, RedisError):
        raise kept
    return None if kept is None else str(kept)


def _count(redis: Redis, key: Key, what: str) -> None:
    counts = counts_key(key.site_id, now().date())
    redis.hincrby(counts.text, f"{key.kind} {what}", 1)
    redis.expire(counts.text, counts.seconds)
