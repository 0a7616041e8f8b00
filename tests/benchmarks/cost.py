"""Dollars per million events: `python -m tests.benchmarks.cost [--events-a-day N]`, or `make cost`.

Each function's handler is timed here, one request or batch at a time, with real MongoDB and Redis; infra/cost.py makes
a bill of that.
"""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, redirect_stdout
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra import cost
from infra.cost import Bill, Configuration, Measured
from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb, start_redis
from tests.benchmarks.pipeline import Pipeline, open_pipeline, prepare, requests, slices, visits
from tests.benchmarks.rows import Row
from tests.support.builders import LambdaContext

PER_REQUEST = (1, 10, 50, 500)
EVENTS_A_DAY = 1_000_000
EVENTS = 4_000
A_FEW_HOURS = 300
"""In minutes: a day's figures are recomputed whole, so one day has to hold what is counted by thousands."""
WARM_UP = 3
NAMES = {
    "gateway": "API Gateway",
    "collect": "Lambda: api/collect",
    "etl": "Lambda: etl/events, etl/realtime",
    "sqs": "SQS",
    "sns": "SNS",
    "logs": "CloudWatch Logs",
    "rollup": "Lambda: jobs/rollup",
}
WORDS = """
Reckoned from template.yaml (memory, batches, schedules), list prices (infra/prices.py) and CPU time measured here,
stretched by the share of a CPU that each function's memory buys. {events:,} events a day, evenly spread; {cold:.1%} of
the requests find no warm environment; a send to SQS takes {wait:.0f} ms; MongoDB answers as quickly as here.
Not in it: MongoDB Atlas, ElastiCache, Milvus, data transfer, NAT and VPC endpoints, etl/vectors and training (which go
by people), questions to the API, retries, free tiers."""


class Timed:
    """CPU and wall time of some work, in milliseconds."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0
        self.times = 0

    def of(self, work: Callable[[], Any]) -> None:
        """Time one piece of work."""
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        self.cpu += (time.process_time() - cpu) * 1000
        self.wall += (time.perf_counter() - wall) * 1000
        self.times += 1

    @property
    def cpu_each(self) -> float:
        """CPU milliseconds of one piece."""
        return self.cpu / max(self.times, 1)

    @property
    def waiting_each(self) -> float:
        """How long one piece waited for others."""
        return max(0.0, self.wall - self.cpu) / max(self.times, 1)


def bills(per_request: Sequence[int], events_a_day: float = EVENTS_A_DAY) -> dict[int, Bill]:
    """Returns the bill of a million events for each number of events in a request."""
    given = cost.configuration()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        os.environ["REDIS_URL"] = start_redis(supervisor, Path(folder) / "redis")
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        prepare(uri)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            measured = pool.submit(measure, uri, given, per_request, events_a_day).result()
    return {found.events: cost.cost_per_million(given, found, events_a_day) for found in measured}


def measure(mongodb_uri: str, given: Configuration, sizes: Sequence[int], events_a_day: float) -> list[Measured]:
    """Times the functions in this process, which nothing else may use; returns what each size of request took."""
    written = io.StringIO()
    with redirect_stdout(written):  # before anything makes a logger
        pipeline = open_pipeline(mongodb_uri)
        _through(pipeline, given, sizes[0], 9, written, events_a_day)
        parts = [_through(pipeline, given, size, number, written, events_a_day) for number, size in enumerate(sizes)]
        rollup = _roll_up(EVENTS * (len(sizes) + 1))
    return [Measured(**part, rollup_ms=rollup) for part in parts]


def _through(
    pipeline: Pipeline, given: Configuration, size: int, number: int, written: io.StringIO, events_a_day: float
) -> dict[str, Any]:
    pipeline.bodies.clear()
    pipeline.announced.clear()
    calls = requests(list(visits(number, EVENTS, A_FEW_HOURS)), pipeline.key, size)
    before = written.tell()
    collecting = _timed(calls, pipeline.accept)
    logged = written.tell()
    message = _mean(len(body) for body in pipeline.bodies)
    messages = given.messages_a_batch(size, message, events_a_day)
    storing = _timed(list(slices(pipeline.records(number), messages)), pipeline.store)
    announced = [message.model_dump_json() for message in pipeline.announced]
    return {
        "events": size,
        "request_bytes": _mean(len(call["body"]) for call in calls),
        "message_bytes": message,
        "messages": messages,
        "collect_ms": collecting.cpu_each,
        "etl_ms": storing.cpu_each,
        "etl_waiting_ms": storing.waiting_each,
        "announced_bytes": _mean(len(body) for body in announced),
        "realtime_ms": _show_live(announced).cpu_each,
        "collect_log": (logged - before) / len(calls),
        "etl_log": (written.tell() - logged) / storing.times,
    }


def _timed(given: list[Any], work: Callable[[Any], object]) -> Timed:
    # the first few find nothing warm
    timed = Timed()
    for number, one in enumerate(given):
        if number < min(WARM_UP, len(given) - 1):
            work(one)
        else:
            timed.of(lambda one=one: work(one))  # type: ignore[misc]
    return timed


def _show_live(announced: list[str]) -> Timed:
    from functions.etl.realtime.handler import handler

    records = [{"messageId": str(number), "body": body} for number, body in enumerate(announced[:100])]
    return _timed(records, lambda record: handler({"Records": [record]}, LambdaContext()))


def _roll_up(events: int) -> float:
    # milliseconds for a thousand events
    from functions.jobs.rollup.handler import handler

    timed = Timed()
    timed.of(lambda: handler({}, LambdaContext(300_000)))
    return timed.wall / events * 1000


def _mean(sizes: Iterable[float]) -> float:
    found = list(sizes)
    return sum(found) / max(len(found), 1)


def run() -> list[Row]:
    """Returns the totals, for `make bench`."""
    return [
        Row(f"a million events, {size} in a request", f"{bill.total:.2f} dollars")
        for size, bill in bills(PER_REQUEST).items()
    ]


def main() -> None:
    """Print the bill, line by line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cost", description="Dollars per million events")
    parser.add_argument("--events-a-day", type=float, default=EVENTS_A_DAY, help="the pace (default: %(default)s)")
    events_a_day = parser.parse_args().events_a_day
    if events_a_day <= 0:
        parser.error("--events-a-day: a number above 0")
    found = bills(PER_REQUEST, events_a_day)
    console = Console(width=140)
    headings = [f"{size} a request" for size in found]
    table = Table("dollars per million events", *headings, title_justify="left")
    for line, name in NAMES.items():
        table.add_row(name, *(f"{bill.lines[line]:.3f}" for bill in found.values()))
    table.add_row("total", *(f"{bill.total:.3f}" for bill in found.values()), style="bold")
    console.print(table)
    standing = cost.fixed_cost_per_month(cost.configuration())
    for name, dollars in standing.items():
        console.print(f"each month, whatever is sent: {dollars:.2f} dollars for {name}")
    console.print(f"each month, whatever is sent: {sum(standing.values()):.2f} dollars in all", style="bold")
    for name, dollars in cost.cost_per_month_of_choices(cost.configuration()).items():
        console.print(f"and where it is asked for: {dollars:.2f} dollars for {name}")
    print(WORDS.format(events=int(events_a_day), cold=cost.COLD_SHARE, wait=cost.SQS_WAIT_MS))


if __name__ == "__main__":
    main()
