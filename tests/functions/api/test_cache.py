"""The cache's routes through the handler of api/cache, on a real Redis and without one."""

import json
import socket
from typing import Any
from urllib.parse import parse_qsl

import pytest
from footfall.aws import functions
from footfall.settings import read_environment
from footfall.stores import redis as cache
from footfall.stores.keys import active_user_key, similar_users_key
from footfall.stores.redis import ask
from pymongo.database import Database

from functions.api.cache.handler import handler
from functions.api.funnel.handler import handler as funnel
from functions.api.metrics.handler import handler as metrics
from functions.jobs.warm.handler import handler as warm
from tests.support.asking import ask as question_of
from tests.support.asking import question, request
from tests.support.builders import LambdaContext
from tests.support.visits import happen, roll_up, view

pytestmark = pytest.mark.redis_modes

Mongo = Database[dict[str, Any]]


@pytest.fixture
def emptied(shop: Mongo) -> Mongo:
    """A shop with nothing in its Redis."""
    ask(lambda redis: redis.flushdb())
    return shop


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Which functions were started with what, in place of Lambda."""
    calls: list[tuple[str, dict[str, Any]]] = []

    class Lambda:
        def invoke(self, **asked: Any) -> None:
            assert asked["InvocationType"] == "Event"
            calls.append((asked["FunctionName"], json.loads(asked["Payload"])))

    monkeypatch.setenv("WARM_FUNCTION_NAME", "warm")
    monkeypatch.setattr(functions, "_lambda", lambda _: Lambda())
    read_environment.cache_clear()
    return calls


def entries() -> dict[str, int]:
    status, stats = request(handler, "GET", "/api/cache/stats")
    assert status == 200, stats
    return {kind["kind"]: kind["entries"] for kind in stats["kinds"]}


def test_an_answer_that_is_asked_for_twice_is_found_once(emptied: Mongo) -> None:
    for _ in range(2):
        question_of(metrics, "/api/metrics/dashboard")
    status, stats = request(handler, "GET", "/api/cache/stats")
    assert status == 200
    assert (stats["hits"], stats["misses"], stats["hit_rate"], stats["entries"], stats["days"]) == (1, 1, 50.0, 1, 7)
    assert stats["bytes"] > 100


def test_emptying_the_cache_leaves_another_site_and_live_activity_alone(emptied: Mongo) -> None:
    question_of(metrics, "/api/metrics/dashboard")
    ask(lambda redis: redis.set("metrics:dashboard:{other}:x", "theirs"))
    ask(lambda redis: redis.set(active_user_key("demo", "ann").text, "live"))
    assert request(handler, "DELETE", "/api/cache") == (200, {"removed": 1})
    assert request(handler, "DELETE", "/api/cache") == (200, {"removed": 0})
    assert ask(lambda redis: redis.get("metrics:dashboard:{other}:x")) == "theirs"
    assert ask(lambda redis: redis.get(active_user_key("demo", "ann").text)) == "live"


def test_a_visitor_who_turned_out_to_be_somebody_is_forgotten_as_both(emptied: Mongo) -> None:
    emptied["users"].insert_one({"_id": "demo:v-1", "site_id": "demo", "number": 77, "link": {"person_id": "ann"}})
    for person_id in ("v-1", "ann", "bob"):
        key = similar_users_key("demo", person_id, "question").text
        ask(lambda redis, key=key: redis.set(key, "{}"))  # type: ignore[misc]
    assert request(handler, "DELETE", "/api/cache/users/v-1") == (200, {"removed": 2})
    assert entries()["similar_users"] == 1


def test_what_is_trending_is_forgotten_alone(emptied: Mongo) -> None:
    ask(lambda redis: redis.mset({"query:trending:{demo}:x": "{}", "metrics:funnel:{demo}:x": "{}"}))
    assert request(handler, "DELETE", "/api/cache/trending") == (200, {"removed": 1})
    assert entries() == {
        "dashboard": 0,
        "analytics": 0,
        "funnel": 1,
        "sentiment": 0,
        "web_vitals": 0,
        "similar_users": 0,
        "trending": 0,
    }


def test_a_refresh_forgets_and_has_the_usual_questions_asked_again(
    emptied: Mongo, started: list[tuple[str, dict[str, Any]]]
) -> None:
    ask(lambda redis: redis.set("metrics:funnel:{demo}:x", "{}"))
    assert request(handler, "POST", "/api/cache/refresh") == (
        202,
        {
            "removed": 1,
            "status": "started",
            "warming": ["/api/metrics/dashboard", "/api/funnel", "/api/funnel?breakdown=device", "/api/funnel/trend"],
        },
    )
    assert started == [("warm", {"site_id": "demo"})]


def test_what_a_refresh_promises_is_remembered_once_the_job_has_run(
    emptied: Mongo, started: list[tuple[str, dict[str, Any]]]
) -> None:
    happen(emptied, view("home"), view("search", minutes=1))
    roll_up()
    promised = request(handler, "POST", "/api/cache/refresh")[1]["warming"]
    warm(started[0][1], LambdaContext(60_000))
    assert entries() == {
        "dashboard": 1,
        "analytics": 0,
        "funnel": 3,
        "sentiment": 0,
        "web_vitals": 0,
        "similar_users": 0,
        "trending": 0,
    }
    misses = request(handler, "GET", "/api/cache/stats")[1]["misses"]

    for asked in promised:
        path, _, query = asked.partition("?")
        question_of(metrics if path.startswith("/api/metrics") else funnel, path, dict(parse_qsl(query)))

    stats = request(handler, "GET", "/api/cache/stats")[1]
    assert (stats["hits"], stats["misses"]) == (4, misses)


def test_a_refresh_can_do_without_warming(emptied: Mongo, started: list[tuple[str, dict[str, Any]]]) -> None:
    assert request(handler, "POST", "/api/cache/refresh", {"warm": "false"})[1]["warming"] == []
    assert started == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/cache"), ("DELETE", "/api/cache/users/ann"), ("POST", "/api/cache/refresh")],
)
def test_only_an_administrator_empties_the_cache(emptied: Mongo, method: str, path: str) -> None:
    status, problem = request(handler, method, path, scopes="read")
    assert (status, problem["detail"]) == (403, "this key has not the scope admin")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/cache/stats"),
        ("DELETE", "/api/cache"),
        ("DELETE", "/api/cache/users/ann"),
        ("DELETE", "/api/cache/trending"),
        ("POST", "/api/cache/refresh"),
    ],
)
def test_without_redis_every_route_says_so(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    read_environment.cache_clear()
    cache.client.cache_clear()
    status, problem = request(handler, method, path)
    assert (status, problem["detail"]) == (503, "the cache does not answer")


def test_what_is_said_in_a_body_is_refused_and_not_passed_over() -> None:
    request = question("/api/cache/refresh", scopes="admin", method="POST") | {"body": '{"warm": false}'}
    answer = handler(request, LambdaContext())
    assert (answer["statusCode"], json.loads(answer["body"])["errors"][0]["field"]) == (422, "body")
