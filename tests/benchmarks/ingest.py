"""Ingest end to end: collect's handler → SQS bodies → etl/events' handler → MongoDB with sessions and people.

One peer is a plain `insert_many` of the very documents that the road stored, into a collection with the same indexes;
the other what most people write first, an insert per request (baseline.py); each by as many processes.
`python -m tests.benchmarks.ingest`.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bson import encode
from pymongo import MongoClient

from infra.local.processes import Nursery
from infra.local.stores import start_mongodb
from tests.benchmarks import cost
from tests.benchmarks.baseline import store_one_by_one
from tests.benchmarks.road import BATCH, open_road, prepare, requests, slices, visits
from tests.benchmarks.rows import Row, show

EVENTS = 60_000
MESSAGES = 100
"""As many as the template lets an invocation have."""
PROCESSES = os.cpu_count() or 1
TARGET = 0.30
BASELINE_TARGET = 20
FEW = 2_000
ENOUGH = 10_000


def ingest(worker: int, mongodb_uri: str, count: int) -> tuple[float, float, float]:
    """Take one process' share through the handlers; the answer is start, end and seconds spent in collect."""
    road = open_road(mongodb_uri)
    calls = requests(list(visits(worker, count)), road.key)
    started = time.time()
    for call in calls:
        road.accept(call)
    collected = time.time()
    for records in slices(road.records(worker), MESSAGES):
        road.store(records)
    return started, time.time(), collected - started


def megabytes(worker: int, mongodb_uri: str) -> float:
    """The most memory that a process of its own holds while it takes ten thousand events along the road."""
    ingest(worker, mongodb_uri, ENOUGH)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def insert(worker: int, mongodb_uri: str) -> tuple[float, float]:
    """The peer: one process' share of the same documents, inserted plainly."""
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        documents = list(client["footfall"]["events"].find({"event_id": {"$regex": f"^{worker}-"}}))
        started = time.time()
        for batch in slices(documents, BATCH * MESSAGES):
            client["footfall"]["peer"].insert_many(batch, ordered=False)
        return started, time.time()


def one_by_one(worker: int, mongodb_uri: str) -> tuple[float, float]:
    """The baseline: one process' share of fewer events, each in a request of its own."""
    return store_one_by_one(mongodb_uri, list(visits(worker, FEW + 1)))


def _together(work: Callable[..., Any], *arguments: Any) -> list[Any]:
    with ProcessPoolExecutor(PROCESSES) as pool:
        return list(pool.map(work, range(PROCESSES), *([argument] * PROCESSES for argument in arguments)))


def run() -> list[Row]:
    """Measure the road and its peer on one fresh MongoDB."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        nursery = Nursery(Path(folder))
        stack.callback(nursery.stop)
        uri = start_mongodb(nursery, Path(folder) / "mongodb")
        prepare(uri)
        spans = _together(ingest, uri, EVENTS // PROCESSES)
        road = _rate(spans)
        collecting = sum(seconds for _, _, seconds in spans) / PROCESSES
        with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
            stored = client["footfall"]["events"].count_documents({})
            size = sum(len(encode(document)) for document in client["footfall"]["events"].find().limit(500)) // 500
        assert stored == EVENTS // PROCESSES * PROCESSES, f"{stored} events were stored"
        plain = _rate(_together(insert, uri))
        naive = _rate(_together(one_by_one, uri), FEW * PROCESSES)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            memory = pool.submit(megabytes, PROCESSES, uri).result()
    [bill] = cost.bills([BATCH]).values()
    return [
        Row("event, stored", f"{size} bytes"),
        Row("collect's handler, 50 events", f"{collecting / (EVENTS / PROCESSES / BATCH) * 1000:.1f} ms"),
        Row(
            f"ingest end to end, {PROCESSES} processes",
            f"{road:,.0f} events/s",
            f"insert_many {plain:,.0f}/s",
            f"{road / plain:.2f}",
            f"≥ {TARGET}",
        ),
        Row(
            "the same against one insert and commit per request",
            f"{road / naive:.0f} times",
            f"baseline {naive:,.0f} events/s",
            f"{road / naive:.0f}",
            f"≥ {BASELINE_TARGET}",
        ),
        Row("memory of a process on the road, at most", f"{memory:.0f} MB"),
        Row("a million events, 50 in a request (`make cost`)", f"{bill.total:.2f} dollars"),
    ]


def _rate(spans: list[Any], events: int = EVENTS) -> float:
    return events / float(max(span[1] for span in spans) - min(span[0] for span in spans))


if __name__ == "__main__":
    show("ingest", run())
