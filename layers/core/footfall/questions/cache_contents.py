"""The question what Redis remembers of a site's answers and how often it helped; and how it is forgotten.

Keys are found by looking through all there are, so that nothing has to be kept beside them. Only those that begin as a
key of the site does are counted or removed: no other tenant's is ever touched.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta

from pydantic import BaseModel, Field
from redis import Redis

from footfall.chunks import chunks
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.rates import percentage
from footfall.stores.keys import REMEMBERED, active_user_key, counts_key, in_braces, similar_users_prefix
from footfall.stores.redis import ask

DAYS_COUNTED = 7
AT_A_TIME = 500
SECONDS = 8.0
"""How long looking through all keys may take: enough for some million."""


class CachedKind(BaseModel):
    """The remembered answers of one kind."""

    kind: str = Field(
        description="`dashboard`, `analytics`, `funnel`, `sentiment`, `web_vitals`, `similar_users` or `trending`",
        examples=["funnel"],
    )
    entries: int = Field(description="answers that are kept now: the last to each question", examples=[12])
    bytes: int = Field(description="size of all of them together, as JSON", examples=[20_480])
    hits: int = Field(description="how often one was found, or waited for while somebody computed it", examples=[870])
    misses: int = Field(description="how often one had to be computed", examples=[130])
    hit_rate: float = Field(description="share of lookups that found one, in percent", examples=[87.0])


class CacheStats(BaseModel):
    """The site's remembered answers: how many there are, and how often they saved computing one in the last days."""

    hit_rate: float = Field(description="share of lookups that found an answer, in percent", examples=[87.5])
    hits: int = Field(description="lookups that found an answer")
    misses: int = Field(description="lookups after which it was computed")
    days: int = Field(description="over how many days lookups are counted", examples=[7])
    entries: int = Field(description="answers that are kept now")
    bytes: int = Field(description="what they take together, without their keys")
    kinds: list[CachedKind]


def answer(site_id: str) -> CacheStats:
    """Returns the answers of each kind that are kept, and how often one was found in a week; raises Unavailable."""
    return ask(lambda redis: _statistics(redis, site_id))


def hit_rate(site_id: str) -> float:
    """Returns how often an answer was found in the last week, in percent; raises Unavailable."""
    counts = ask(lambda redis: _counts(redis, site_id))
    kinds = [_of_kind(kind, [], counts) for kind in REMEMBERED]
    hits = sum(kind.hits for kind in kinds)
    return percentage(hits, hits + sum(kind.misses for kind in kinds))


def forget(site_id: str, kinds: Iterable[str] = tuple(REMEMBERED)) -> int:
    """Forget a site's answers of some kinds; returns how many there were; raises Unavailable."""
    starts = tuple(f"{REMEMBERED[kind]}:{in_braces(site_id)}:" for kind in kinds)
    return ask(lambda redis: _unlink(redis, _keys(redis, site_id, starts)))


def forget_person(site_id: str, person_ids: Iterable[str]) -> int:
    """Forget answers about somebody, under each id of theirs, and that they are active; returns how many there were.

    Raises Unavailable.
    """
    people = sorted(set(person_ids))
    starts = tuple(similar_users_prefix(site_id, person_id) for person_id in people)
    active = [active_user_key(site_id, person_id).text for person_id in people]
    return ask(lambda redis: _unlink(redis, [*_keys(redis, site_id, starts), *active]))


def _statistics(redis: Redis, site_id: str) -> CacheStats:
    counts, lengths = _counts(redis, site_id), _lengths(redis, site_id)
    kinds = [_of_kind(kind, lengths[start], counts) for kind, start in REMEMBERED.items()]
    total = Counter[str]()
    for kind in kinds:
        total.update(kind.model_dump(include={"hits", "misses", "entries", "bytes"}))
    rate = percentage(total["hits"], total["hits"] + total["misses"])
    figures = {name: total[name] for name in ("hits", "misses", "entries", "bytes")}
    return CacheStats(hit_rate=rate, days=DAYS_COUNTED, kinds=kinds, **figures)


def _of_kind(kind: str, lengths: list[int], counts: Counter[str]) -> CachedKind:
    lookups, misses = (counts[f"{REMEMBERED[kind]} {what}"] for what in ("lookups", "misses"))
    hits = max(0, lookups - misses)
    return CachedKind(
        kind=kind,
        entries=len(lengths),
        bytes=sum(lengths),
        hits=hits,
        misses=misses,
        hit_rate=percentage(hits, hits + misses),
    )


def _counts(redis: Redis, site_id: str) -> Counter[str]:
    today = now().date()
    pipeline = redis.pipeline(transaction=False)
    for days in range(DAYS_COUNTED):
        pipeline.hgetall(counts_key(site_id, today - timedelta(days=days)).text)
    counts = Counter[str]()
    for day in pipeline.execute():
        counts.update({name: int(count) for name, count in day.items()})
    return counts


def _lengths(redis: Redis, site_id: str) -> defaultdict[str, list[int]]:
    # of each remembered answer, by how its key begins
    keys = _keys(redis, site_id, tuple(f"{start}:{in_braces(site_id)}:" for start in REMEMBERED.values()))
    lengths: defaultdict[str, list[int]] = defaultdict(list)
    for some in chunks(keys, AT_A_TIME):
        pipeline = redis.pipeline(transaction=False)
        for key in some:
            pipeline.strlen(key)
        for key, length in zip(some, pipeline.execute(), strict=True):
            lengths[":".join(key.split(":")[:2])].append(length)
    return lengths


def _keys(redis: Redis, site_id: str, starts: tuple[str, ...]) -> list[str]:
    deadline = time.monotonic() + SECONDS
    found: set[str] = set()
    for key in redis.scan_iter(match=f"*:{in_braces(site_id)}:*", count=1_000):
        if key.startswith(starts):
            found.add(key)
        if time.monotonic() > deadline:
            raise Unavailable("the cache holds too much to be looked through in time")
    return sorted(found)


def _unlink(redis: Redis, keys: list[str]) -> int:
    return sum(int(redis.unlink(*some)) for some in chunks(keys, AT_A_TIME))
