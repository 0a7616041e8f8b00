"""The funnel over the public tables: the rollup of its 120 days, and answers through the handler.

The peer is the same answer (people by step and by the device they began on) as one MongoDB aggregation over the events.
`python -m tests.benchmarks.funnel`; it needs the tables in ../shared/data.
"""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb, start_redis
from tests.benchmarks.rows import Row, show
from tests.support.asking import question
from tests.support.builders import LambdaContext

TABLES = Path(__file__).parents[3] / "shared" / "data" / "shop_funnel"
STEPS = ["home", "search", "payment", "confirmation"]
WHOLE = {"from": "2015-01-01", "to": "2015-04-30"}
REPETITIONS = 60
TARGET_MILLISECONDS = 30
NO_REDIS = "redis://127.0.0.1:1/0"


def run() -> list[Row]:
    """Measures on a fresh MongoDB, first without Redis and then with it; returns rows."""
    if not TABLES.is_dir():
        return [Row("funnel", "not measured: ../shared/data is not here")]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        redis = start_redis(supervisor, Path(folder) / "redis")
        os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL=NO_REDIS, LOG_LEVEL="WARNING")
        os.environ.update(LAKE_LOCATION=f"file://{folder}/lake")
        os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")
        client = stack.enter_context(MongoClient[dict[str, Any]](uri, tz_aware=True))
        return [_rolled_up(client["footfall"]), *_answers(client["footfall"], redis)]


def _rolled_up(database: Database[dict[str, Any]]) -> Row:
    from footfall.stores import preparing

    from functions.jobs.rollup.handler import handler
    from tests.support.shop_funnel import load_shop_funnel

    preparing.prepare(database)
    load_shop_funnel(database, TABLES, whole=True)
    summary = handler({}, LambdaContext(900_000))
    assert (summary["days"], summary["left"]) == (120, 0), summary
    events = database["events"].count_documents({})
    return Row(f"rollup of 120 days, {events:,} events", f"{summary['milliseconds'] / 1000:.1f} s")


def _answers(database: Database[dict[str, Any]], redis: str) -> list[Row]:
    peer = _median(lambda: aggregated(database), 5)
    first = _median(_ask_first)
    whole = _median(lambda: _ask("/api/funnel", WHOLE | {"breakdown": "device"}))
    assert aggregated(database) == by_device(_ask("/api/funnel", WHOLE | {"breakdown": "device"}))
    rows = [
        _row("/api/funnel by device, first question on the range", first, peer),
        _row("/api/funnel by device", whole, peer, f"≤ {TARGET_MILLISECONDS} ms"),
        _row("/api/funnel, window=1d", _median(lambda: _ask("/api/funnel", WHOLE | {"window": "1d"}))),
        _row("/api/funnel/trend", _median(lambda: _ask("/api/funnel/trend", WHOLE))),
    ]
    own_steps = _median(lambda: _ask("/api/funnel", WHOLE | {"steps": "home,payment"}), 3)
    _use_redis(redis)
    kept = _median(lambda: _ask("/api/funnel", WHOLE | {"breakdown": "device"}))
    return [
        *rows,
        Row("/api/funnel?steps=, from the lake", f"{own_steps:.0f} ms"),
        Row("/api/funnel by device, out of Redis", f"{kept:.1f} ms"),
    ]


def _row(name: str, milliseconds: float, peer: float | None = None, target: str = "") -> Row:
    if peer is None:
        return Row(name, f"{milliseconds:.1f} ms")
    ratio = f"{peer / milliseconds:.0f} × quicker"
    return Row(name, f"{milliseconds:.1f} ms", f"aggregation {peer:.0f} ms", ratio, target)


def _ask_first() -> dict[str, Any]:
    # as to an environment that has not read these rollups yet
    from footfall.questions import funnel_entries

    funnel_entries._kept.clear()
    return _ask("/api/funnel", WHOLE | {"breakdown": "device"})


def _ask(path: str, query: dict[str, Any]) -> dict[str, Any]:
    from functions.api.funnel.handler import handler

    answer = handler(question(path, query, site_id="shop"), LambdaContext())
    assert answer["statusCode"] == 200, answer["body"]
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def _median(work: Callable[[], Any], repetitions: int = REPETITIONS) -> float:
    # milliseconds, warm
    work()
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def _use_redis(url: str) -> None:
    from footfall.settings import read_environment

    from tests.support.caches import forget_redis

    os.environ["REDIS_URL"] = url
    read_environment.cache_clear()
    forget_redis()


def by_device(answer: dict[str, Any]) -> dict[str, list[int]]:
    """Returns people by step, for each device."""
    return {part["value"]: [step["users"] for step in part["steps"]] for part in answer["breakdowns"]}


def aggregated(database: Database[dict[str, Any]]) -> dict[str, list[int]]:
    """Returns what the peer finds: each person's events in order, folded into how far they came, all inside MongoDB."""
    following = {"$eq": ["$$this.page", {"$arrayElemAt": [STEPS, "$$value.reached"]}]}
    onward = {"reached": {"$add": ["$$value.reached", 1]}, "device": {"$ifNull": ["$$value.device", "$$this.device"]}}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"site_id": "shop", "type": "pageview", "page_type": {"$in": STEPS}, "bot": False}},
        {"$sort": {"timestamp": 1, "received_at": 1, "sequence": 1, "event_id": 1}},
        {"$group": {"_id": "$person_id", "seen": {"$push": {"page": "$page_type", "device": "$device"}}}},
        {
            "$project": {
                "far": {
                    "$reduce": {
                        "input": "$seen",
                        "initialValue": {"reached": 0, "device": None},
                        "in": {"$cond": [following, onward, "$$value"]},
                    }
                }
            }
        },
        {"$match": {"far.reached": {"$gt": 0}}},
        {"$group": {"_id": "$far", "people": {"$sum": 1}}},
    ]
    reached: dict[str, list[int]] = {}
    for group in database["events"].aggregate(pipeline):
        steps = reached.setdefault(group["_id"]["device"], [0] * len(STEPS))
        for number in range(group["_id"]["reached"]):
            steps[number] += group["people"]
    return reached


if __name__ == "__main__":
    show("funnel", run())
