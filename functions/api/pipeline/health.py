"""Whether everything that Footfall stands on answers, and how fast."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from footfall.aws.queues import depth
from footfall.clock import now
from footfall.observability import logger
from footfall.questions import cached as remembered
from footfall.questions.models import newest_runs
from footfall.schemas.operations import Dependency, Health, Queues
from footfall.settings import EventsQueueSettings, MilvusSettings, from_environment
from footfall.stores import redis as cache
from footfall.stores.mongo import database

from . import queries
from .waiting import queues_now

Answer = TypeVar("Answer")
MILVUS_PORT = 19530
MILVUS_SECONDS = 1.0
NO_QUEUES = Queues(imports=None, events=None, realtime=None, vectors=None)
PATIENCE_SECONDS = 5.0
"""What has not answered by then is unavailable: the gateway and the caller wait no longer for the rest."""
NEEDED = frozenset({"mongodb", "sqs"})


def health_of(site_id: str) -> Health:
    """Ask everything at once, and wait five seconds at most."""
    pool = ThreadPoolExecutor(8)
    checks = {name: pool.submit(_milliseconds, check) for name, check in CHECKS.items()}
    queues, runs = pool.submit(queues_now), pool.submit(newest_runs, site_id, 1)
    hit_rate, connections = pool.submit(remembered.hit_rate, site_id), pool.submit(queries.connections)
    asked: list[Future[Any]] = [*checks.values(), queues, runs, hit_rate, connections]
    wait(asked, PATIENCE_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    newest = _answer(runs) or []
    dependencies = {name: _dependency(name, _answer(check)) for name, check in checks.items()}
    return Health(
        status=_status(dependencies),
        timestamp=now(),
        dependencies=dependencies,
        queues=_answer(queues) or NO_QUEUES,
        last_training=next(iter(newest), None),
        cache_hit_rate=_answer(hit_rate),
        mongodb_connections=_answer(connections),
    )


def _milliseconds(check: Callable[[], object]) -> float:
    began = time.perf_counter()
    check()
    return round((time.perf_counter() - began) * 1000, 2)


def _answer(asked: Future[Answer]) -> Answer | None:
    """What was answered in time; None for silence and for failure, which goes to the log by its type."""
    if not asked.done():
        return None
    error = asked.exception()
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


def _reach_milvus() -> None:
    """Open a connection and close it: the vectors' own client is 140 MB that this function does without."""
    address = urlsplit(from_environment(MilvusSettings).milvus_uri)
    port = address.port or (443 if address.scheme == "https" else MILVUS_PORT)
    socket.create_connection((address.hostname or "", port), MILVUS_SECONDS).close()


CHECKS: dict[str, Callable[[], object]] = {
    "mongodb": lambda: database().command("ping"),
    "sqs": lambda: depth(from_environment(EventsQueueSettings).events_queue_url),
    "redis": lambda: cache.ask(lambda redis: redis.ping()),
    "milvus": _reach_milvus,
}
