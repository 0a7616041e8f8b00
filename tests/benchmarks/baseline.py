"""What most people write first: one event per request, one insert, one commit.

A FastAPI application whose endpoint stores what it gets with `insert_one`, acknowledged by a majority and its journal
as ours are, called through the same adapter. Its collection has the indexes of `events`, for the same questions.
"""

import json
import time
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from tests.support.builders import LambdaContext


def application(collection: Collection[dict[str, Any]]) -> FastAPI:
    """Returns the application, whose `POST /event` answers once the event is durable."""
    app = FastAPI()

    @app.post("/event", status_code=201)
    def store(event: dict[str, Any]) -> dict[str, str]:
        return {"id": str(collection.insert_one(event).inserted_id)}

    return app


def store_one_by_one(mongodb_uri: str, events: list[dict[str, Any]]) -> tuple[float, float]:
    """Sends each event in a request of its own; returns when that began and ended."""
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        durable = WriteConcern(w="majority", j=True)
        handler = Mangum(application(client["footfall"].get_collection("baseline", write_concern=durable)), "off")
        calls = [_call(event) for event in events]
        assert handler(calls.pop(), LambdaContext())["statusCode"] == 201  # type: ignore[arg-type]  # connects
        started = time.time()
        for call in calls:
            assert handler(call, LambdaContext())["statusCode"] == 201  # type: ignore[arg-type]
        return started, time.time()


def _call(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/event",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "shop"},
        "requestContext": {"http": {"method": "POST", "path": "/event", "sourceIp": "203.0.113.7"}},
        "body": json.dumps(event),
        "isBase64Encoded": False,
    }
