"""Erasures in tests: the stores that hold people, what every byte of them says, and passes made by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import duckdb
import pytest
from bson import encode
from footfall import sites
from footfall.aws import objects, queues
from footfall.aws.invocations import SqsRecord
from footfall.schemas.message import EventsMessage
from footfall.settings import LakeSettings, RedisSettings, from_environment, read_environment
from footfall.stores import redis as redis_store
from footfall.stores import vectors
from pymongo.database import Database
from redis import Redis

from functions.etl.events.handler import handler as store_events
from functions.jobs.erase import handler as erase_handler
from functions.jobs.retention import handler as retention_handler
from functions.jobs.retention import lake as retention_lake
from functions.jobs.rollup.handler import handler as roll_up
from tests.support.builders import NOON, LambdaContext, a_site, sqs_event
from tests.support.caches import forget_redis
from tests.support.importing import taken
from tests.support.milvus import collections

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
QUEUES = ("EVENTS", "IMPORTS", "CATALOG", "INTERESTS", "REALTIME", "VECTORS")


@dataclass(frozen=True)
class Stores:
    """Every store of the site `demo`: a database, buckets, and queues by the variables that name them."""

    database: Mongo
    uploads: str
    artefacts: str
    queues: dict[str, str]

    def receive(self, *messages: EventsMessage) -> None:
        """Have etl/events take messages."""
        self._take([each for message in messages for each in sqs_event([message])["Records"]])

    def settle(self) -> None:
        """Have etl/events take what waits in its queue, and the days that changed computed."""
        bodies = list(taken(self.queues["EVENTS_QUEUE_URL"]))
        self._take([SqsRecord(messageId=uuid4().hex, body=body, attributes={}) for body in bodies])
        roll_up({}, LambdaContext(60_000))

    def have(self, **asked: Any) -> None:
        """Have etl/events take a message without events, which asks for something."""
        message = EventsMessage(site_id="demo", source="test", received_at=NOON, **asked)
        self._take([SqsRecord(messageId=uuid4().hex, body=message.model_dump_json(), attributes={})])

    def _take(self, records: list[SqsRecord]) -> None:
        assert store_events({"Records": records}, LambdaContext(60_000))["batchItemFailures"] == []

    def ask(self, person_id: str) -> str:
        """Ask for an erasure; returns its id."""
        asked: dict[str, object] = {"step": "ask", "site_id": "demo", "person_id": person_id}
        return str(erase_handler.handler(asked, LambdaContext())["erasure_id"])

    def go_through(self, erasure_id: str) -> None:
        """Make one pass of an erasure."""
        erase_handler.handler({"step": "make", "site_id": "demo", "erasure_id": erasure_id}, LambdaContext(60_000))

    def receipt(self, erasure_id: str) -> Json:
        """Returns an erasure as it is stored."""
        found = self.database["erasures"].find_one({"_id": f"demo:{erasure_id}"})
        assert found is not None
        return found

    def wait(self, erasure_id: str) -> None:
        """Have more than an hour pass since an erasure was asked for."""
        long_ago = self.receipt(erasure_id)["asked_at"] - timedelta(minutes=80)
        self.database["erasures"].update_one({"_id": f"demo:{erasure_id}"}, {"$set": {"asked_at": long_ago}})

    def erase(self, person_id: str) -> Json:
        """Erase somebody to the end; returns the erasure as it is stored."""
        erasure_id = self.ask(person_id)
        self.go_through(erasure_id)
        self.settle()
        self.wait(erasure_id)
        self.go_through(erasure_id)
        self.settle()
        return self.receipt(erasure_id)

    def holding(self, text: str) -> list[str]:
        """Returns where the bytes of a text are, of every store."""
        return sorted({place for place, body in self._everything() if text.encode() in body})

    def _everything(self) -> Iterator[tuple[str, bytes]]:
        for name in self.database.list_collection_names(filter={"type": "collection"}):
            yield from ((name, encode(document)) for document in self.database[name].find())
        yield from self._files()
        yield from self._objects()
        yield from _in_redis()
        yield from _in_milvus()
        yield from ((name, body.encode()) for name, url in self.queues.items() for body in _peeked(url))

    def _files(self) -> Iterator[tuple[str, bytes]]:
        folder = Path(urlsplit(from_environment(LakeSettings).lake_location).path)
        for file in folder.rglob("*.parquet") if folder.exists() else ():
            rows = duckdb.read_parquet(str(file)).fetchall()
            yield file.relative_to(folder).as_posix(), repr(rows).encode()

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        s3 = boto3.client("s3")
        for bucket in (self.uploads, self.artefacts):
            for version in s3.list_object_versions(Bucket=bucket).get("Versions", ()):
                found = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
                yield bucket, version["Key"].encode() + found["Body"].read()


def _peeked(url: str) -> list[str]:
    sqs, found = boto3.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=5).get("Messages"):
        found += messages
    for message in found:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return [message["Body"] for message in found]


def _in_redis() -> Iterator[tuple[str, bytes]]:
    with Redis.from_url(from_environment(RedisSettings).redis_url) as redis:
        for key in redis.scan_iter():
            yield "redis", f"{key!r} {_value(redis, key)!r}".encode()


def _value(redis: Redis, key: bytes) -> object:
    kind = redis.type(key)
    if kind == b"string":
        return redis.get(key)
    return redis.hgetall(key) if kind == b"hash" else redis.zrange(key, 0, -1)


def _in_milvus() -> Iterator[tuple[str, bytes]]:
    for collection in vectors.COLLECTIONS:
        rows = vectors.some_rows(collection, "demo", 1_000)
        yield from (("milvus", repr(row).encode()) for row in rows)


@contextmanager
def open_stores(database: Mongo, worker: str, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[Stores]:
    """Makes every store as the template does, with the site `demo` of these settings, and removes them afterwards.

    What jobs/erase starts is done at once, and files are removed without waiting for who still reads them.
    """
    _forget()
    database["sites"].insert_one({"_id": "demo", **a_site(pepper="salt", **settings).model_dump()})
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    names = [f"{name}{kind}_QUEUE_URL" for name in QUEUES for kind in ("", "_DEAD_LETTER")]
    urls = {name: sqs.create_queue(QueueName=f"erase-{name.lower()}-{worker}")["QueueUrl"] for name in names}
    buckets = {f"{kind}_BUCKET": f"erase-{kind.lower()}-{worker}" for kind in ("UPLOADS", "ARTEFACTS")}
    for bucket in buckets.values():
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name, value in {**urls, **buckets, "RETENTION_FUNCTION_NAME": "retention"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(erase_handler, "start", lambda _, command, __: retain(command))
    monkeypatch.setattr(retention_lake, "GRACE", timedelta(0))
    monkeypatch.setattr(redis_store, "TIMEOUT_SECONDS", 10.0)
    forget_redis()
    with collections():
        yield Stores(database, buckets["UPLOADS_BUCKET"], buckets["ARTEFACTS_BUCKET"], urls)
        for collection in vectors.COLLECTIONS:
            vectors.remove_older(collection, "demo", 2**53)
    for bucket in buckets.values():
        objects.remove_versions(bucket, "")
        s3.delete_bucket(Bucket=bucket)
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    _forget()


def retain(command: Any) -> None:
    """Has jobs/retention do what it is told, as it comes through Lambda."""
    retention_handler.handler(json.loads(json.dumps(command)), LambdaContext(60_000))


def _forget() -> None:
    sites._known.clear()
    for cached in (queues.sqs, objects.s3, read_environment):
        cached.cache_clear()
