"""Every question about what people did, through its handler, beside a funnel of the same events in the same run.

The events of a whole shop are put into MongoDB and rolled up.
`python -m tests.benchmarks.behaviour [--share 0.2]`, of five million events.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb
from tests.benchmarks import shop
from tests.benchmarks.rows import Row, show
from tests.benchmarks.stored import SITE
from tests.benchmarks.stream import DAYS, a_stream, date_of
from tests.support.asking import ask
from tests.support.builders import LambdaContext

SHARE = 0.2
REPETITIONS = 5
TARGET = "≤ 0.5 s"
WHOLE = {"from": str(date_of(0)), "to": str(date_of(DAYS - 1))}
STEPS = {"steps": "home|home,search,product,Order Completed", "window": "7d"}
Query = dict[str, str]
OF_FUNNELS: tuple[tuple[str, Query], ...] = (
    ("/api/funnel", STEPS | {"breakdown": "device"}),
    ("/api/funnel", STEPS | {"order": "strict", "device": "Mobile"}),
    ("/api/funnel", STEPS | {"unit": "session"}),
    ("/api/funnel", STEPS | {"visitor": "new"}),
    ("/api/funnel/dropoff", STEPS),
    ("/api/funnel/dropoff", STEPS | {"unit": "session"}),
    ("/api/funnel/trend", STEPS),
    ("/api/funnel/people", STEPS | {"step": "2"}),
    ("/api/funnel/time-to-convert", STEPS),
    ("/api/retention", {"period": "week"}),
    ("/api/retention", {"period": "week", "first": "search", "returning": "product"}),
    ("/api/analytics/stickiness", {"country": "DE"}),
    ("/api/analytics/lifecycle", {"country": "DE"}),
    ("/api/paths", {"nodes": "page"}),
    ("/api/journeys", {"nodes": "event"}),
    ("/api/heatmap//", {}),
)
OF_METRICS: tuple[tuple[str, Query], ...] = (
    ("/api/metrics/dashboard", {}),
    ("/api/metrics/dashboard", {"country": "DE"}),
    ("/api/metrics/dashboard", {"visitor": "new"}),
    ("/api/metrics/health-score", {}),
    ("/api/analytics/revenue-trend", {}),
    ("/api/analytics/conversion-trends", {}),
    ("/api/analytics/conversion-trends", {"source": "google"}),
    ("/api/analytics/web-vitals", {}),
    ("/api/analytics/traffic-sources", {}),
    ("/api/analytics/pages", {}),
    ("/api/analytics/carts", {}),
    ("/api/analytics/products", {}),
    ("/api/analytics/searches", {}),
    ("/api/analytics/refunds", {}),
    ("/api/dimensions/source", {}),
    ("/api/dimensions/page", {}),
    ("/api/dimensions/product", {}),
    ("/api/dimensions/visitor", {}),
)


def run(share: float = SHARE) -> list[Row]:
    """Measures on a fresh MongoDB and a folder of files, without Redis; returns rows."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL="redis://127.0.0.1:1/0")
        os.environ.update(LAKE_LOCATION=f"file://{folder}/lake", LOG_LEVEL="WARNING")
        os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")
        client = stack.enter_context(MongoClient[dict[str, Any]](uri, tz_aware=True))
        return list(_of_a_shop(client["footfall"], share))


def _of_a_shop(database: Database[dict[str, Any]], share: float) -> Iterator[Row]:
    from footfall.stores import preparing

    from functions.api.funnel.handler import handler as funnel
    from functions.api.metrics.handler import handler as metrics
    from functions.jobs.rollup.handler import handler as roll_up

    shop.store(database, a_stream(share, shares=[share for _, _, share, _ in shop.KINDS]))
    preparing.prepare(database)
    while roll_up({}, LambdaContext(900_000))["left"]:
        pass
    asked = [*((funnel, *each) for each in OF_FUNNELS), *((metrics, *each) for each in OF_METRICS)]
    _, path, query = asked[0]
    beside = _seconds(funnel, path, query)
    for handler, path, query in asked:
        seconds = _seconds(handler, path, query)
        yield Row(
            _named(path, query), f"{seconds:.3f} s", f"funnel {beside:.3f} s", f"{seconds / beside:.1f} ×", TARGET
        )


def _named(path: str, query: Query) -> str:
    told = {name: value for name, value in query.items() if STEPS.get(name) != value}
    return path + ("?" + "&".join(f"{name}={value}" for name, value in told.items()) if told else "")


def _seconds(handler: Any, path: str, query: Query) -> float:
    # warm, the quickest
    ask(handler, path, WHOLE | query, site_id=SITE.site_id)
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        ask(handler, path, WHOLE | query, site_id=SITE.site_id)
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=SHARE, help="of five million events")
    given = parser.parse_args()
    show("questions about what people did", run(given.share))
