"""The question whether everything that Footfall depends on answers, and how fast."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from footfall.aws.queues import depth
from footfall.clock import now
from footfall.observability import logger
from footfall.questions import cache_contents, order_currencies, queues
from footfall.questions.models import TrainingRun, newest_runs
from footfall.questions.order_currencies import OrderCurrencies
from footfall.questions.queues import Queues
from footfall.rates import percentage
from footfall.settings import EventsQueueSettings, MilvusSettings, from_environment
from footfall.stores import redis as cache
from footfall.stores.mongo import database

Answer = TypeVar("Answer")
MILVUS_PORT = 19530
MILVUS_SECONDS = 1.0
NO_QUEUES = Queues(imports=None, catalog=None, events=None, interests=None, realtime=None, vectors=None)
# what has not answered by then is unavailable: the gateway and the caller wait no longer for the rest
PATIENCE_SECONDS = 5.0
NEEDED = frozenset({"mongodb", "sqs"})
# what MongoDB need not put together of its status
SKIPPED_SECTIONS = dict.fromkeys(["locks", "metrics", "repl", "tcmalloc", "transactions", "wiredTiger"], 0)


class Dependency(BaseModel):
    """A store or service Footfall depends on; without a `needed` one it does not work, without others less well."""

    status: Literal["ok", "unavailable"]
    needed: bool = Field(description="whether answers need it")
    latency_ms: float | None = Field(description="how long it took to answer; null when it did not", examples=[1.4])


class Connections(BaseModel):
    """How many of the connections that MongoDB takes are in use, by everything that uses it."""

    open: int = Field(description="in use now", examples=[42])
    most: int = Field(description="as many as there may be", examples=[1500])
    used: float = Field(description="share of them that are open, in percent", examples=[2.8])


class Health(BaseModel):
    """Whether Footfall works: `unavailable` without what it needs, `degraded` without the rest."""

    status: Literal["ok", "degraded", "unavailable"]
    timestamp: datetime
    dependencies: dict[str, Dependency]
    queues: Queues
    last_training: TrainingRun | None = Field(description="the site's newest training run; null when there was none")
    cache_hit_rate: float | None = Field(
        description="share of a week's lookups that found an answer, in percent; null when Redis does not answer",
        examples=[87.5],
    )
    mongodb_connections: Connections | None = Field(
        description="null when MongoDB does not answer, or does not tell this user (its role clusterMonitor may ask)"
    )
    currencies: OrderCurrencies | None = Field(
        description="whether the site's orders are in its currency; null when MongoDB does not answer"
    )


def answer(site_id: str) -> Health:
    """Returns what answers, and what is known of the site and the queues; takes five seconds at most."""
    until = time.monotonic() + PATIENCE_SECONDS
    pool = ThreadPoolExecutor(8)
    checks = {name: pool.submit(_milliseconds, check) for name, check in CHECKS.items()}
    waiting, runs = pool.submit(queues.answer), pool.submit(newest_runs, site_id, 1)
    currencies = pool.submit(order_currencies.answer, site_id)
    hit_rate, connections = pool.submit(cache_contents.hit_rate, site_id), pool.submit(_connections)
    dependencies = {name: _dependency(name, _answered(check, until)) for name, check in checks.items()}
    newest = _answered(runs, until) or []
    health = Health(
        status=_status(dependencies),
        timestamp=now(),
        dependencies=dependencies,
        queues=_answered(waiting, until) or NO_QUEUES,
        last_training=next(iter(newest), None),
        cache_hit_rate=_answered(hit_rate, until),
        mongodb_connections=_answered(connections, until),
        currencies=_answered(currencies, until),
    )
    pool.shutdown(wait=False, cancel_futures=True)
    return health


def _milliseconds(check: Callable[[], object]) -> float:
    began = time.perf_counter()
    check()
    return round((time.perf_counter() - began) * 1000, 2)


def _answered(asked: Future[Answer], until: float) -> Answer | None:
    # None for silence and for failure, which goes to the log by its type
    try:
        error = asked.exception(max(0.0, until - time.monotonic()))
    except TimeoutError:
        return None
    if error:
        logger().warning("a health check failed", extra={"error": type(error).__name__})
        return None
    return asked.result()


def _dependency(name: str, latency_ms: float | None) -> Dependency:
    status: Literal["ok", "unavailable"] = "unavailable" if latency_ms is None else "ok"
    return Dependency(status=status, needed=name in NEEDED, latency_ms=latency_ms)


def _status(dependencies: dict[str, Dependency]) -> Literal["ok", "degraded", "unavailable"]:
    missing = [found for found in dependencies.values() if found.status != "ok"]
    if any(found.needed for found in missing):
        return "unavailable"
    return "degraded" if missing else "ok"


def _connections() -> Connections:
    found = database().client.get_database("admin").command({"serverStatus": 1, **SKIPPED_SECTIONS})["connections"]
    most = found["current"] + found["available"]
    return Connections(open=found["current"], most=most, used=percentage(found["current"], most))


def _reach_milvus() -> None:
    # opens a connection and closes it: the vectors' own client is 140 MB that this does without
    address = urlsplit(from_environment(MilvusSettings).milvus_uri)
    port = address.port or (443 if address.scheme == "https" else MILVUS_PORT)
    socket.create_connection((address.hostname or "", port), MILVUS_SECONDS).close()


CHECKS: dict[str, Callable[[], object]] = {
    "mongodb": lambda: database().command("ping"),
    "sqs": lambda: depth(from_environment(EventsQueueSettings).events_queue_url),
    "redis": lambda: cache.ask(lambda redis: redis.ping()),
    "milvus": _reach_milvus,
}
