"""What etl/events makes of something that is told of archived days, whose events MongoDB no longer has."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.clock import now
from footfall.questions import event_counts
from footfall.schemas.message import API_KEY_SOURCE, COLLECT_SOURCE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.etl.events import steps
from functions.etl.events.handler import handler
from functions.jobs.retention import archive as archiving
from functions.jobs.retention import restoring
from functions.jobs.retention.handler import handler as retention_handler
from tests.functions.jobs.test_archive import DAYS, archived, asked, retain, stored
from tests.functions.jobs.test_stale_days import EXAMPLES, deliver, life_of, open_shop, shuffled
from tests.support.builders import LambdaContext, a_message, an_event, at, sqs_event
from tests.support.figures import computed
from tests.support.figures import stored as stored_figures
from tests.support.telling import DAY, figures, said, tell
from tests.support.visits import Mongo, a_shop, know, roll_up


@pytest.fixture
def pipeline(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A shop whose events etl/events processes, and of which old days are archived at once."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda *_: None)
    monkeypatch.setattr(archiving, "RESTS", timedelta(0))
    know(database, a_shop("home", "search", hot_days=35))
    yield database
    sites._known.clear()


def visited(*minutes: float, visitor: str = "v", **but: Any) -> None:
    tell(*(an_event(visitorId=visitor, timestamp=at(minute), **but) for minute in minutes))


def sessions(database: Mongo) -> list[tuple[str, int]]:
    found = database["user_sessions"].find().sort("_id", 1)
    return [(session["visitor_id"], session["events"]) for session in found]


def derived(database: Mongo) -> list[list[Any]]:
    """Returns sessions and orders, without when they were computed."""
    kept = (database[name].find({}, {"computed_at": 0}).sort("_id", 1) for name in ("user_sessions", "orders"))
    return [list(documents) for documents in kept]


@pytest.mark.parametrize("client_id", [None, "s1"])
def test_a_session_of_an_archived_day_is_folded_from_the_archive_when_something_of_it_comes_late(
    pipeline: Mongo, client_id: str | None
) -> None:
    named = {"sessionId": client_id} if client_id else {}
    visited(0, 10, 20, **named)
    roll_up()
    retain()
    assert (stored(pipeline), sessions(pipeline)) == ([], [("v", 3)])
    visited(-20, 5, 15, 18, **named)
    assert sessions(pipeline) == [("v", 7)]
    visited(600 if client_id is None else 2 * DAY, **named)
    visited(300, visitor="other")
    assert sorted(sessions(pipeline)) == [("other", 1), ("v", 1), ("v", 7)], "other visits are visits"
    roll_up()
    retain()
    assert (stored(pipeline), event_counts.answer("demo").total_events) == ([], 9)
    visited(305, visitor="other")
    visited(48, **named)
    assert sorted(sessions(pipeline)) == [("other", 2), ("v", 1), ("v", 8)]


def test_two_sessions_of_archived_days_become_one_by_what_comes_late_between_them(pipeline: Mongo) -> None:
    visited(0, 10, 60, 700, 710)
    roll_up()
    retain()
    assert sessions(pipeline) == [("v", 2), ("v", 1), ("v", 2)]
    visited(35)
    assert sessions(pipeline) == [("v", 4), ("v", 2)]
    (first, _) = pipeline["user_sessions"].find().sort("started_at", 1)
    assert (first["duration"], first["page_views"]) == (3600, 4)


def test_a_session_whose_archive_is_damaged_stays_as_it_was(pipeline: Mongo) -> None:
    visited(0, 10)
    roll_up()
    retain()
    pipeline["archived_days"].update_many({}, {"$set": {"key": "lake/archive/site=demo/gone.parquet"}})
    visited(5)
    visited(5, visitor="other")
    assert sessions(pipeline) == [("other", 1), ("v", 2)]
    assert len(stored(pipeline)) == 2, "what came late waits in MongoDB"


def test_what_is_of_no_session_or_of_one_that_goes_on_stays_in_mongodb(pipeline: Mongo) -> None:
    visited(0, eventType="click")
    visited(0, 10, visitor="gone")
    moments = [now() - timedelta(days=days) for days in (37, 36.5, 36, 35.5, 35, 34.5, 34)]
    goes_on = [an_event(visitorId="stays", sessionId="for-ever", timestamp=str(moment)) for moment in moments]
    tell(*goes_on, received_at=now(), source=API_KEY_SOURCE)
    roll_up()
    retain()
    assert {event["visitor_id"] for event in stored(pipeline)} == {"v", "stays"}
    retain()
    assert len(stored(pipeline)) == 1 + len(goes_on)


def test_a_purchase_told_late_of_a_session_of_an_archived_day_came_of_it(pipeline: Mongo) -> None:
    visited(0, 10)
    roll_up()
    retain()
    tell(said(minute=5, visitorId="v", total=80))
    (session,) = pipeline["user_sessions"].find()
    assert (session["events"], session["converted"], session["conversion_value"]) == (3, True, 8000)
    roll_up()
    assert stored_figures(pipeline) == computed(pipeline)


def test_orders_and_traits_of_archived_days_take_what_is_told_of_them_later(pipeline: Mongo) -> None:
    visited(0)
    tell(said(total=80, userId="ann"), an_event(eventType="identify", userId="ann", traits={"sex": "f", "a": 1}))
    roll_up()
    retain()
    assert sorted(event["type"] for event in stored(pipeline)) == ["identify", "order_completed"]
    assert len(archived(pipeline)) == 3
    tell(said("order_refunded", 5, total=30, userId="ann"))
    tell(an_event(eventType="identify", userId="ann", traits={"b": 2}, timestamp=at(9)))
    roll_up()
    (order,) = pipeline["orders"].find()
    ann = pipeline["users"].find_one({"person_id": "ann"}) or {}
    assert (order["total"], order["refunded"], ann["traits"]) == (8000, 3000, {"sex": "f", "a": 1, "b": 2})
    assert (figures(0, 0).orders, figures(0, 0).revenue, figures(0, 0).refunds) == (1, 80.0, 30.0)
    assert asked()[1:] == (5, [], [])


def test_a_visitor_of_an_archived_day_who_turns_out_to_be_somebody_is_counted_once(pipeline: Mongo) -> None:
    visited(0, visitor="phone")
    visited(1, visitor="laptop")
    roll_up()
    retain()
    assert figures(0, 0).total_users == 2
    for visitor in ("phone", "laptop"):
        tell(an_event(eventType="identify", visitorId=visitor, userId="ann", timestamp=at(40 * DAY)))
    assert next(day["date"] for day in pipeline["stale_days"].find().sort("date", 1)) == DAYS[2]
    roll_up()
    assert figures(0, 0).total_users == 1


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_days_are_what_their_events_say_whatever_was_archived_before_more_was_told_of_people_and_orders(
    pipeline: Mongo, seed: int
) -> None:
    source = random.Random(seed)
    life = life_of(source)
    open_shop(pipeline, life)
    know(pipeline, a_shop("home", "search", time_zone=life.zone, hot_days=35))
    # the public key is not believed as far back as the archive begins
    by_key = {"source": API_KEY_SOURCE}
    told = [one.model_copy(update=by_key) if one.source == COLLECT_SOURCE else one for one in life.messages]
    early = told[: source.randint(0, len(told))]
    late = [message for message in told if message not in early]
    for batch in shuffled(early, source) if early else ():
        deliver(batch)
    roll_up()
    retain()
    for batch in shuffled(late, source) if late else ():
        deliver(batch)
        if source.random() < 0.5:
            roll_up()
            assert stored_figures(pipeline) == computed(pipeline)
        if source.random() < 0.5:
            retain()
    roll_up()
    archived_before, sessions_before = stored_figures(pipeline), derived(pipeline)
    assert archived_before == computed(pipeline)

    open_shop(pipeline, life)
    deliver(sorted(told, key=lambda one: str(one.events[0]["timestamp"])))
    assert archived_before == computed(pipeline)
    assert sessions_before == derived(pipeline)


def test_archived_days_that_are_stored_again_change_no_session_order_or_figure(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    visited(0, 10, 700, 710)
    visited(5, visitor="other", eventType="identify", userId="ann")
    roll_up()
    retain()
    whole, there = derived(pipeline), archived(pipeline)
    know(pipeline, a_shop("home", "search", hot_days=None))
    monkeypatch.setenv("EVENTS_QUEUE_URL", "queue")
    monkeypatch.setattr(restoring, "EVENTS_PER_MESSAGE", 2)
    monkeypatch.setattr(restoring, "send", lambda url, site_id, texts: take(*texts))
    before = stored_figures(pipeline)
    for missing in (len(there) - len(stored(pipeline)), 0):
        assert restore()["missing"] == missing
    assert stored(pipeline) == there
    assert (derived(pipeline), stored_figures(pipeline)) == (whole, before)
    assert pipeline["stale_days"].count_documents({}) == 0
    visited(20)
    assert ("v", 3) in sessions(pipeline), "what comes late finds the others"


def take(*texts: str) -> None:
    (record,) = sqs_event([a_message([an_event()])])["Records"]
    for text in texts:
        assert handler({"Records": [{**record, "body": text}]}, LambdaContext()) == {"batchItemFailures": []}


def restore() -> dict[str, Any]:
    whole = {"first": "2026-01-01", "last": "2026-12-31"}
    return retention_handler({"site_id": "demo", "restore": whole}, LambdaContext(60_000))
