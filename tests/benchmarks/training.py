"""Training a large shop through the state machine: how long it takes to score its customers, shard by shard.

`python -m tests.benchmarks.training [--customers 100000]`. Two processes stand in for Lambda's; each does one step at a
time.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import boto3
import numpy as np
from footfall.chunks import chunks
from pymongo import MongoClient

from infra.local.aws import start_aws
from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_milvus, start_mongodb
from tests.benchmarks.rows import Row, show
from tests.functions.training.machine import Functions, execute, lambda_endpoint
from tests.support.builders import LambdaContext, a_site
from tests.support.shopping import an_order

CUSTOMERS = 100_000
WORKERS = 2
DAYS = 365
MOST_SECONDS = 3_600
Handler = Callable[[Mapping[str, object], LambdaContext], dict[str, object]]
PRODUCTS = [f"p-{number}" for number in range(200)]


class Step(NamedTuple):
    """What was done, from when to when, and for how many seconds of the processor."""

    name: str
    begun: float
    ended: float
    processor: float


class Worker:
    """A function of which the steps are done by processes beside this one."""

    steps: ClassVar[list[Step]] = []

    def __init__(self, name: str, pool: ProcessPoolExecutor) -> None:
        self._name = name
        self._pool = pool

    def __call__(self, event: Mapping[str, object], context: object) -> dict[str, object]:
        """Have a process do it, once one is free."""
        answer, times = self._pool.submit(call, self._name, event).result()
        self.steps.append(Step(str(event.get("step", event.get("model", self._name))), *times))
        return answer


def call(name: str, event: Mapping[str, object]) -> tuple[dict[str, object], tuple[float, float, float]]:
    """Returns what a function answers, from when to when it worked, and its seconds of the processor."""
    begun, processor = time.time(), time.process_time()
    handler: Handler = Functions.handlers[name]
    answer = handler(event, LambdaContext())
    return answer, (begun, time.time(), time.process_time() - processor)


def run(customers: int) -> list[Row]:
    """Measures on a fresh MongoDB, a fresh Milvus and Step Functions of this machine; returns rows."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        _use(supervisor, Path(folder))
        from footfall.stores import preparing, vectors

        client = stack.enter_context(MongoClient[dict[str, Any]](os.environ["MONGODB_URI"], tz_aware=True))
        preparing.prepare(client["footfall"])
        vectors.prepare()
        _store(client, customers)
        pool = stack.enter_context(ProcessPoolExecutor(WORKERS, get_context("spawn")))
        Calls.handlers = {name: Worker(name, pool) for name in Functions.handlers}
        endpoint = stack.enter_context(lambda_endpoint(Calls))
        os.environ.update(start_aws(supervisor, None, endpoint).environment())
        boto3.client("s3").create_bucket(Bucket=os.environ["ARTEFACTS_BUCKET"])
        started = time.perf_counter()
        found = execute("big", {"site_id": "demo"}, MOST_SECONDS)
        seconds = time.perf_counter() - started
        assert found["status"] == "SUCCEEDED", found
        written = client["footfall"]["customers"].count_documents({"site_id": "demo"})
        assert written == customers, written
        return _rows(customers, seconds)


class Calls(Functions):
    """Lambda's Invoke for the functions of the training."""


def _use(supervisor: ProcessSupervisor, folder: Path) -> None:
    os.environ.update(MONGODB_URI=start_mongodb(supervisor, folder / "mongodb"), MONGODB_DATABASE="footfall")
    os.environ.update(MILVUS_URI=start_milvus(supervisor, folder / "milvus"), REDIS_URL="redis://127.0.0.1:1/0")
    os.environ.update(LAKE_LOCATION=f"file://{folder}/lake", LOG_LEVEL="WARNING", ARTEFACTS_BUCKET="artefacts")
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")


def _store(client: MongoClient[dict[str, Any]], customers: int) -> None:
    database = client["footfall"]
    database["sites"].insert_one({"_id": "demo", **a_site(site_id="demo").model_dump()})
    for some in chunks(_orders(customers), 10_000):
        database["orders"].insert_many(some)


def _orders(customers: int) -> Iterator[dict[str, Any]]:
    # they buy at rates of their own, until they are gone
    draw, first = np.random.default_rng(1), datetime.now(UTC) - timedelta(days=DAYS)
    for number in range(customers):
        day, until = draw.uniform(0, DAYS / 2), DAYS / 2 + draw.exponential(DAYS)
        gap = draw.gamma(3, 40)
        while day < min(until, DAYS):
            product, total = PRODUCTS[int(draw.integers(len(PRODUCTS)))], int(draw.gamma(6, 500)) + 1
            yield dict(an_order(f"c{number}", product, placed_at=first + timedelta(days=day), total=total))
            day += draw.exponential(gap) + 0.01


def _rows(customers: int, seconds: float) -> list[Row]:
    of_step = partial(_seconds, Worker.steps)
    shards = [step for step in Worker.steps if step.name == "score"]
    fits = [step for step in Worker.steps if step.name not in ("score", "publish", "finish")]
    return [
        Row(f"{customers:,} customers scored", f"{of_step('score'):.1f} s", f"{len(shards)} shards", "", "≤ 60 s"),
        Row("  of the processor", f"{sum(step.processor for step in shards):.1f} s", "without MongoDB's"),
        Row("models and vectors switched after it", f"{of_step('finish'):.1f} s"),
        *(Row(step.name, f"{step.ended - step.begun:.1f} s", f"{step.processor:.1f} s of it") for step in fits),
        Row("the whole training", f"{seconds:.1f} s", f"{WORKERS} processes"),
    ]


def _seconds(steps: list[Step], name: str) -> float:
    some = [step for step in steps if step.name == name]
    return max(step.ended for step in some) - min(step.begun for step in some)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    show("Training a large shop", run(parser.parse_args().customers))
