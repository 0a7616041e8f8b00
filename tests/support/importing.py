"""Importing in tests, as the cloud does it: announce, upload, S3's message, the messages that come of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import quote_plus

import boto3
import httpx
import pytest
from footfall import sites
from footfall.aws import objects, queues
from footfall.aws.invocations import SqsRecord
from footfall.schemas.event import Json
from footfall.schemas.message import EventsMessage
from footfall.settings import read_environment
from pymongo.database import Database

from functions.api.catalog import uploads
from functions.api.catalog.handler import handler as catalog
from functions.etl.catalog.handler import handler as catalog_writer
from functions.etl.imports.handler import handler as imports
from tests.support.builders import LambdaContext, a_site

_numbers = count(1)
HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def ask(
    method: str, path: str, body: Any = None, site_id: str = "demo", scopes: str = "read write", query: str = ""
) -> tuple[int, Any]:
    """Returns what catalog answers to a caller whom the authorizer let in: the status and the body."""
    answer = catalog(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "x", "content-type": "application/json"},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"},
                "authorizer": {"lambda": {"site_id": site_id, "scopes": scopes}},
                "stage": "$default",
            },
            "body": body if isinstance(body, str) or body is None else json.dumps(body),
            "isBase64Encoded": False,
        },
        LambdaContext(),
    )
    return answer["statusCode"], json.loads(answer["body"])


def announce(kind: str, files: Mapping[str, bytes], options: Json | None = None) -> Json:
    """Announce an import; returns what tells where to upload."""
    told = [{"name": name, "size": len(files[name])} for name in files]
    status, answer = ask("POST", "/api/imports", {"kind": kind, "files": told, "options": options or {}})
    assert status == 201, answer
    return dict(answer)


def upload(kind: str, files: Mapping[str, bytes], but: Mapping[str, bytes | None] | None = None) -> str:
    """Announce files and upload them, the manifest last; returns the import's id.

    `but` uploads other bytes, or None nothing, under a name.
    """
    announced = announce(kind, files)
    manifest = json.dumps({"kind": kind, "files": list(files)}).encode()
    bodies: dict[str, bytes | None] = {**files, "manifest.json": manifest, **(but or {})}
    for address in announced["uploads"]:
        body = bodies[address["name"]]
        if body is not None:
            headers = {**address["headers"], "content-length": str(len(body))}
            httpx.put(address["url"], content=body, headers=headers).raise_for_status()
    return str(announced["import_id"])


def manifest_message(import_id: str, site_id: str = "demo") -> str:
    """Returns what S3 says when an import's manifest was uploaded."""
    key = f"uploads/{site_id}/{import_id}/manifest.json"
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "uploads"}, "object": {"key": quote_plus(key, safe="/"), "size": 60}},
    }
    return json.dumps({"Records": [record]})


def deliver(body: str, message_id: str | None = None, context: LambdaContext | None = None) -> list[str]:
    """Give a message to etl/imports; returns the ids of messages that must come back."""
    record = SqsRecord(messageId=message_id or f"message-{next(_numbers)}", body=body, attributes={})
    answer = imports({"Records": [record]}, context or LambdaContext(900_000))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def run(kind: str, files: Mapping[str, bytes], but: Mapping[str, bytes | None] | None = None) -> Json:
    """Import files from announcement to end; returns what catalog tells of it afterwards."""
    import_id = upload(kind, files, but)
    assert deliver(manifest_message(import_id)) == []
    return progress(import_id)


def progress(import_id: str) -> Json:
    """Returns what catalog tells of an import."""
    status, answer = ask("GET", f"/api/imports/{import_id}")
    assert status == 200, answer
    return dict(answer)


def taken(queue_url: str) -> Iterator[str]:
    """Returns the bodies of a queue's messages, each deleted once it is looked at."""
    sqs = boto3.client("sqs")
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            yield message["Body"]
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])


def make_changes(queue_url: str, times: int = 1) -> list[str]:
    """Give what waits in the catalog queue to etl/catalog, so often; returns the messages that must come back."""
    bodies = list(taken(queue_url))
    records = [SqsRecord(messageId=f"message-{next(_numbers)}", body=body, attributes={}) for body in bodies]
    answers = [catalog_writer({"Records": records}, LambdaContext()) for _ in range(times)]
    return [failure["itemIdentifier"] for answer in answers for failure in answer["batchItemFailures"]]


def sent(queue_url: str) -> list[EventsMessage]:
    """Returns the messages in the events queue, which is empty afterwards."""
    return [EventsMessage.model_validate_json(body) for body in taken(queue_url)]


@dataclass(frozen=True)
class Pipeline:
    """A database with the site `demo`, a bucket for uploads, and the queues."""

    database: Database[dict[str, Any]]
    bucket: str
    events_queue: str
    imports_queue: str
    catalog_queue: str


@contextmanager
def open_pipeline(
    database: Database[dict[str, Any]], worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """Makes what an import needs, as the template does, yields it, and removes it afterwards."""
    _forget()
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site(currency="GBP").model_dump()})
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    bucket = f"uploads-{worker}"
    s3.create_bucket(Bucket=bucket)
    urls = [
        sqs.create_queue(QueueName=f"{name}-{worker}", Attributes={"MaximumMessageSize": "1048576"})["QueueUrl"]
        for name in ("events", "imports", "catalog", "catalog-dead")
    ]
    monkeypatch.setenv("UPLOADS_BUCKET", bucket)
    monkeypatch.setenv("EVENTS_QUEUE_URL", urls[0])
    monkeypatch.setenv("IMPORTS_QUEUE_URL", urls[1])
    monkeypatch.setenv("CATALOG_QUEUE_URL", urls[2])
    monkeypatch.setenv("CATALOG_DEAD_LETTER_QUEUE_URL", urls[3])
    yield Pipeline(database, bucket, *urls[:3])
    for url in urls:
        sqs.delete_queue(QueueUrl=url)
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.delete_bucket(Bucket=bucket)
    sites._known.clear()
    _forget()


def tables(users: int = 3, **but: bytes) -> dict[str, bytes]:
    """The tables of a funnel: everybody sees home, every second one goes on to search."""
    everybody = range(1, users + 1)
    lines = {
        "user_table": [
            b"user_id,date,device,sex",
            *(b"%d,2015-01-%02d,Mobile,Male" % (n, n % 28 + 1) for n in everybody),
        ],
        "home_page_table": [b"user_id,page", *(b"%d,home_page" % n for n in everybody)],
        "search_page_table": [b"user_id,page", *(b"%d,search_page" % n for n in everybody if n % 2 == 0)],
        "payment_page_table": [b"user_id,page"],
        "payment_confirmation_table": [b"user_id,page"],
    }
    return {f"{name}.csv": but.get(name, b"\n".join(rows)) for name, rows in lines.items()}


def orders(*lines: bytes) -> dict[str, bytes]:
    return {"orders.csv": HEADER + b"\n".join(lines)}


def sale(invoice: int, product: bytes = b"A", quantity: int = 1) -> bytes:
    return b"%d,%b,x,%d,2010-12-01 08:26:00,2.50,17850.0,UK" % (invoice, product, quantity)


def events_in(pipeline: Pipeline) -> dict[str, Json]:
    """The events in the queue by id, without regard to how often and in which message each was sent."""
    return {event["eventId"]: event for message in sent(pipeline.events_queue) for event in message.events}


def _forget() -> None:
    for cached in (queues.sqs, objects.s3, uploads._signer, read_environment):
        cached.cache_clear()
