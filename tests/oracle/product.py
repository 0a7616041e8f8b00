"""The product as a shop has it: events through the real handlers on a real MongoDB, questions through its HTTP API."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import count
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from functions.api.customers.handler import handler as customers
from functions.api.funnel.handler import handler as funnel
from functions.api.metrics.handler import handler as metrics
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl_events
from functions.jobs.rollup.handler import handler as rollup
from tests.oracle.life import Json, Question, Shop, Told
from tests.support.asking import question as request_of
from tests.support.builders import LambdaContext
from tests.support.caches import forget_what_is_cached

FUNNEL = ("funnel", "retention", "paths", "journeys", "analytics/stickiness", "analytics/lifecycle")
HANDLERS = {
    **{f"/api/{name}": funnel for name in FUNNEL},
    **dict.fromkeys(["/api/metrics", "/api/analytics", "/api/dimensions"], metrics),
    "/api/customers": customers,
}
"""By how paths begin, the first that fits."""
SITES_AT_ONCE = 50
TOPIC = "arn:aws:sns:eu-west-1:123456789012:sessions"
Mongo = Database[dict[str, Any]]


class Product:
    """Sites in one database, each for one life, removed afterwards."""

    def __init__(self, database: Mongo) -> None:
        self._database = database
        self._numbers = count(1)
        self._left: list[str] = []
        self._collections = [
            name
            for name in database.list_collection_names(filter={"type": "collection"})
            if not name.startswith("system.")
        ]

    @contextmanager
    def site(self, shop: Shop) -> Iterator["SiteOfLife"]:
        """Gives a new site, which is removed with all that came of it, together with others since that is quicker."""
        site_id = f"life-{next(self._numbers)}"
        funnels = [{"name": name, "steps": list(steps)} for name, steps in shop.funnels.items()]
        settings = {"name": site_id, "time_zone": shop.zone, "currency": shop.currency, "funnels": funnels}
        self._database["sites"].insert_one({"_id": site_id, "site_id": site_id, **settings})
        yield SiteOfLife(self._database, site_id)
        self._left.append(site_id)
        if len(self._left) >= SITES_AT_ONCE:
            self._remove()

    def _remove(self) -> None:
        for name in self._collections:
            self._database[name].delete_many({"site_id": {"$in": self._left}})
        self._left.clear()


class SiteOfLife:
    """One site: what it is told, and what it answers."""

    def __init__(self, database: Mongo, site_id: str) -> None:
        self._database = database
        self._site_id = site_id
        self._messages = count(1)

    def tell(self, told: Iterable[Told]) -> int:
        """Have etl/events handle these in one call, what came together in one message; returns how many come back."""
        bodies: defaultdict[tuple[object, ...], list[Told]] = defaultdict(list)
        for one in told:
            bodies[one.source, one.received_at, one.agent].append(one)
        records = [self._record(body) for body in bodies.values()]
        answer = etl_events({"Records": records}, LambdaContext())  # type: ignore[typeddict-item]
        return len(answer["batchItemFailures"])

    def _record(self, body: list[Told]) -> Json:
        message = {
            "site_id": self._site_id,
            "source": body[0].source,
            "received_at": body[0].received_at.isoformat(),
            "user_agent": body[0].agent,
            "events": [{"sequence": one.place, **one.event} for one in body],
        }
        attributes = {"ApproximateReceiveCount": "1", "MessageGroupId": self._site_id}
        name = f"{self._site_id}-{next(self._messages)}"
        return {"messageId": name, "body": json.dumps(message), "attributes": attributes}

    def roll_up(self) -> None:
        """Compute the figures of every stale day."""
        rollup({"site_id": self._site_id}, LambdaContext(60_000))

    def compute_anew(self, days: Iterable[date]) -> None:
        """Compute the figures of these days, and of every other that has any."""
        computed = [day["date"] for day in self._database["daily_metrics"].find({"site_id": self._site_id})]
        names = {*map(str, days), *computed}
        marks = [{"_id": f"{self._site_id}:{day}", "site_id": self._site_id, "date": day} for day in names]
        self._database["stale_days"].delete_many({"site_id": self._site_id})
        self._database["stale_days"].insert_many([{**mark, "token": ObjectId()} for mark in marks])
        self.roll_up()

    def quarantined(self) -> list[str]:
        """Returns why events were put aside; none of a life should be."""
        return [found["reason"] for found in self._database["quarantine"].find({"site_id": self._site_id})]

    def ask(self, question: Question) -> Json:
        """Returns the answer; of a refusal, its status alone."""
        handler = next(handler for path, handler in HANDLERS.items() if question.path.startswith(path))
        asked = request_of(question.path, dict(question.parameters), site_id=self._site_id)
        answer = handler(asked, LambdaContext())
        if answer["statusCode"] != 200:
            return {"status": answer["statusCode"]}
        return dict(json.loads(answer["body"]))


@contextmanager
def a_product(parts: Mapping[str, str], name: str) -> Iterator[Product]:
    """Gives the product on stores that run already, with a database of its own by that name."""
    from footfall.stores import preparing

    lake = TemporaryDirectory()
    settings = {
        "MONGODB_URI": parts["mongodb_uri"],
        "MONGODB_DATABASE": name,
        "REDIS_URL": parts["redis_url"],
        "MILVUS_URI": parts["milvus_uri"],
        "MILVUS_TOKEN_SECRET": "",
        "LAKE_LOCATION": f"file://{lake.name}",
        "LOG_LEVEL": "ERROR",
        "POWERTOOLS_SERVICE_NAME": "footfall",
        "SESSIONS_TOPIC_ARN": TOPIC,
    }
    client = MongoClient[dict[str, Any]](parts["mongodb_uri"], tz_aware=True)
    with lake, client, patch.dict(os.environ, settings), patch.object(steps, "announce", lambda *_: None):
        forget_what_is_cached()
        preparing.prepare(client[name])
        yield Product(client[name])
        client.drop_database(name)
    forget_what_is_cached()
