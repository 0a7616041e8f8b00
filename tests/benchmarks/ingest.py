"""Ingest end to end: collect's handler → SQS bodies → etl/events' handler → MongoDB with sessions and people.

One peer is a plain `insert_many` of the very documents that the pipeline stored, into a collection with the same
indexes; the other what most people write first, an insert per request (baseline.py); each by as many processes. They
take turns in short rounds, so that what else the machine does falls on all alike; figures are medians of the rounds,
and the first one, which loads what is loaded once, does not count. `python -m tests.benchmarks.ingest`.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from bson import encode
from pymongo import MongoClient

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb
from tests.benchmarks import cost
from tests.benchmarks.baseline import store_one_by_one
from tests.benchmarks.pipeline import BATCH, Pipeline, open_pipeline, prepare, requests, slices, visits
from tests.benchmarks.rows import Row, show

ROUNDS = 15
EVENTS = 5_000
"""Of one process in one round: as many as an invocation may have messages of 50."""
FEW = 200
"""Of one process in one round, for the slow peer."""
MESSAGES = 100
PROCESSES = os.cpu_count() or 1
TARGET = 0.30
BASELINE_TARGET = 20


@dataclass(frozen=True)
class Round:
    """Events per second of the pipeline and of its peers, and milliseconds of collect for a request of 50."""

    pipeline: float
    plain: float
    naive: float
    collect: float


def ingest(mongodb_uri: str, share: int) -> tuple[float, float, float]:
    """Takes one share of events through the handlers; returns start, end and seconds spent in collect."""
    pipeline = _pipeline(mongodb_uri)
    pipeline.bodies.clear()
    calls = requests(list(visits(share, EVENTS)), pipeline.key)
    started = time.time()
    for call in calls:
        pipeline.accept(call)
    collected = time.time()
    for records in slices(pipeline.records(share), MESSAGES):
        pipeline.store(records)
    return started, time.time(), collected - started


@cache
def _pipeline(mongodb_uri: str) -> Pipeline:
    return open_pipeline(mongodb_uri)


def megabytes(mongodb_uri: str, shares: list[int]) -> float:
    """Returns the most megabytes that this process holds while it takes some shares through the pipeline."""
    for share in shares:
        ingest(mongodb_uri, share)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def insert(mongodb_uri: str, share: int) -> tuple[float, float]:
    """Inserts the same documents plainly, as the peer does; returns start and end."""
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        documents = list(client["footfall"]["events"].find({"event_id": {"$regex": f"^{share}-"}}))
        started = time.time()
        client["footfall"]["peer"].insert_many(documents, ordered=False)
        return started, time.time()


def one_by_one(mongodb_uri: str, share: int) -> tuple[float, float]:
    """Stores a few of the events, each in a request of its own, as the baseline does; returns start and end."""
    return store_one_by_one(mongodb_uri, list(visits(share, FEW + 1)))


class _Workers:
    # processes that stay for the next round, each with a share of its own

    def __init__(self, stack: ExitStack) -> None:
        self._pools = [stack.enter_context(_one_process()) for _ in range(PROCESSES)]

    def rate(self, work: Callable[[str, int], Any], uri: str, turn: int, events: int) -> tuple[float, list[Any]]:
        """Returns events per second of all of them together, and what each found, which begins with start and end."""
        shares = range(turn * PROCESSES, (turn + 1) * PROCESSES)
        given = [pool.submit(work, uri, share) for pool, share in zip(self._pools, shares, strict=True)]
        spans = [future.result() for future in given]
        seconds = max(span[1] for span in spans) - min(span[0] for span in spans)
        return events * PROCESSES / seconds, spans


def _one_process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _round(workers: _Workers, uri: str, turn: int) -> Round:
    pipeline, spans = workers.rate(ingest, uri, turn, EVENTS)
    plain, _ = workers.rate(insert, uri, turn, EVENTS)
    naive, _ = workers.rate(one_by_one, uri, turn, FEW)
    return Round(pipeline, plain, naive, sum(span[2] for span in spans) / (PROCESSES * EVENTS / BATCH) * 1000)


def run() -> list[Row]:
    """Measures the pipeline and its peers on one fresh MongoDB; returns rows."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        prepare(uri)
        workers = _Workers(stack)
        rounds = [_round(workers, uri, turn) for turn in range(ROUNDS + 1)][1:]
        size = _stored_size(uri, (ROUNDS + 1) * PROCESSES * EVENTS)
        with _one_process() as alone:
            more = range((ROUNDS + 1) * PROCESSES, (ROUNDS + 3) * PROCESSES)
            memory = alone.submit(megabytes, uri, list(more)).result()
    [bill] = cost.bills([BATCH]).values()
    plain = [found.pipeline / found.plain for found in rounds]
    naive = [found.pipeline / found.naive for found in rounds]
    return [
        Row("event, stored", f"{size} bytes"),
        Row("collect's handler, 50 events", f"{median(found.collect for found in rounds):.1f} ms"),
        Row(
            f"ingest end to end, {PROCESSES} processes",
            f"{median(found.pipeline for found in rounds):,.0f} events/s",
            f"insert_many {median(found.plain for found in rounds):,.0f}/s",
            f"{median(plain):.2f} ({min(plain):.2f} to {max(plain):.2f})",
            f"≥ {TARGET}",
        ),
        Row(
            "the same against one insert and commit per request",
            f"{median(naive):.0f} times",
            f"baseline {median(found.naive for found in rounds):,.0f} events/s",
            f"{median(naive):.0f} ({min(naive):.0f} to {max(naive):.0f})",
            f"≥ {BASELINE_TARGET}",
        ),
        Row("memory of an ingesting process, at most", f"{memory:.0f} MB"),
        Row("a million events, 50 in a request (`make cost`)", f"{bill.total:.2f} dollars"),
    ]


def _stored_size(uri: str, expected: int) -> int:
    # bytes on average
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        stored = client["footfall"]["events"].count_documents({})
        assert stored == expected, f"{stored} of {expected} events were stored"
        return sum(len(encode(document)) for document in client["footfall"]["events"].find().limit(500)) // 500


if __name__ == "__main__":
    show("ingest", run())
