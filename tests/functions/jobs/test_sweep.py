"""jobs/sweep: asks etl/events to recheck what was touched lately, and writes nothing itself."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from footfall.aws import queues
from footfall.clock import now
from footfall.schemas.message import EventsMessage
from footfall.sentiment.version import VERSION
from footfall.sessions.fold import fold_session
from pymongo.database import Database

from functions.jobs.sweep import handler as sweep
from infra.local.aws import AwsAddresses
from tests.support.builders import LambdaContext, a_document

Mongo = Database[dict[str, Any]]


@pytest.fixture
def queue(aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An events queue."""
    queues.sqs.cache_clear()
    url = boto3.client("sqs").create_queue(QueueName=f"sweep-{worker}")["QueueUrl"]
    monkeypatch.setenv("EVENTS_QUEUE_URL", url)
    yield url
    boto3.client("sqs").delete_queue(QueueUrl=url)
    queues.sqs.cache_clear()


def test_sessions_touched_lately_are_rechecked_in_messages_of_their_site(
    database: Mongo, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "SPANS_PER_MESSAGE", 2)
    database["sites"].insert_one({"_id": "demo"})
    lately, long_ago = now() - timedelta(minutes=5), now() - timedelta(hours=5)
    for number in range(3):
        database["user_sessions"].insert_one(dict(fold_session([a_document(sessionId=f"new-{number}")], lately)))
    database["user_sessions"].insert_one(dict(fold_session([a_document(sessionId="old")], long_ago)))
    assert sweep.handler({}, LambdaContext()) == {"sessions": 3, "feedback": 0}
    answer = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    messages = [EventsMessage.model_validate_json(message["Body"]) for message in answer["Messages"]]
    assert sorted(len(message.recheck) for message in messages) == [1, 2]
    assert all(message.site_id == "demo" and not message.events for message in messages)


def test_a_quiet_shop_sends_nothing(database: Mongo, queue: str) -> None:
    database["sites"].insert_one({"_id": "demo"})
    assert sweep.handler({}, LambdaContext()) == {"sessions": 0, "feedback": 0}


def test_texts_that_another_version_read_or_none_are_read_anew_so_many_a_time(
    database: Mongo, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "TEXTS_A_SWEEP", 2)
    database["sites"].insert_one({"_id": "demo"})
    versions = {"never": None, "older": {"version": VERSION - 1}, "newer": {"version": VERSION + 1}}
    read = {"today": {"version": VERSION}, **versions}
    for event_id, sentiment in read.items():
        kept = {"_id": f"demo:{event_id}", "site_id": "demo", "event_id": event_id, "timestamp": now()}
        database["feedback"].insert_one({**kept, "text": "Good", "sentiment": sentiment})
    database["feedback"].insert_one({"_id": "demo:stars", "site_id": "demo", "text": None, "sentiment": None})
    assert sweep.handler({}, LambdaContext()) == {"sessions": 0, "feedback": 2}
    [message] = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    asked = EventsMessage.model_validate_json(message["Body"]).reread
    assert len(asked) == 2
    assert set(asked) < set(versions)
