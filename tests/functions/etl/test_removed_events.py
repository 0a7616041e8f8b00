"""What is folded from events stays whole when they are removed, and takes what is told later as if they were there."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from footfall import sites
from footfall.clock import now
from footfall.days import day_of, zone_named
from footfall.events.remnants import NAMES
from footfall.schemas.message import API_KEY_SOURCE
from footfall.stores import preparing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.etl.events import steps
from functions.jobs.prepare.migrations import migrate
from functions.jobs.retention.handler import handler
from tests.functions.jobs.test_stale_days import EXAMPLES, FAR, MIDNIGHTS, Life, deliver, life_of, open_shop, shuffled
from tests.support.builders import LambdaContext, a_message, an_event, at
from tests.support.interrupting import Died, die, interrupted
from tests.support.telling import DAY, said, tell
from tests.support.visits import Mongo, a_shop, know, roll_up

OF_THE_DATABASE = {"number", "linked_at", "first_told_at"}


@pytest.fixture
def pipeline(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A shop whose events etl/events processes."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda *_: None)
    know(database, a_shop("home", "search"))
    yield database
    sites._known.clear()


def remove(days: int = 30) -> None:
    """Have all events removed that are older than so many days."""
    roll_up()
    (answer,) = handler({"site_id": "demo", "retention_days": days}, LambdaContext(60_000))["cleanups"]
    assert answer["complete"]


def kept(database: Mongo) -> list[list[dict[str, Any]]]:
    """Orders and people, without what follows arrival."""
    return [
        [{key: value for key, value in found.items() if key not in OF_THE_DATABASE} for found in stored]
        for stored in (database[name].find().sort("_id", 1) for name in ("orders", "users"))
    ]


def order(database: Mongo) -> dict[str, Any]:
    (found,) = database["orders"].find()
    return dict(found)


def test_a_refund_of_an_order_whose_event_was_removed_is_given_back_of_that_order(pipeline: Mongo) -> None:
    tell(said(total=80, userId="ann", products=[{"product_id": "lamp", "price": 40, "quantity": 2}]))
    remove()
    assert pipeline["events"].count_documents({}) == 0
    tell(said("order_refunded", 5, userId="ann", products=[{"product_id": "lamp", "quantity": 1}]))
    found = order(pipeline)
    assert (found["total"], found["refunded"], found["status"], found["events"]) == (8000, 4000, "partly_refunded", 2)
    remove()
    tell(said("order_cancelled", 9, userId="ann"))
    found = order(pipeline)
    assert ([refund["amount"] for refund in found["refunds"]], found["status"]) == ([4000, 4000], "cancelled")


def test_nothing_that_an_order_was_told_is_lost_though_the_removal_ends_at_any_write(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for write in count(1):
        open_shop(pipeline, Life("Europe/Rome", []))
        tell(said(total=80, userId="ann"), an_event(timestamp=at(1)), said("order_refunded", 5, total=30))
        roll_up()
        with interrupted(write, die, monkeypatch) as happened, suppress(Died):
            remove()
        tell(said("order_refunded", 9, total=20))
        assert (order(pipeline)["total"], order(pipeline)["refunded"]) == (8000, 5000)
        remove()
        assert pipeline["events"].count_documents({}) == 0
        if not happened():
            break


def test_traits_told_by_removed_events_stay_beside_those_told_later(pipeline: Mongo) -> None:
    for minute, traits in enumerate([{"sex": "f", "a": 1}, {"b": 2}]):
        tell(an_event(eventType="identify", userId="ann", traits=traits, timestamp=at(minute)))
        remove()
    tell(an_event(eventType="identify", userId="ann", traits={"a": 3}, timestamp=at(9)))
    ann = pipeline["users"].find_one({"person_id": "ann"}) or {}
    assert (ann["traits"], ann["sex"], ann["trait_events"]) == ({"sex": "f", "a": 3, "b": 2}, "f", 3)


def test_an_order_told_by_a_removed_event_becomes_that_of_whom_its_visitor_turns_out_to_be(pipeline: Mongo) -> None:
    tell(said(total=80, visitorId="v"), said(order_id=None, minute=3, total=5, visitorId="v"))
    remove()
    tell(an_event(eventType="identify", visitorId="v", userId="ann", timestamp=at(DAY)))
    assert {found["person_id"] for found in pipeline["orders"].find()} == {"ann"}


def test_amounts_of_a_removed_event_are_read_again_once_the_currency_is_told(pipeline: Mongo) -> None:
    tell(said(total=80))
    remove()
    tell(said("order_updated", 5, currency="JPY", coupon="spring"))
    assert (order(pipeline)["currency"], order(pipeline)["total"]) == ("JPY", 80)


def test_a_remnant_says_when_its_event_was_removed_and_has_nothing_else_of_it(pipeline: Mongo) -> None:
    tell(said(total=80, currency="EUR"), an_event(timestamp=at(1), url="https://shop.example/secret?a=1"))
    remove()
    (remnant,) = pipeline["remnants"].find()
    assert remnant["removed_at"] <= now()
    assert set(remnant) <= {*NAMES, "removed_at"}
    assert "properties" not in remnant


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_orders_and_people_are_what_was_told_of_them_whatever_was_removed_before_more_was_told(
    pipeline: Mongo, seed: int
) -> None:
    source = random.Random(seed)
    life = life_of(source)
    for message in life.messages:
        if source.random() < 0.3:
            message.events[0]["traits"] = {source.choice("abc"): source.randint(1, 9)}
    early = life.messages[: source.randint(1, len(life.messages))]
    late = life.messages[len(early) :]
    again = source.sample(early, source.randint(0, len(early)))
    open_shop(pipeline, life)
    for batch in shuffled(early, source):
        deliver(batch)
    remove(since(source, life.zone))
    for batch in shuffled([*late, *again], source) if late or again else ():
        deliver(batch)
        if source.random() < 0.5:
            remove(since(source, life.zone))
    after_removal = kept(pipeline)

    open_shop(pipeline, life)
    for batch in shuffled([*life.messages, *again], source):
        deliver(batch)
    assert after_removal == kept(pipeline)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_orders_and_traits_whose_events_an_older_version_removed_are_folded_as_they_are_stored(
    pipeline: Mongo, seed: int
) -> None:
    source = random.Random(seed)
    life = life_of(source)
    for message in life.messages:
        if source.random() < 0.3:
            message.events[0]["traits"] = {source.choice("abc"): source.randint(1, 9)}
    open_shop(pipeline, life)
    deliver(life.messages)
    before = kept(pipeline)
    first = MIDNIGHTS[life.zone] + timedelta(minutes=source.choice([-30 * DAY, -7, 3, 30, DAY + 7, 99 * DAY]))
    forget_events(pipeline, first)
    told = [remnant["event_id"] for name in ("remnants", "events") for remnant in pipeline[name].find()]
    deliver([a_message([], source="reprocess", reprocess=told)])
    tell(an_event(eventType="identify", visitorId="v", traits={"later": 1}, timestamp=at(-99 * DAY)))
    assert [_shown(order) for order in kept(pipeline)[0]] == [_shown(order) for order in before[0]]
    traits = [{**found.get("traits", {}), **({"later": 1} if found["person_id"] == "v" else {})} for found in before[1]]
    assert [found.get("traits", {}) for found in kept(pipeline)[1] if found["_id"] in ids(before)] == traits


def ids(stored: list[list[dict[str, Any]]]) -> set[str]:
    return {found["_id"] for found in stored[1]}


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    # how often and where it was told is no longer known
    return {name: value for name, value in order.items() if name not in ("events", "told_in")}


def forget_events(database: Mongo, before: datetime) -> None:
    """Leave the database as an older version does that has removed all earlier events."""
    database["events"].delete_many({"timestamp": {"$lt": before}})
    database["remnants"].drop()
    migrate(database)
    migrate(database)
    preparing.prepare(database)


def test_a_refund_of_an_order_whose_event_an_older_version_removed_is_given_back_of_it(pipeline: Mongo) -> None:
    tell(said(total=80, userId="ann", coupon="spring"), said("order_refunded", 5, total=30, userId="ann"))
    forget_events(pipeline, now())
    tell(said("order_refunded", 9, total=20, userId="ann"), source=API_KEY_SOURCE)
    found = order(pipeline)
    assert (found["total"], found["coupon"], [refund["amount"] for refund in found["refunds"]]) == (
        8000,
        "spring",
        [3000, 2000],
    )
    forget_events(pipeline, now())
    tell(said("order_cancelled", 12, userId="ann"), source=API_KEY_SOURCE)
    forget_events(pipeline, now())
    tell(said("order_updated", 15, userId="ann", total=80, coupon="summer"), source=API_KEY_SOURCE)
    found = order(pipeline)
    assert ([refund["amount"] for refund in found["refunds"]], found["status"]) == ([3000, 2000, 3000], "cancelled")


def since(source: random.Random, zone: str) -> int:
    """How many days a site keeps of which the first is some day of the life."""
    first = MIDNIGHTS[zone] + timedelta(minutes=source.choice([0, *FAR]))
    return max((day_of(now(), zone_named(zone)) - day_of(first, zone_named(zone))).days, 1)
