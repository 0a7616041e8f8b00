"""Ingest end to end: collect's handler → SQS bodies → etl/events' handler → MongoDB with sessions and people.

The peer is a plain `insert_many` of the very documents that the road stored, into a collection with the same indexes,
by as many processes. `python -m tests.benchmarks.ingest`.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import encode
from pymongo import MongoClient

from infra.local.processes import Nursery
from infra.local.stores import start_mongodb
from tests.benchmarks.rows import Row, show
from tests.builders import LambdaContext

EVENTS = 60_000
BATCH = 50
MESSAGES = 100
"""As many as the template lets an invocation have."""
PROCESSES = os.cpu_count() or 1
TARGET = 0.30
KEY_SECRET = "benchmark"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


def visits(worker: int, count: int) -> Iterator[dict[str, Any]]:
    """Events as a tracker sends them, eight to a visit, about 790 bytes each once stored."""
    source = random.Random(worker)
    number = 0
    while number < count:
        visitor, moment = f"visitor-{worker}-{number}", datetime.now(UTC) - timedelta(minutes=source.randrange(40_000))
        for page in ("home", "search", "product", "product", "click", "cart", "payment", "scroll"):
            moment += timedelta(seconds=source.randint(2, 90))
            yield {
                "eventType": page if page in ("click", "scroll") else "pageview",
                "eventId": f"{worker}-{number}",
                "visitorId": visitor,
                "sessionId": f"session-{visitor}",
                "timestamp": moment.isoformat(),
                "url": f"https://shop.example/{page}/{source.randrange(500)}?utm_source=news&utm_medium=email",
                "title": "A page of the shop",
                "pageType": page,
                "device": "Desktop",
                "properties": {"product_id": f"p-{source.randrange(500)}", "list": "search results", "position": 3},
            }
            number += 1


def requests(events: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """HTTP API events of batches, as the gateway hands them to collect."""
    return [
        {
            "version": "2.0",
            "rawPath": "/collect",
            "rawQueryString": "",
            "headers": {"content-type": "application/json", "x-api-key": key, "user-agent": AGENT, "host": "shop"},
            "requestContext": {"http": {"method": "POST", "path": "/collect", "sourceIp": "203.0.113.7"}},
            "body": json.dumps({"batch": batch}),
            "isBase64Encoded": False,
        }
        for batch in slices(events, BATCH)
    ]


def ingest(worker: int, mongodb_uri: str, count: int) -> tuple[float, float, float]:
    """Take one process' share through the handlers; the answer is start, end and seconds spent in collect."""
    _settings(mongodb_uri)
    from footfall.identity import new_write_key

    from functions.etl.events import handler as etl
    from functions.etl.events import steps

    bodies: list[str] = []
    collect = collect_without_queue(bodies.extend)
    vars(steps)["announce"] = lambda _topic, _message: None
    calls = requests(list(visits(worker, count)), new_write_key("demo", KEY_SECRET))
    started = time.time()
    for call in calls:
        assert collect(call, LambdaContext())["statusCode"] == 202
    collected = time.time()
    for records in slices(list(enumerate(bodies)), MESSAGES):
        answer = etl.handler({"Records": [_record(worker, *body) for body in records]}, LambdaContext())
        assert answer == {"batchItemFailures": []}
    return started, time.time(), collected - started


def collect_without_queue(take: Callable[[list[str]], None]) -> Callable[..., dict[str, Any]]:
    """collect's handler with its keys at hand; the bodies of its SQS messages go to `take`."""
    _settings(os.environ.get("MONGODB_URI", ""))
    from footfall import parameters

    from functions.api.collect import handler, intake

    parameters._known.update(
        {("secret", "signing"): (time.time(), KEY_SECRET), ("parameter", "access"): (time.time(), "{}")}
    )
    vars(intake)["send"] = lambda _queue, _site, packed: take(packed)
    return handler.handler


def slices(items: list[Any], size: int) -> Iterator[list[Any]]:
    """A list cut into parts of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _record(worker: int, number: int, body: str) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1", "MessageGroupId": "demo"}
    return {"messageId": f"{worker}-{number}", "body": body, "attributes": attributes}


def insert(worker: int, mongodb_uri: str) -> tuple[float, float]:
    """The peer: one process' share of the same documents, inserted plainly."""
    with MongoClient[dict[str, Any]](mongodb_uri, tz_aware=True) as client:
        documents = list(client["footfall"]["events"].find({"event_id": {"$regex": f"^{worker}-"}}))
        started = time.time()
        for batch in slices(documents, BATCH * MESSAGES):
            client["footfall"]["peer"].insert_many(batch, ordered=False)
        return started, time.time()


def _settings(mongodb_uri: str) -> None:
    os.environ.update(
        MONGODB_URI=mongodb_uri,
        MONGODB_DATABASE="footfall",
        SIGNING_SECRET="signing",
        COLLECT_ACCESS_PARAMETER="access",
        EVENTS_QUEUE_URL="queue",
        SESSIONS_TOPIC_ARN="topic",
        POWERTOOLS_SERVICE_NAME="benchmark",
        AWS_DEFAULT_REGION="eu-west-1",
    )


def _prepare(mongodb_uri: str) -> None:
    from footfall.schemas.site import Site
    from footfall.stores import collections

    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        database = client["footfall"]
        collections.prepare(database)
        database["peer"].create_indexes(collections.COLLECTIONS["events"])
        database["sites"].insert_one({"_id": "demo", **Site(site_id="demo", name="Demo").model_dump()})


def _together(work: Callable[..., Any], *arguments: Any) -> list[Any]:
    with ProcessPoolExecutor(PROCESSES) as pool:
        return list(pool.map(work, range(PROCESSES), *([argument] * PROCESSES for argument in arguments)))


def run() -> list[Row]:
    """Measure the road and its peer on one fresh MongoDB."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        nursery = Nursery(Path(folder))
        stack.callback(nursery.stop)
        uri = start_mongodb(nursery, Path(folder) / "mongodb")
        _prepare(uri)
        spans = _together(ingest, uri, EVENTS // PROCESSES)
        road = _rate(spans)
        collecting = sum(seconds for _, _, seconds in spans) / PROCESSES
        with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
            stored = client["footfall"]["events"].count_documents({})
            size = sum(len(encode(document)) for document in client["footfall"]["events"].find().limit(500)) // 500
        assert stored == EVENTS // PROCESSES * PROCESSES, f"{stored} events were stored"
        plain = _rate(_together(insert, uri))
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
    ]


def _rate(spans: list[Any]) -> float:
    return EVENTS / float(max(span[1] for span in spans) - min(span[0] for span in spans))


if __name__ == "__main__":
    show("ingest", run())
