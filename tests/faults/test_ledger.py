"""The ledger of the fault harness notices what it is there to notice: a harness that sees nothing proves nothing."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.schemas.message import EventsMessage
from footfall.schemas.site import Site
from pymongo.database import Database

from functions.etl.events import steps
from functions.etl.events.handler import handler
from tests.faults.ledger import Count, Ledger
from tests.faults.poison import EVENTS, message
from tests.faults.traffic import Body, Traffic
from tests.support.builders import LambdaContext, sqs_event

Mongo = Database[dict[str, Any]]
SENT = 120


@pytest.fixture
def store(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Mongo:
    """A database that knows the shop."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, _message: None)
    sites._known.clear()
    database["sites"].insert_one({"_id": "shop", **Site(site_id="shop", name="Shop").model_dump()})
    return database


@pytest.fixture
def ledger(store: Mongo) -> Ledger:
    """The ledger of some events that were acknowledged and stored, and of a poisoned one that was quarantined."""
    traffic, ledger = Traffic("ledger"), Ledger()
    poisoned = EVENTS["too_deep"](traffic)
    body = Body("shop", [*traffic.body(SENT).events, *traffic.whole_visit(), poisoned])
    ledger.send(body)
    ledger.acknowledge(body)
    ledger.doom([poisoned], "too_deep")
    parsed = EventsMessage.model_validate_json(message("shop", list(body.events)))
    assert handler(sqs_event([parsed]), LambdaContext()) == {"batchItemFailures": []}
    return ledger


def figures(count: Count) -> dict[str, int]:
    """Returns the figures that must be 0."""
    return {name: asdict(count)[name] for name in ("waiting", "duplicated", "lost", "phantom")}


def test_what_was_stored_or_set_aside_once_balances(store: Mongo, ledger: Ledger) -> None:
    count = ledger.count(store, [])
    assert count.balances, count
    assert count.quarantined == 1
    assert count.stored == count.sent - 1 == count.acked - 1 > SENT


def _forget_one(store: Mongo) -> None:
    store["events"].find_one_and_delete({})


def _forget_what_was_set_aside(store: Mongo) -> None:
    store["quarantine"].delete_many({})


def _store_twice(store: Mongo) -> None:
    store["events"].insert_one({**_one(store), "_id": "shop:again"})


def _change_one(store: Mongo) -> None:
    store["events"].update_one({"type": "pageview"}, {"$set": {"visitor_id": "somebody else"}})


def _make_one_up(store: Mongo) -> None:
    store["events"].insert_one({**_one(store), "_id": "shop:new", "event_id": "new", "properties": {"serial": -1}})


def _one(store: Mongo) -> dict[str, Any]:
    found = store["events"].find_one({})
    assert found
    return found


@pytest.mark.parametrize(
    ("tamper", "noticed"),
    [
        (_forget_one, {"lost": 1}),
        (_forget_what_was_set_aside, {"lost": 1}),
        (_store_twice, {"duplicated": 1}),
        (_change_one, {"phantom": 1}),
        (_make_one_up, {"phantom": 1}),
    ],
)
def test_an_event_is_missed_or_is_too_many(
    store: Mongo, ledger: Ledger, tamper: Callable[[Mongo], None], noticed: dict[str, int]
) -> None:
    tamper(store)
    count = ledger.count(store, [])
    assert figures(count) == {"waiting": 0, "duplicated": 0, "lost": 0, "phantom": 0} | noticed
    assert not count.balances


@pytest.mark.parametrize(
    ("collection", "change", "problem_text"),
    [
        ("user_sessions", {"$inc": {"page_views": 1}}, "wrong values of sessions"),
        ("users", {"$set": {"device": "Fridge"}}, "wrong values of people"),
        ("orders", {"$inc": {"total": 1}}, "wrong values of orders"),
        ("ledger", {"$inc": {"stored": 1, "events": 1}}, "the ledger counts"),
        ("ledger", {"$inc": {"duplicate": 1}}, "do not add up"),
        ("quarantine", {"$set": {"reason": "bad_mood"}}, "quarantined {'bad_mood': 1}, not {'too_deep': 1}"),
    ],
)
def test_what_follows_from_events_wrongly_is_a_problem(
    store: Mongo, ledger: Ledger, collection: str, change: dict[str, Any], problem_text: str
) -> None:
    store[collection].update_one({}, change)
    count = ledger.count(store, [])
    assert any(problem_text in problem for problem in count.problems), count.problems
    assert not count.balances


@pytest.mark.parametrize("collection", ["user_sessions", "users", "orders"])
def test_what_should_follow_from_events_and_is_missing_or_too_many_is_a_problem(
    store: Mongo, ledger: Ledger, collection: str
) -> None:
    one = store[collection].find_one_and_delete({})
    assert one
    assert " missing: " in " ".join(ledger.count(store, []).problems)
    store[collection].insert_one(one)
    store[collection].insert_one({**one, "_id": "shop:nobody", "number": 10**6})
    assert " too many: " in " ".join(ledger.count(store, []).problems)


def test_a_message_that_waits_is_neither_lost_nor_done(store: Mongo, ledger: Ledger) -> None:
    body = Traffic("ledger", after=10**6).body(3)
    ledger.send(body)
    ledger.acknowledge(body)
    count = ledger.count(store, [message("shop", list(body.events))])
    assert figures(count) == {"waiting": 3, "duplicated": 0, "lost": 0, "phantom": 0}
    assert not count.balances


def test_an_event_without_an_answer_may_be_there_or_not(store: Mongo, ledger: Ledger) -> None:
    body = Traffic("ledger", after=10**6).body(3)
    ledger.send(body)
    count = ledger.count(store, [])
    assert (count.indeterminate, count.lost) == (3, 0)
    assert count.balances, count


def test_a_session_cut_in_two_is_a_problem(store: Mongo, ledger: Ledger) -> None:
    store["events"].update_one({"session_id": {"$gt": ""}}, {"$set": {"session_id": "another"}})
    assert not ledger.count(store, []).balances


def test_an_event_moved_in_time_is_not_the_one_that_was_sent(store: Mongo, ledger: Ledger) -> None:
    one = _one(store)
    store["events"].update_one({"_id": one["_id"]}, {"$set": {"timestamp": one["timestamp"] + timedelta(seconds=1)}})
    assert ledger.count(store, []).phantom == 1
