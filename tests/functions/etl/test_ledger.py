"""The ledger on a real MongoDB: received = stored + duplicate + quarantined + waiting, however messages come back."""

import json
import random
from collections import Counter
from typing import Any

import pytest
from footfall.aws.invocations import SqsRecord
from footfall.errors import Unavailable
from footfall.schemas.event import Json
from footfall.schemas.message import EventsMessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.etl.events import steps, store
from functions.etl.events.handler import handler
from tests.support.builders import NOON, LambdaContext, a_message, a_site, an_event, nested, sqs_event

Mongo = Database[dict[str, Any]]
PARTS = ("stored", "duplicate", "quarantined", "waiting")
BAD = nested(25)


def records(*messages: EventsMessage) -> list[SqsRecord]:
    """Messages as SQS delivers them; the same record again is a redelivery."""
    return sqs_event(messages)["Records"]


def deliver(*delivered: SqsRecord) -> list[str]:
    """Have records handled; returns the ids of those that must come back."""
    answer = handler({"Records": list(delivered)}, LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def sums(database: Mongo) -> dict[str, int]:
    """The ledger's parts that are not 0, each line checked for adding up."""
    total: Counter[str] = Counter()
    for line in database["ledger"].find():
        assert line["events"] == sum(line[part] for part in PARTS)
        total.update({part: line[part] for part in PARTS})
    return {part: count for part, count in total.items() if count}


def test_a_redelivery_counts_its_own_events_as_stored_and_another_message_as_duplicates(pipeline: Mongo) -> None:
    message = a_message([an_event(), an_event()])
    first, again = records(message, message)

    deliver(first)
    deliver(first, first)
    assert sums(pipeline) == {"stored": 2}
    deliver(again)
    assert sums(pipeline) == {"stored": 2, "duplicate": 2}


def test_an_event_remembers_when_it_first_came_again(pipeline: Mongo) -> None:
    message = a_message([an_event(eventId="e")])
    first, again, later = records(message, message, message)
    deliver(first)
    deliver(first)
    assert "repeated_at" not in (pipeline["events"].find_one() or {})
    deliver(again)
    repeated_at = (pipeline["events"].find_one() or {})["repeated_at"]
    deliver(later)
    assert (pipeline["events"].find_one() or {})["repeated_at"] == repeated_at


def test_what_one_message_says_twice_is_one_event_and_one_duplicate(pipeline: Mongo) -> None:
    deliver(*records(a_message([an_event(eventId="e"), an_event(eventId="e")])))
    assert sums(pipeline) == {"stored": 1, "duplicate": 1}


def test_what_is_quarantined_counts_once_and_then_as_a_duplicate(pipeline: Mongo) -> None:
    message = a_message([an_event(eventId="bad", properties=BAD), an_event(eventId="e", title="first")])
    first, again, other = records(message, message, a_message([an_event(eventId="e", title="second")]))

    deliver(first, other)
    deliver(other)
    assert sums(pipeline) == {"stored": 1, "quarantined": 2}
    deliver(again)
    assert sums(pipeline) == {"stored": 1, "quarantined": 2, "duplicate": 2}


def test_of_two_bodies_under_one_id_the_stored_one_is_never_quarantined_whatever_comes_first(pipeline: Mongo) -> None:
    first, second = records(
        a_message([an_event(eventId="e", title="one")]), a_message([an_event(eventId="e", title="two")])
    )
    deliver(first)
    deliver(second, first)
    assert sums(pipeline) == {"stored": 1, "quarantined": 1}
    assert [json.loads(found["original"])["title"] for found in pipeline["quarantine"].find()] == ["two"]


@pytest.mark.parametrize(("body", "site_id"), [("not json", "demo"), ("{}", "nobody")])
def test_a_message_that_cannot_be_read_counts_as_one(pipeline: Mongo, body: str, site_id: str) -> None:
    (record,) = records(a_message([an_event()]))
    record["body"], record["attributes"]["MessageGroupId"] = body, site_id
    deliver(record)
    deliver(record)
    assert sums(pipeline) == {"quarantined": 1}


def test_a_message_that_fails_waits_until_it_succeeds(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = records(a_message([an_event(eventId="poison"), an_event()]), a_message([an_event()]))
    with monkeypatch.context() as patched:
        stored = steps.STEPS.index(steps.keep_quarantine)
        patched.setattr(steps, "STEPS", (*steps.STEPS[:stored], _break_on_poison, *steps.STEPS[stored:]))
        assert deliver(broken, fine) == [broken["messageId"]]
        assert deliver(broken) == [broken["messageId"]]
    assert sums(pipeline) == {"stored": 1, "waiting": 2}

    assert deliver(broken) == []
    assert sums(pipeline) == {"stored": 3}


def _break_on_poison(batch: Any, site: Any) -> None:
    if any(event["event_id"] == "poison" for event in batch.events):
        raise RuntimeError


def test_a_store_that_does_not_answer_leaves_no_line(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> None:
        raise Unavailable("the database does not answer")

    (record,) = records(a_message([an_event()]))
    with monkeypatch.context() as patched:
        patched.setattr(store, "insert", down)
        deliver(record)
    assert sums(pipeline) == {}
    deliver(record)
    assert sums(pipeline) == {"stored": 1}


def test_what_was_settled_stays_when_events_have_expired_before_a_redelivery(pipeline: Mongo) -> None:
    first, again = records(*[a_message([an_event(eventId="e")])] * 2)
    deliver(first)
    deliver(again)
    pipeline["events"].delete_many({})
    deliver(again)
    assert sums(pipeline) == {"stored": 1, "duplicate": 1}


def test_a_message_that_is_moved_keeps_its_line(pipeline: Mongo) -> None:
    (record,) = records(a_message([an_event()]))
    deliver(record)
    deliver({**record, "messageId": "another"})
    assert sums(pipeline) == {"stored": 1}
    assert pipeline["ledger"].count_documents({}) == 1


def test_a_line_stands_on_the_sites_day_of_receipt(pipeline: Mongo) -> None:
    pipeline["sites"].insert_one({"_id": "tokyo", **a_site(site_id="tokyo", time_zone="Asia/Tokyo").model_dump()})
    message = a_message([an_event()], site_id="tokyo", received_at=NOON.replace(hour=20))
    deliver(*records(message))
    assert [line["day"] for line in pipeline["ledger"].find()] == ["2026-03-02"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=5), min_size=1, max_size=6), seed=st.integers())
def test_whatever_is_delivered_again_in_whatever_order_every_event_is_counted_once(
    pipeline: Mongo, ids: list[list[int]], seed: int
) -> None:
    for name in ("events", "user_sessions", "quarantine", "users", "ledger"):
        pipeline[name].delete_many({})
    delivered = records(*[a_message([_numbered(number, str(at)) for number in found]) for at, found in enumerate(ids)])
    source = random.Random(seed)
    pieces = [record for record in delivered for _ in range(source.choice([1, 1, 2, 3]))]
    source.shuffle(pieces)
    while pieces:
        size = source.randint(1, 4)
        deliver(*pieces[:size])
        pieces = pieces[size:]

    total = Counter(sums(pipeline))
    assert total.total() == sum(map(len, ids))
    assert total["stored"] == pipeline["events"].count_documents({})
    assert total["quarantined"] == pipeline["quarantine"].count_documents({})


def _numbered(number: int, message: str) -> Json:
    """An event of that number: those over 7 cannot be stored, and 7 says something else in each message."""
    properties: Json = BAD if number > 7 else {}
    return an_event(eventId=f"n{number}", properties=properties, title=message if number == 7 else "same")
