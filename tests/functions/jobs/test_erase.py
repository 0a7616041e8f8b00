"""jobs/erase and jobs/retention: whoever is erased is nowhere, and nothing brings them back."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import numpy as np
import pytest
from footfall import sites
from footfall.questions import funnel
from footfall.stores import redis as redis_store
from footfall.stores import vectors
from pymongo.database import Database

from functions.etl.events import steps
from functions.jobs.retention import archive as archiving
from infra.local.aws import AwsAddresses
from tests.support.builders import a_message, an_event, at, nested
from tests.support.erasing import Stores, open_stores, retain

Mongo = Database[dict[str, Any]]
CANARY = "canary-7f3a"
VISITOR = "visitor-canary-7f3a"
EMAIL = "canary-7f3a@mail.example"


@pytest.fixture
def stores(database: Mongo, aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """Every store, of a shop that keeps nothing of whom it erases."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, _message: None)
    with open_stores(database, worker, monkeypatch) as opened:
        yield opened


def events_of(visitor: str, user: str, email: str, order_id: str, shift: float = 0) -> list[dict[str, Any]]:
    """What somebody did: looked around, said who they are, bought, and said what they think of it."""
    who = {"visitorId": visitor, "sessionId": f"s-{visitor}"}
    return [
        an_event(**who, pageType="home", path=f"/of/{visitor}", eventId=f"{visitor}-1", timestamp=at(shift)),
        an_event(**who, pageType="search", eventId=f"{visitor}-2", timestamp=at(shift + 1)),
        an_event(
            **who,
            eventType="identify",
            userId=user,
            traits={"email": email, "name": visitor},
            eventId=f"{visitor}-3",
            timestamp=at(shift + 2),
        ),
        an_event(
            **who,
            eventType="Order Completed",
            userId=user,
            properties={"orderId": order_id, "total": 20, "currency": "EUR", "note": f"for {user}"},
            eventId=f"{visitor}-4",
            timestamp=at(shift + 3),
        ),
        an_event(
            **who,
            eventType="feedback",
            userId=user,
            properties={"text": f"{user} is content", "rating": 5},
            eventId=f"{visitor}-5",
            timestamp=at(shift + 4),
        ),
    ]


CANARYS = events_of(VISITOR, CANARY, EMAIL, "o-canary-7f3a")
ANNS = events_of("visitor-ann", "ann", "ann@mail.example", "o-ann", 30)
BAD = an_event(visitorId=VISITOR, properties=nested(30))


def fill(stores: Stores) -> None:
    """Have both do things, and the canary one that cannot be read."""
    stores.receive(a_message([*CANARYS, *ANNS]), a_message([BAD]))
    stores.settle()


def fill_others(stores: Stores) -> None:
    """Have something in every other store that speaks of them."""
    for who in (CANARY, "ann"):
        _write(stores, who)


def _write(stores: Stores, who: str) -> None:
    row = vectors.Row(who, {"device": "Mobile", "rfm_segment": "", "behaviour_segment": "", "profile": who}, 1, _ones())
    vectors.upsert(vectors.PEOPLE, "demo", [row])
    page = vectors.Row(who, {"page_type": who}, 1, _ones())
    vectors.upsert(vectors.PAGES, "demo", [page])
    redis_store.client().set(f"user:active:demo:{who}", who)
    redis_store.client().set(f"metrics:dashboard:demo:{who}", who)
    key = {"_id": f"demo:{who}", "site_id": "demo", "person_id": who, "customer_id": who}
    for name in ("interests", "customers", "recommendations"):
        stores.database[name].insert_one({**key})
    stores.database["jobs"].insert_one({"_id": f"demo:job-{who}", "site_id": "demo", "answer": json.dumps([who])})
    for text in ("first", "second"):
        boto3.client("s3").put_object(Bucket=stores.uploads, Key="uploads/demo/1/people.csv", Body=f"{who},{text}")
        boto3.client("s3").put_object(Bucket=stores.artefacts, Key="work/demo/1/features.npz", Body=f"{who},{text}")
    letter = a_message([an_event(visitorId=VISITOR), an_event(visitorId="visitor-ann", eventId=f"dead-{len(who)}")])
    boto3.client("sqs").send_message(
        QueueUrl=stores.queues["EVENTS_DEAD_LETTER_QUEUE_URL"], MessageBody=letter.model_dump_json()
    )


def _ones() -> Any:
    return np.ones(vectors.DIMENSIONS, np.float32)


def test_of_an_erased_person_no_store_has_a_byte_and_of_others_all(stores: Stores) -> None:
    fill(stores)
    fill_others(stores)
    assert len(stores.holding("canary-7f3a")) >= 15

    erasure = stores.erase(CANARY)

    assert stores.holding("canary-7f3a") == []
    assert erasure["state"] == "done"
    assert {name: erasure["erased"][name] for name in ("events", "orders", "users", "user_sessions", "quarantine")} == {
        "events": 5,
        "orders": 1,
        "users": 2,
        "user_sessions": 1,
        "quarantine": 1,
    }
    assert {"vectors", "dead_letters", "files", "remembered_answers"} <= erasure["erased"].keys()
    assert not {"ids", "shared", "texts", "days", "due_at"} & erasure.keys()
    kept = stores.holding("visitor-ann")
    assert {"events", "users", "user_sessions", "orders", "EVENTS_DEAD_LETTER_QUEUE_URL"} <= set(kept)
    assert {"milvus", "customers", "interests", "jobs"} <= set(stores.holding("ann"))


def test_figures_are_of_whom_is_left(stores: Stores) -> None:
    fill(stores)
    stores.erase(CANARY)
    day = stores.database["daily_metrics"].find_one({"site_id": "demo"})
    assert day is not None
    asked = funnel.FunnelQuestion.model_validate(
        {"steps": ["home", "search"], "from": "2026-03-01", "to": "2026-03-01"}
    )
    assert [step.users for step in funnel.answer("demo", asked).steps] == [1, 1]
    assert [order["order_id"] for order in stores.database["orders"].find()] == ["o-ann"]


def again(stores: Stores) -> list[Callable[[], None]]:
    """What might bring somebody back."""
    imported = a_message(CANARYS, source="import:1")
    late = a_message([an_event(visitorId=VISITOR, eventId="late", timestamp=at(60))])
    named = a_message([an_event(visitorId="another", userId=CANARY, eventId="named", timestamp=at(61))])
    waiting = [each["_id"].rpartition(":")[2] for each in stores.database["quarantine"].find()]
    return [
        lambda: stores.receive(a_message(CANARYS)),
        lambda: stores.receive(imported),
        lambda: stores.receive(late),
        lambda: stores.receive(named),
        lambda: stores.receive(a_message([BAD])),
        lambda: stores.have(replay=waiting),
        lambda: stores.have(reprocess=[f"{VISITOR}-1", f"{VISITOR}-4"]),
    ]


def test_nothing_that_comes_afterwards_brings_them_back(stores: Stores) -> None:
    fill(stores)
    come = again(stores)
    stores.erase(CANARY)
    for bring in come:
        bring()
    stores.settle()
    assert stores.holding("canary-7f3a") == []
    left = stores.database["quarantine"].find_one({"reason": "erased_person"})
    assert left is not None
    assert (left["original"], left["state"], left["event_id"]) == (b"", "erased", None)


def test_what_came_of_the_erased_is_counted_in_the_ledger(stores: Stores) -> None:
    stores.receive(a_message(CANARYS))
    stores.erase(CANARY)
    stores.receive(a_message(CANARYS))
    (line,) = stores.database["ledger"].find({"quarantined": {"$gt": 0}})
    assert (line["events"], line["quarantined"], line["waiting"]) == (5, 5, 0)


def test_a_second_erasure_is_the_first_and_changes_nothing(stores: Stores) -> None:
    fill(stores)
    first = stores.erase(CANARY)
    documents = {name: list(stores.database[name].find().sort("_id")) for name in ("events", "users", "tombstones")}
    assert stores.ask(CANARY) == stores.ask(VISITOR) == first["erasure_id"]
    stores.go_through(first["erasure_id"])
    assert stores.receipt(first["erasure_id"]) == first
    assert documents == {name: list(stores.database[name].find().sort("_id")) for name in documents}


@pytest.mark.parametrize("step", range(0, len(steps.STEPS) + 1, 3))
def test_an_erasure_in_the_middle_of_what_is_stored_leaves_nothing(
    stores: Stores, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made between two steps of etl/events, which has looked before who was erased."""
    begun: list[str] = []

    def strike(batch: Any, site: Any) -> None:
        if not begun:
            begun.append(stores.ask(CANARY))
            stores.go_through(begun[0])

    stores.receive(a_message(CANARYS[:3]))
    with monkeypatch.context() as changed:
        changed.setattr(steps, "STEPS", (*steps.STEPS[:step], strike, *steps.STEPS[step:]))
        stores.receive(a_message([*CANARYS[3:], *ANNS]))
    stores.settle()
    stores.wait(begun[0])
    stores.go_through(begun[0])
    stores.settle()
    assert stores.receipt(begun[0])["state"] == "done"
    assert stores.holding("canary-7f3a") == []
    assert stores.database["events"].count_documents({"site_id": "demo"}) == len(ANNS)


def test_archived_events_go_with_the_others(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "RESTS", timedelta(0))
    stores.receive(a_message([*CANARYS, *ANNS]))
    stores.settle()
    stores.database["sites"].update_one({"_id": "demo"}, {"$set": {"hot_days": 35}})
    sites._known.clear()
    retain({})
    assert any(place.startswith("lake/archive") for place in stores.holding("canary-7f3a"))
    stores.erase(CANARY)
    assert stores.holding("canary-7f3a") == []
    assert any(place.startswith("lake/archive") for place in stores.holding("visitor-ann"))


def test_where_orders_are_kept_nobody_can_tell_whose_they_were(
    stores: Stores,
) -> None:
    _set(stores, keep_orders=True)
    fill(stores)
    before = _sums(stores)
    stores.erase(CANARY)
    (kept,) = stores.database["orders"].find({"order_id": "o-canary-7f3a"})
    assert (kept["total"], kept["user_id"], kept["country"]) == (2_000, None, None)
    assert kept["person_id"].startswith("erased-")
    assert _sums(stores) == before
    assert set(stores.holding("canary-7f3a")) == {"orders", "remnants"}, "only the order's own id is as it was"
    refund = an_event(eventType="Order Refunded", visitorId="server", properties={"orderId": "o-canary-7f3a"})
    stores.receive(a_message([refund]))
    (refunded,) = stores.database["orders"].find({"order_id": "o-canary-7f3a"})
    assert refunded["refunded"] == 2_000


def _sums(stores: Stores) -> list[Any]:
    return sorted((order["order_id"], order["total"], order["placed_at"]) for order in stores.database["orders"].find())


def _set(stores: Stores, **settings: Any) -> None:
    sites._known.clear()
    stores.database["sites"].update_one({"_id": "demo"}, {"$set": settings})


def test_who_was_the_same_visitor_keeps_what_was_done_in_their_name(stores: Stores) -> None:
    both = {"visitorId": "shared", "sessionId": "s"}
    theirs = an_event(**both, userId=CANARY, eventType="identify", timestamp=at(1), traits={"email": EMAIL})
    nobodys = an_event(**both, pageType="home", timestamp=at(0), path="/canary-7f3a")
    bobs = [an_event(**both, userId="bob", pageType=page, timestamp=at(2 + n)) for n, page in enumerate("ab")]
    stores.receive(a_message([nobodys, theirs, *bobs]))
    stores.settle()
    stores.erase(CANARY)
    assert stores.holding("canary-7f3a") == []
    assert {event["event_id"] for event in stores.database["events"].find()} == {event["eventId"] for event in bobs}
    (session,) = stores.database["user_sessions"].find()
    assert (session["user_id"], session["events"]) == ("bob", 2)
    (visitor,) = stores.database["users"].find({"person_id": "shared"})
    assert visitor["link"]["person_id"] == "bob"
    late = an_event(**both, pageType="c", timestamp=at(9))
    stores.receive(a_message([late]))
    assert stores.database["events"].count_documents({}) == 3
