"""Redis: a client that gives up quickly. After five failures in a row Redis is left alone for half a minute.

Redis is never required: whoever asks it is told Unavailable when it is slow or gone, and does without.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from footfall.errors import Unavailable
from footfall.settings import RedisSettings, from_environment

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")

TIMEOUT_SECONDS = 0.05


@dataclass
class Breaker:
    """A circuit breaker: `limit` failures in a row stop calls for `seconds`, after which one may probe."""

    limit: int = 5
    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    opened_at: float = 0.0

    def allows(self) -> bool:
        """Returns whether a call may be tried now."""
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
def client() -> Redis:
    """Returns the client of this execution environment: 50 ms to connect and to answer, and no second try."""
    return Redis.from_url(
        from_environment(RedisSettings).redis_url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def ask(work: Callable[[Redis], Result]) -> Result:
    """Returns what Redis answers to some work; raises Unavailable when it does not, or has not lately."""
    if not breaker.allows():
        raise Unavailable("the cache has not answered lately")
    try:
        result = work(client())
    except (RedisError, OSError) as error:
        breaker.note(success=False)
        raise Unavailable("the cache does not answer") from error
    breaker.note(success=True)
    return result


def read(model: type[Model], text: str | bytes | None) -> Model | None:
    """Returns what a kept text says; None where there is none, or one from before the model was changed."""
    try:
        return model.model_validate_json(text) if text else None
    except ValidationError:
        return None
