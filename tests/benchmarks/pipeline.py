"""The pipeline from a request to MongoDB in one process, and shoppers to send through it."""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from footfall.aws.invocations import BatchResponse, SqsAttributes, SqsEvent, SqsRecord
from footfall.aws.invocations import LambdaContext as AwsContext
from footfall.http.app import LambdaHandler
from footfall.schemas.message import SessionsMessage
from pymongo import MongoClient

from tests.support.builders import LambdaContext

BATCH = 50
KEY_SECRET = "benchmark"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


def visits(worker: int, count: int, minutes: int = 40_000) -> Iterator[dict[str, Any]]:
    """Returns events of the last minutes as a tracker sends them, eight to a visit, each 790 bytes once stored."""
    source = random.Random(worker)
    number = 0
    while number < count:
        visitor, moment = f"visitor-{worker}-{number}", datetime.now(UTC) - timedelta(minutes=source.randrange(minutes))
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


def requests(events: list[dict[str, Any]], key: str, size: int = BATCH) -> list[dict[str, Any]]:
    """Returns HTTP API events of batches, as the gateway hands them to collect."""
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
        for batch in slices(events, size)
    ]


@dataclass
class Pipeline:
    """The handlers of this process, with a list for the queue between them, and one for the topic after them."""

    collect: LambdaHandler
    etl: Callable[[SqsEvent, AwsContext], BatchResponse]
    key: str
    bodies: list[str]
    announced: list[SessionsMessage] = field(default_factory=list)

    def accept(self, call: dict[str, Any]) -> None:
        """Have collect take a request."""
        assert self.collect(call, LambdaContext())["statusCode"] == 202

    def store(self, records: list[SqsRecord]) -> None:
        """Have etl/events take messages."""
        assert self.etl({"Records": records}, LambdaContext()) == {"batchItemFailures": []}

    def records(self, worker: int = 0) -> list[SqsRecord]:
        """Returns what is in the queue, as Lambda hands it on."""
        attributes: SqsAttributes = {"ApproximateReceiveCount": "1", "MessageGroupId": "demo"}
        return [
            {"messageId": f"{worker}-{number}", "body": body, "attributes": attributes}
            for number, body in enumerate(self.bodies)
        ]


def open_pipeline(mongodb_uri: str) -> Pipeline:
    """Returns the functions as they are, but for SQS, SNS and the parameters of collect, which are at hand."""
    _settings(mongodb_uri)
    from footfall.identity import new_write_key

    from functions.etl.events import handler as etl
    from functions.etl.events import steps

    bodies: list[str] = []
    pipeline = Pipeline(collect_without_queue(bodies.extend), etl.handler, new_write_key("demo", KEY_SECRET), bodies)
    vars(steps)["announce"] = lambda _topic, message: pipeline.announced.append(message)
    return pipeline


def collect_without_queue(take: Callable[[list[str]], None]) -> LambdaHandler:
    """Returns collect's handler with its keys at hand; the bodies of its SQS messages go to `take`."""
    _settings(os.environ.get("MONGODB_URI", ""))
    from footfall.aws import secrets
    from footfall.schemas.sending import SendingRules

    from functions.api.collect import handler, intake, rules

    secrets._known.update(
        {("signing", "AWSCURRENT"): (time.time(), KEY_SECRET), ("signing", "AWSPREVIOUS"): (time.time(), "")}
    )
    rules._known["demo"] = rules.Known(float("inf"), SendingRules(site_id="demo"))
    vars(intake)["send"] = lambda _queue, _site, packed: take(packed)
    return handler.handler


def slices(items: list[Any], size: int) -> Iterator[list[Any]]:
    """Returns a list cut into parts of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


def prepare(mongodb_uri: str) -> None:
    """The collections of a deployment, a site, and collections with the events' indexes for the peers."""
    from footfall.schemas.site import Site
    from footfall.stores import collections, preparing

    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        database = client["footfall"]
        preparing.prepare(database)
        for peer in ("peer", "baseline"):
            database[peer].create_indexes(collections.events.all_indexes)
        database["sites"].insert_one({"_id": "demo", **Site(site_id="demo", name="Demo").model_dump()})


def _settings(mongodb_uri: str) -> None:
    os.environ.update(
        MONGODB_URI=mongodb_uri,
        MONGODB_DATABASE="footfall",
        SIGNING_SECRET="signing",
        SENDING_BUCKET="sending",
        EVENTS_QUEUE_URL="queue",
        SESSIONS_TOPIC_ARN="topic",
        LAKE_LOCATION=f"file://{tempfile.gettempdir()}/footfall-benchmark-lake",
        POWERTOOLS_SERVICE_NAME="benchmark",
        AWS_DEFAULT_REGION="eu-west-1",
    )
