"""Remembered answers through the handlers: each is what would be answered now, whatever was told since."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.questions import cache as answers_cache
from footfall.schemas.event import Json
from footfall.schemas.message import API_KEY_SOURCE, SessionsMessage
from footfall.settings import read_environment
from footfall.stores import mongo, redis
from footfall.stores.collections import COLLECTIONS
from footfall.stores.redis import ask as ask_redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.cache.handler import handler as cache_handler
from functions.api.funnel.handler import handler as funnel_handler
from functions.api.metrics.handler import handler as metrics_handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl_events
from functions.jobs.retention.handler import handler as retention
from infra.local.processes import Child, ProcessSupervisor
from infra.local.stores import start_redis
from tests.faults.mongods import frozen
from tests.support.asking import ask, question, refusal, request
from tests.support.builders import NOON, LambdaContext, a_message, a_site, an_event, sqs_event
from tests.support.caches import forget_redis, forget_what_is_kept
from tests.support.visits import a_shop, know, roll_up

Mongo = Database[dict[str, Any]]
Asked = tuple[Any, str, dict[str, Any]]
JANUARY, MARCH = {"from": "2026-01-10", "to": "2026-01-20"}, {"from": "2026-02-20", "to": "2026-03-01"}
BOTH = {"from": "2026-01-01", "to": "2026-03-01"}
OWN_STEPS = {"steps": "home,search"}
TABLES = ("traffic-sources", "pages", "carts", "products", "searches", "refunds")
NOT_KEPT = ("/api/funnel/dropoff", "/api/retention", "/api/paths", "/api/journeys", "/api/analytics/stickiness")
QUESTIONS: list[Asked] = [
    (metrics_handler, "/api/metrics", {}),
    (metrics_handler, "/api/metrics/dashboard", {}),
    (metrics_handler, "/api/sentiment", {}),
    (metrics_handler, "/api/sentiment/trend", {"period": "week"}),
    (metrics_handler, "/api/sentiment/feedback", {}),
    (metrics_handler, "/api/analytics/web-vitals", {}),
    (metrics_handler, "/api/metrics/dashboard", {"breakdown": "source"}),
    (metrics_handler, "/api/metrics/dashboard", {"source": "!google"}),
    *((metrics_handler, f"/api/analytics/{table}", {}) for table in TABLES),
    *((funnel_handler, path, {}) for path in NOT_KEPT),
    (metrics_handler, "/api/dimensions/device", {}),
    (funnel_handler, "/api/funnel", {}),
    (funnel_handler, "/api/funnel", {"breakdown": "device"}),
    (funnel_handler, "/api/funnel", OWN_STEPS),
    (funnel_handler, "/api/funnel", {"breakdown": "visitor"}),
    (funnel_handler, "/api/funnel", {"unit": "session", "breakdown": "source"}),
    (funnel_handler, "/api/funnel", {"device": "!mobile", "order": "strict"}),
    (funnel_handler, "/api/funnel/trend", {"period": "week"}),
    (funnel_handler, "/api/funnel/trend", {"period": "month", **OWN_STEPS}),
    (funnel_handler, "/api/funnel/people", {"step": 1}),
    (funnel_handler, "/api/funnel/time-to-convert", {}),
    (funnel_handler, "/api/funnel/time-to-convert", {**OWN_STEPS, "unit": "session"}),
]
REMEMBERED = [
    (handler, path, query)
    for handler, path, query in QUESTIONS
    if path
    not in ("/api/metrics", "/api/sentiment/feedback", "/api/dimensions/device", "/api/funnel/people", *NOT_KEPT)
    and query.get("breakdown") != "visitor"
    and "source" not in query
]
QUESTIONS += [  # of earlier days as well
    (metrics_handler, "/api/metrics/dashboard", {"compare": "year"}),
    (metrics_handler, "/api/metrics/health-score", {}),
    (metrics_handler, "/api/analytics/revenue-trend", {"period": "month", "compare": "previous"}),
    (metrics_handler, "/api/analytics/conversion-trends", {"period": "week"}),
]
OF_FIGURES = [
    asked
    for asked in REMEMBERED
    if "dashboard" in asked[1] or ("funnel" in asked[1] and not asked[2].keys() & {"steps", "unit", "order"})
]
OF_EVENTS = [asked for asked in REMEMBERED if asked not in OF_FIGURES]


@pytest.fixture
def told(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A shop of which things are told through etl/events; what it says to the sessions topic goes nowhere."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")

    def nowhere(_topic: str, _message: SessionsMessage) -> None: ...

    monkeypatch.setattr(steps, "announce", nowhere)
    know(database, a_shop("home", "search", "payment"))
    forget_redis()
    yield database
    forget_redis()


def tell(*events: Json) -> None:
    """Have events processed to the end, all of one message."""
    assert etl_events(sqs_event([a_message(list(events), source=API_KEY_SOURCE)]), LambdaContext()) == {
        "batchItemFailures": []
    }


def at(days: float, **but: Any) -> Json:
    """A page viewed so many days after noon of 1 March 2026."""
    moment = NOON + timedelta(days=days)
    return an_event(**{"visitorId": "v", "pageType": "home", "timestamp": moment.isoformat(), **but})


def a_visit(days: float, visitor_id: str = "v") -> list[Json]:
    """Somebody's way to the search, what they measured, said and bought."""
    minute = 1 / 1440
    return [
        at(days, visitorId=visitor_id, path="/"),
        at(days + minute, visitorId=visitor_id, pageType="search", path="/search"),
        at(days + 2 * minute, visitorId=visitor_id, eventType="page_exit", path="/", vitals={"lcp": 900}),
        at(days + 3 * minute, visitorId=visitor_id, eventType="feedback", properties={"text": "Great, love it"}),
        at(
            days + 4 * minute,
            visitorId=visitor_id,
            eventType="order_completed",
            properties={"order_id": f"{visitor_id} {days}", "total": 5},
        ),
    ]


def answered(asked: Asked, days: dict[str, str]) -> dict[str, Any]:
    handler, path, query = asked
    return ask(handler, path, query if path == "/api/metrics" else {**days, **query})


def all_answered(days: dict[str, str]) -> list[dict[str, Any]]:
    return [answered(asked, days) for asked in QUESTIONS]


@contextmanager
def computing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Meanwhile every answer is computed."""

    def gone(_work: Callable[[Any], Any]) -> Any:
        raise Unavailable("the cache is not asked")

    with monkeypatch.context() as patched:
        patched.setattr(answers_cache, "ask", gone)
        yield


def found(asked: Asked, days: dict[str, str]) -> bool:
    """Whether the answer was remembered."""
    before = request(cache_handler, "GET", "/api/cache/stats")[1]
    answered(asked, days)
    after = request(cache_handler, "GET", "/api/cache/stats")[1]
    return bool(after["hits"] == before["hits"] + 1)


def which_are_found(days: dict[str, str]) -> list[bool]:
    return [found(asked, days) for asked in REMEMBERED]


ALL, NONE = [True] * len(REMEMBERED), [False] * len(REMEMBERED)


@pytest.fixture
def shop(told: Mongo) -> Mongo:
    """Visits in January and on 1 March, all computed, and every answer about them remembered."""
    tell(*a_visit(-45, "ann"), *a_visit(-44, "bob"), *a_visit(0, "cid"))
    roll_up()
    for days in (JANUARY, MARCH):
        assert which_are_found(days) == NONE
        assert which_are_found(days) == ALL
    return told


def test_an_event_of_march_drops_no_answer_about_january(shop: Mongo) -> None:
    tell(*a_visit(-1, "dan"))
    assert which_are_found(JANUARY) == ALL
    assert [found(asked, MARCH) for asked in OF_FIGURES] == [True] * len(OF_FIGURES)
    roll_up()
    assert (which_are_found(JANUARY), which_are_found(MARCH)) == (ALL, NONE)


def test_what_is_made_of_events_is_made_anew_before_the_next_rollup(shop: Mongo) -> None:
    tell(*a_visit(-1, "dan"))
    for asked in OF_EVENTS:
        assert not found(asked, MARCH)
    steps = answered((funnel_handler, "/api/funnel", OWN_STEPS), MARCH)["steps"]
    assert [step["users"] for step in steps] == [2, 2]


def test_a_late_event_of_january_drops_answers_about_january_alone(shop: Mongo) -> None:
    tell(at(-43, visitorId="dan"))
    roll_up()
    assert (which_are_found(JANUARY), which_are_found(MARCH)) == (NONE, ALL)


def test_a_visitor_of_january_who_turns_out_to_be_somebody_in_march_drops_both(shop: Mongo) -> None:
    assert answered((funnel_handler, "/api/funnel", OWN_STEPS), BOTH)["steps"][0]["users"] == 3
    tell(at(0.1, visitorId="ann", userId="cid", eventType="identify"))
    assert answered((funnel_handler, "/api/funnel", OWN_STEPS), BOTH)["steps"][0]["users"] == 2
    roll_up()
    assert (which_are_found(JANUARY), which_are_found(MARCH)) == (NONE, NONE)


@pytest.mark.parametrize(
    "changed",
    [
        {"time_zone": "Asia/Kolkata"},
        {"currency": "USD"},
        {"funnels": [{"name": "default", "steps": ["home", "payment"]}]},
        {"dimensions": [{"name": "theme", "property": "theme"}]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_setting_of_the_site_drops_every_answer(shop: Mongo, changed: dict[str, Any]) -> None:
    know(shop, a_site(**{"funnels": a_shop("home", "search", "payment").funnels, **changed}))
    assert which_are_found(JANUARY) == NONE


def test_what_is_removed_by_hand_is_in_no_remembered_answer(shop: Mongo) -> None:
    retention({"site_id": "demo", "retention_days": (now().date() - NOON.date()).days + 20}, LambdaContext(60_000))
    asked: Asked = (funnel_handler, "/api/funnel", OWN_STEPS)
    assert answered(asked, JANUARY)["steps"][0]["users"] == 0
    assert which_are_found(MARCH) == ALL


def test_days_that_a_site_no_longer_keeps_whole_are_not_remembered(shop: Mongo) -> None:
    know(shop, a_shop("home", "search", "payment", retention_days=30))
    for asked in OF_EVENTS:
        assert (found(asked, JANUARY), found(asked, JANUARY)) == (False, False)


@pytest.mark.parametrize(("expires_in", "remembered"), [(timedelta(hours=30), False), (timedelta(days=3), True)])
def test_days_whose_events_expire_soon_are_not_remembered(shop: Mongo, expires_in: timedelta, remembered: bool) -> None:
    shop["events"].update_many({}, {"$set": {"expires_at": now() + expires_in}})
    assert found(OF_EVENTS[0], JANUARY) == remembered


def test_versions_of_days_are_read_by_their_index_alone(shop: Mongo) -> None:
    query = {"site_id": "demo", "date": {"$gte": "2026-01-01", "$lte": "2026-03-01"}}
    plan = shop["day_versions"].find(query, {"_id": 0, "date": 1, "version": 1}).explain()["executionStats"]
    assert (plan["totalDocsExamined"], plan["nReturned"]) == (0, 46)


def test_while_the_database_does_not_answer_the_last_answer_is_given_and_says_so(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [answered(asked, JANUARY) for asked in REMEMBERED]
    tell(*a_visit(-44, "dan"))
    roll_up()
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50")
    read_environment.cache_clear()
    mongo.client.cache_clear()
    for asked, before in zip(REMEMBERED, known, strict=True):
        last = answered(asked, JANUARY)
        assert last.pop("answered_at") is not None
        assert before.pop("answered_at") is None
        assert last == before
    assert refusal(metrics_handler, "/api/metrics/dashboard", {**JANUARY, "to": "2026-01-19"})[0] == 503
    ask_redis(lambda client: client.flushdb())
    assert refusal(metrics_handler, "/api/metrics/dashboard", JANUARY)[0] == 503


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Child]]:
    """A Redis of our own, which can be stopped while others go on with theirs."""
    folder = tmp_path_factory.mktemp("redis")
    supervisor = ProcessSupervisor(folder / "logs")
    url = start_redis(supervisor, folder)
    yield url, supervisor.child("redis")
    supervisor.stop()


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    read_environment.cache_clear()
    forget_redis()


def test_answers_are_the_same_with_redis_cold_and_warm_and_gone_and_frozen(
    shop: Mongo, own_redis: tuple[str, Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, process = own_redis
    with computing(monkeypatch):
        computed = [as_it_comes(asked, BOTH) for asked in QUESTIONS]
    point_at(monkeypatch, url)
    cold = [as_it_comes(asked, BOTH) for asked in QUESTIONS]
    warm = [as_it_comes(asked, BOTH) for asked in QUESTIONS]
    with frozen(process):
        forget_redis()
        silent = [as_it_comes(asked, BOTH) for asked in QUESTIONS]
        # so often for 50 ms, and then it is not asked for half a minute
        assert redis.breaker.failures >= redis.breaker.limit
        began = time.monotonic()
        assert as_it_comes(QUESTIONS[1], BOTH) == silent[1]
        assert time.monotonic() - began < 5
    point_at(monkeypatch, "redis://127.0.0.1:1/0")
    gone = [as_it_comes(asked, BOTH) for asked in QUESTIONS]
    assert cold == warm == silent == gone == computed
    assert {status for status, _ in computed} == {200}


SPANS = [JANUARY, MARCH, BOTH]
EXAMPLES = int(os.environ.get("EXAMPLES", "6"))


def a_thing(source: random.Random) -> list[Json]:
    """Something that a shop tells in one message, of few people and days, so that it has to do with what was told."""
    days, who = source.choice([-45, -44.5, -40, -3, 0]), source.choice(["ann", "bob", "v"])
    known = source.choice([None, None, "ann", "bob"])
    kind = source.choice(["visit", "identify", "refund", "view"])
    if kind == "visit":
        return a_visit(days, who)
    if kind == "identify":
        return [at(days, visitorId=who, userId=known or "ann", eventType="identify")]
    if kind == "refund":
        refunded = {"order_id": f"{who} {days}", "total": 2, "refund_id": "r"}
        return [at(days + 1, visitorId=who, eventType="order_refunded", properties=refunded)]
    return [at(days, visitorId=who, userId=known, pageType=source.choice(["home", "search"]), device="desktop")]


def something_happens(shop: Mongo, source: random.Random) -> None:
    """Something is told, days are computed, a funnel is changed, or January is removed."""
    kind = source.choice(["tell", "tell", "tell", "roll up", "roll up", "funnel", "remove"])
    if kind == "tell":
        tell(*a_thing(source))
    elif kind == "roll up":
        roll_up()
    elif kind == "funnel":
        know(shop, a_shop(*source.choice([["home", "search", "payment"], ["home", "search"]])))
    else:
        days = (now().date() - NOON.date()).days + source.choice([20, 42])
        retention({"site_id": "demo", "retention_days": days}, LambdaContext(60_000))


def as_it_comes(asked: Asked, days: dict[str, str]) -> tuple[int, str]:
    """Returns the status and the body of an answer, whatever it is."""
    handler, path, query = asked
    given = handler(question(path, query if path == "/api/metrics" else {**days, **query}), LambdaContext())
    return given["statusCode"], given["body"]


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_remembered_answer_is_the_one_that_would_be_computed_now(
    told: Mongo, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    source = random.Random(seed)
    ask_redis(lambda client: client.flushdb())
    for name in COLLECTIONS:
        told[name].delete_many({})
    forget_what_is_kept()
    know(told, a_shop("home", "search", "payment"))
    for _ in range(source.randint(4, 8)):
        something_happens(told, source)
        days = source.choice(SPANS)
        remembered = [as_it_comes(asked, days) for asked in QUESTIONS]
        with computing(monkeypatch):
            assert remembered == [as_it_comes(asked, days) for asked in QUESTIONS]
