"""Answers remembered in Redis while it is there; without it they are computed each time.

One answer to each question is kept, with the version of the days that it is about (`Rollups.version_of`): while the
days are of this version it is the answer, and when they are not it is computed anew and takes the other's place. Who
asks while it is being computed waits for it. While a store does not answer, the last answer is given, and says so.
"""

import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Generic, NamedTuple, TypeVar
from uuid import uuid4

from pydantic import BaseModel
from redis import Redis
from redis.exceptions import RedisError

from footfall.clock import now
from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.errors import Unavailable
from footfall.questions.range import RangeAnswer
from footfall.rollups import MadeOf, Rollups
from footfall.stores.keys import Key, answer_key, counts_key, lifetime, turn_key
from footfall.stores.redis import ask, read

Model = TypeVar("Model", bound=BaseModel)
Answer = TypeVar("Answer", bound=RangeAnswer)
Question = TypeVar("Question", bound=BaseModel)
JITTER = 0.1
LARGEST = 1_000_000
"""Characters of an answer that is kept; a larger one is computed each time."""
WAIT_SECONDS = 10.0
"""So long an answer is waited for that somebody else computes; then it is computed beside."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
"""Seconds between two looks for such an answer."""
GIVE_BACK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
"""A turn that took too long may be somebody else's by now."""


@dataclass(frozen=True)
class Asked:
    """What was asked about which days, and what the answer is made of: the figures of days, or events.

    Made of events is also what is read of whatever etl/events stores beside them. `dimensions` are those that the
    answer is narrowed or broken down by. With `earlier` it is made of all days before its own too, as what compares
    is, and `also` is what else it goes by.
    """

    rollups: Rollups
    days: DayRange
    question: BaseModel
    made_of: MadeOf = "figures"
    dimensions: Iterable[Dimension] = ()
    earlier: bool = False
    also: str = ""

    def version(self) -> str | None:
        """Returns the version of the answer; None for one that may change though no event of these days comes."""
        if any(row.needs_person for row in self.dimensions):
            return None
        days = DayRange(date.min, self.days.last, self.days.zone) if self.earlier else self.days
        version = self.rollups.version_of(days, self.made_of)
        return version and f"{version} {self.days.first} {self.also}"

    def complete_to(self) -> datetime | None:
        """Returns the watermark of the answer."""
        return self.rollups.complete_to(self.days) if self.made_of == "figures" else self.rollups.received_to


class Remembered(Generic[Answer]):
    """The answers of one question, of a kind of those in `stores.keys.REMEMBERED`."""

    def __init__(self, kind: str, model: type[Answer]) -> None:
        self._kind, self._model = kind, model

    def remember(self, asked: Asked, compute: Callable[[], Answer]) -> Answer:
        """Returns the answer to what was asked, as it is kept or else computed now, with the watermark of now.

        What `compute` raises is raised, and not remembered.
        """

        def computed() -> Answer:
            return compute().counted_to(asked.complete_to())

        version = asked.version()
        if version is None:
            return computed()
        key = self._key(asked.rollups.site.site_id, asked.question, lifetime(asked.days))
        return remember(key, version, self._model, computed).counted_to(asked.complete_to())

    def or_last(self, answer: Callable[[str, Question], Answer]) -> Callable[[str, Question], Answer]:
        """Decorate what answers a question: while a store does not answer, the last answer is given that is kept.

        It says since when it is the last in `answered_at`. Unavailable is raised where none is kept.
        """

        @wraps(answer)
        def found(site_id: str, question: Question) -> Answer:
            try:
                return answer(site_id, question)
            except Unavailable:
                last = _last(self._key(site_id, question), self._model)
                if last is None:
                    raise
                return last

        return found

    def _key(self, site_id: str, question: BaseModel, seconds: int = 0) -> Key:
        return answer_key(self._kind, site_id, f"{self._model.__name__} {question.model_dump_json()}", seconds)


class _Kept(NamedTuple):
    # an answer as it is kept: its version, when it was computed, and its JSON, which is empty for one that is too large
    version: str = ""
    at: str = ""
    text: str = ""

    @classmethod
    def of(cls, kept: str | None) -> "_Kept":
        parts = kept.split("\n", 2) if kept else []
        return cls(*parts) if len(parts) == len(cls._fields) else cls()

    def written(self) -> str:
        return "\n".join(self if len(self.text) <= LARGEST else self._replace(text=""))


def remember(key: Key, version: str, model: type[Model], compute: Callable[[], Model]) -> Model:
    """Returns the answer of a version that is kept under a key, else computed now and kept about as long as it says.

    Of all who ask for it at once, one computes it and the others wait for it, for ten seconds at most.
    """
    turn = _Turn(key, version)
    try:
        answer = turn.known(model)
    except Unavailable:
        return compute()
    kept = None
    try:
        if answer is None:
            began, answer = now(), compute()
            kept = _Kept(version, began.isoformat(), answer.model_dump_json(by_alias=True))
        return answer
    finally:
        with suppress(Unavailable):
            turn.end(kept)


class _Turn:
    # whose turn it is to compute one version of an answer: of who is first, by a key in Redis that ends by itself

    def __init__(self, key: Key, version: str) -> None:
        self._key, self._version, self._turn = key, version, turn_key(key, version)
        self._token, self._is_ours = uuid4().hex, False

    def known(self, model: type[Model]) -> Model | None:
        # the answer; None where it is to be computed, since it is our turn or was for too long somebody else's
        kept = _Kept.of(ask(lambda redis: _look_up(redis, self._key)))
        until, pause = time.monotonic() + WAIT_SECONDS, SHORTEST_PAUSE
        while kept.version != self._version and not self._is_ours and time.monotonic() < until:
            self._is_ours, is_there = ask(self._take)
            if is_there:
                kept = _Kept.of(ask(lambda redis: _text(redis, self._key)))
            elif not self._is_ours:
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        answer = read(model, kept.text) if kept.version == self._version else None
        if answer is None:
            with suppress(Unavailable):
                ask(lambda redis: _count(redis, self._key, "misses"))
        return answer

    def _take(self, redis: Redis) -> tuple[bool, bool]:
        # whether the turn is ours, and whether the answer is there
        pipeline = redis.pipeline(transaction=False)
        pipeline.set(self._turn.text, self._token, nx=True, ex=self._turn.seconds)
        pipeline.getrange(self._key.text, 0, len(self._version))
        taken, begins = pipeline.execute()
        return bool(taken), begins == f"{self._version}\n"

    def end(self, kept: _Kept | None) -> None:
        if kept or self._is_ours:
            ask(lambda redis: self._end(redis, kept))

    def _end(self, redis: Redis, kept: _Kept | None) -> None:
        pipeline = redis.pipeline(transaction=False)
        if kept:
            # answers that were computed together must not all end together
            seconds = round(self._key.seconds * random.uniform(1 - JITTER, 1 + JITTER))
            pipeline.set(self._key.text, kept.written(), ex=seconds)
        pipeline.eval(GIVE_BACK, 1, self._turn.text, self._token)
        pipeline.execute()


def _last(key: Key, model: type[Answer]) -> Answer | None:
    with suppress(Unavailable):
        kept = _Kept.of(ask(lambda redis: _text(redis, key)))
        if found := read(model, kept.text):
            return found.model_copy(update={"answered_at": datetime.fromisoformat(kept.at)})
    return None


def _look_up(redis: Redis, key: Key) -> str | None:
    # that it was looked for is counted on the same way, where Redis has room for that
    pipeline = redis.pipeline(transaction=False)
    pipeline.get(key.text)
    _count(pipeline, key, "lookups")
    kept, *_ = pipeline.execute(raise_on_error=False)
    if isinstance(kept, RedisError):
        raise kept
    return None if kept is None else str(kept)


def _text(redis: Redis, key: Key) -> str | None:
    kept = redis.get(key.text)
    return None if kept is None else str(kept)


def _count(redis: Redis, key: Key, what: str) -> None:
    counts = counts_key(key.site_id, now().date())
    redis.hincrby(counts.text, f"{key.kind} {what}", 1)
    redis.expire(counts.text, counts.seconds)
