"""Every function of template.yaml in this process, on real stores: a site with keys, some traffic and its figures."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from infra.local.aws import AwsAddresses
from infra.local.plan import Plan, Route
from infra.local.resources import create_resources
from infra.local.template import Template
from tests.support.asking import question
from tests.support.builders import LambdaContext, a_message, an_event, sqs_event
from tests.support.caches import forget_what_is_cached
from tests.web.servers import Server

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
SITE = {"site_id": "demo", "name": "Demo shop", "time_zone": "Europe/Rome", "currency": "EUR"}
PAGES = ("home", "search", "product", "cart", "payment", "confirmation")


@dataclass
class World:
    """The functions by name, the routes to them, and the keys of the site `demo`."""

    plan: Plan
    keys: Mapping[str, str]

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The HTTP API's routes."""
        return self.plan.api.routes

    def invoke(self, function: str, event: Any) -> Any:
        """Returns what a function's handler answers."""
        module, _, name = self.plan.functions[function].handler.rpartition(".")
        return getattr(import_module(module), name)(event, _Running(self.plan.functions[function].timeout))


class _Running(LambdaContext):
    def __init__(self, seconds: int) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Returns how long until the time-out."""
        return max(0, int((self._end - time.monotonic()) * 1000))


@contextmanager
def a_world(parts: Mapping[str, str], database: str) -> Iterator[World]:
    """Yields the world on stores that run already, in a database of its own."""
    with _Lambda() as functions, patch.dict(os.environ):
        aws = AwsAddresses(parts["aws_endpoint"], functions.url)
        os.environ.update(aws.environment())
        stores = {"MongodbUri": "mongodb_uri", "RedisUrl": "redis_url", "MilvusUri": "milvus_uri"}
        parameters = {name: parts[part] for name, part in stores.items()}
        template = Template(TEMPLATE, {**parameters, "MongodbDatabase": database, "Environment": "local"}, aws.endpoint)
        create_resources(template)
        functions.world = world = World(Plan(template), {})
        for function in world.plan.functions.values():
            os.environ.update(function.environment)
        os.environ["LOG_LEVEL"] = "ERROR"
        forget_what_is_cached()
        world.invoke("JobsPrepareFunction", {})
        made = question("/api/sites", site_id="", scopes="operator", method="POST", body=SITE)
        world.keys = json.loads(world.invoke("ApiSitesFunction", made)["body"])
        _visit(world)
        yield world
    forget_what_is_cached()


def _visit(world: World) -> None:
    # twenty people walk the funnel, each a step further than the one before, and a few buy
    for number in range(20):
        pages = [an_event(visitorId=f"v{number}", pageType=page) for page in PAGES[: number % 6 + 1]]
        order = {"order_id": f"o{number}", "total": 9.5, "products": [{"product_id": "p", "price": 9.5, "quantity": 1}]}
        bought = [an_event(visitorId=f"v{number}", userId=f"u{number}", eventType="Order Completed", properties=order)]
        message = a_message(pages + (bought if number % 6 == 5 else []), site_id=SITE["site_id"])
        assert world.invoke("EtlEventsFunction", sqs_event([message])) == {"batchItemFailures": []}
    world.invoke("JobsRollupFunction", {})


class _Lambda(Server):
    # what is only started is accepted, and what is waited for is run

    world: World

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Accept an asynchronous invocation; answer another one."""
        payload = request.rfile.read(int(request.headers.get("content-length") or 0))
        waited_for = request.headers.get("x-amz-invocation-type") != "Event"
        name = request.path.split("/")[3]
        answer = json.dumps(self.world.invoke(name, json.loads(payload))).encode() if waited_for else b""
        request.send_response(200 if waited_for else 202)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)
