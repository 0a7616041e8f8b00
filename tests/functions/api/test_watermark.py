"""The watermark of answers, with a real queue: what is on its way, has failed or waits for a rollup holds it back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError
from footfall import sites
from footfall.aws.queues import pack
from footfall.clock import now
from footfall.schemas.message import SessionsMessage
from pymongo.database import Database

from functions.api.funnel.handler import handler as funnel_handler
from functions.api.metrics.handler import handler as metrics_handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl
from functions.jobs.rollup import watermark
from functions.jobs.rollup.handler import handler as rollup
from tests.support.asking import ask
from tests.support.builders import LambdaContext, a_message, an_event
from tests.support.visits import a_shop, know, mark, roll_up

Mongo = Database[dict[str, Any]]
MINUTE = timedelta(seconds=61)
"""As CloudWatch counts ages by the minute."""


@pytest.fixture
def shop(database: Mongo, queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A database with the site `demo`, and an empty events queue."""
    know(database, a_shop("home", "search"))
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", _nobody_listens)
    yield database
    sites._known.clear()


def _nobody_listens(_topic: str, _message: SessionsMessage) -> None: ...


@pytest.fixture
def queue(queue_urls: dict[str, str]) -> str:
    return queue_urls["EVENTS_QUEUE_URL"]


def complete_to(**query: str) -> datetime | None:
    """The dashboard's watermark."""
    told = ask(metrics_handler, "/api/metrics/dashboard", {name.rstrip("_"): day for name, day in query.items()})
    return datetime.fromisoformat(told["complete_to"]) if told["complete_to"] else None


def send(queue: str, count: int) -> None:
    """Put messages of one page view in the queue."""
    for number in range(count):
        event = an_event(visitorId=f"v{number}", timestamp=now().isoformat())
        (body,) = pack(a_message([event], received_at=now()))
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="demo")


def receive(queue: str) -> list[Any]:
    """Take ten messages: they are in flight."""
    return list(boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"])


def process(queue: str, messages: list[Any]) -> None:
    """Have etl/events take messages, and delete them, as Lambda does."""
    records = [
        {"messageId": one["MessageId"], "body": one["Body"], "attributes": {"MessageGroupId": "demo"}}
        for one in messages
    ]
    assert etl({"Records": records}, LambdaContext()) == {"batchItemFailures": []}  # type: ignore[typeddict-item]
    for one in messages:
        boto3.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])


def test_before_the_first_rollup_nothing_is_known(shop: Mongo) -> None:
    assert complete_to() is None
    assert ask(metrics_handler, "/api/metrics")["complete_to"] is None
    assert ask(funnel_handler, "/api/funnel", {"steps": "home,payment"})["complete_to"] is None


def test_with_nothing_on_its_way_it_is_when_the_last_rollup_began(shop: Mongo) -> None:
    before = now()
    roll_up()
    found = complete_to()
    assert found
    assert before <= found <= now()
    answers = [ask(metrics_handler, "/api/metrics"), ask(funnel_handler, "/api/funnel", {"steps": "home,payment"})]
    assert {datetime.fromisoformat(answer["complete_to"]) for answer in answers} == {found}


def test_messages_on_their_way_hold_it_back_until_they_are_in_the_figures(shop: Mongo, queue: str) -> None:
    roll_up()
    began = now()
    send(queue, 20)
    assert (complete_to() or now()) < began
    in_flight = receive(queue)
    roll_up()
    held = complete_to()
    assert held
    assert began - MINUTE < held <= began + timedelta(seconds=1)
    process(queue, in_flight)
    process(queue, receive(queue))
    stored = now()
    assert (complete_to() or now()) < began + timedelta(seconds=1)
    roll_up()
    assert (complete_to() or began) >= stored
    assert ask(metrics_handler, "/api/metrics/dashboard")["total_users"] == 20


def test_a_message_that_failed_holds_it_back_wherever_it_is(shop: Mongo) -> None:
    taken = now() - timedelta(hours=3)
    line = {"site_id": "demo", "source": "collect", "day": "2026-03-01", "events": 1, "waiting": 1}
    shop["ledger"].insert_one({**line, "_id": "demo:m", "at": taken})
    shop["ledger"].insert_one({**line, "_id": "other:m", "site_id": "other", "at": taken - timedelta(hours=1)})
    shop["ledger"].insert_one({**line, "_id": "demo:old", "at": now() - watermark.COMES_BACK - timedelta(hours=1)})
    roll_up()
    assert complete_to() == taken.replace(microsecond=taken.microsecond // 1000 * 1000)
    shop["ledger"].update_one({"_id": "demo:m"}, {"$set": {"waiting": 0}})
    roll_up()
    assert (complete_to() or taken) > taken + timedelta(hours=2)


def test_days_that_a_rollup_left_hold_back_the_ranges_they_are_in(shop: Mongo) -> None:
    roll_up()
    whole = complete_to()
    mark(shop, "2026-03-01")
    rollup({}, LambdaContext(1_000))  # no time is left
    later = complete_to(from_="2026-02-01", to="2026-02-28")
    assert later
    assert whole
    assert later > whole == complete_to(from_="2026-03-01", to="2026-03-02")
    roll_up()
    assert (complete_to(from_="2026-03-01", to="2026-03-02") or whole) > later


def test_a_single_day_done_by_hand_moves_the_days_it_is_about_and_no_other(shop: Mongo) -> None:
    roll_up()
    whole = complete_to()
    mark(shop, "2026-03-01", "2026-03-02")
    roll_up({"site_id": "demo", "date": "2026-03-02"})
    assert whole
    assert (complete_to(from_="2026-03-02", to="2026-03-02") or whole) > whole
    assert complete_to(from_="2026-03-01", to="2026-03-01") == whole


def test_while_the_queue_does_not_answer_it_stays(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    roll_up()
    before = complete_to()
    monkeypatch.setattr(watermark, "depth", _unreachable)
    roll_up()
    assert complete_to() == before


def _unreachable(_url: str) -> dict[str, int]:
    raise BotoCoreError


def test_messages_whose_age_nobody_has_seen_yet_leave_it_where_it_is(
    shop: Mongo, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_up()
    before = complete_to()
    send(queue, 1)
    monkeypatch.setattr(watermark, "oldest_ages", dict.fromkeys)
    roll_up()
    assert complete_to() == before


def test_days_that_are_defined_otherwise_now_leave_it_unknown(shop: Mongo) -> None:
    roll_up()
    know(shop, a_shop("home", "search", time_zone="Asia/Tokyo"))
    assert complete_to() is None
    roll_up()
    assert complete_to()
