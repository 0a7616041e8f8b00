"""The gateway answers over HTTP as API Gateway does: routes, authorizers, limits, failures."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.local.gateway import Gateway
from infra.local.http_server import HttpServer, bound_socket
from infra.local.plan import ApiPlan, Authorizer, Cors, Route
from infra.local.workers import Invocation

MEGABYTE = 1024 * 1024


class FakeFunction:
    """Answers with what a test gave it, and keeps the events that it got."""

    def __init__(self, answer: Any = None, *, failed: bool = False, seconds: float = 0) -> None:
        self.answer = json.dumps(answer).encode()
        self.failed = failed
        self.seconds = seconds
        self.events: list[Any] = []

    def invoke(self, payload: bytes) -> Invocation:
        self.events.append(json.loads(payload))
        time.sleep(self.seconds)
        return Invocation(self.answer, self.failed)


FUNCTIONS = {
    "Hello": FakeFunction({"statusCode": 200, "body": "hello"}),
    "Broken": FakeFunction({"errorType": "ValueError"}, failed=True),
    "Slow": FakeFunction({"statusCode": 200}, seconds=1),
    "Allow": FakeFunction({"isAuthorized": True, "context": {"site_id": "demo"}}),
    "Deny": FakeFunction({"isAuthorized": False}),
    "Undecided": FakeFunction("no decision"),
}
API = ApiPlan(
    "api-id",
    (
        Route("ANY /hello", "Hello", None),
        Route("GET /guarded", "Hello", "Allow"),
        Route("GET /denied", "Hello", "Deny"),
        Route("GET /undecided", "Hello", "Undecided"),
        Route("GET /broken", "Broken", None),
        Route("GET /slow", "Slow", None, timeout=0.2),
    ),
    {name: Authorizer(name, name, ("x-api-key",), ()) for name in ("Allow", "Deny", "Undecided")},
    Cors(("https://shop.example",), ("GET",), (), (), None, False),
)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    listener = bound_socket("127.0.0.1", 0)
    with ThreadPoolExecutor(8) as executor:
        server = HttpServer(Gateway(API, FUNCTIONS, executor), listener)
        server.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            yield client
        server.stop()


@pytest.fixture(autouse=True)
def no_events_yet() -> None:
    for function in FUNCTIONS.values():
        function.events.clear()


def test_a_route_leads_to_its_function(http: httpx.Client) -> None:
    answer = http.post("/hello?a=1", content="{}", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.text) == (200, "hello")
    (event,) = FUNCTIONS["Hello"].events
    assert event["routeKey"] == "ANY /hello"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert (event["rawQueryString"], event["body"]) == ("a=1", "{}")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("POST", "/broken")])
def test_no_route_is_404(http: httpx.Client, method: str, path: str) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


def test_a_function_that_fails_is_500(http: httpx.Client) -> None:
    answer = http.get("/broken")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


def test_a_function_that_takes_longer_than_the_gateway_waits_is_503(http: httpx.Client) -> None:
    answer = http.get("/slow")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    assert answer.elapsed.total_seconds() < 0.9


def test_the_authorizers_context_reaches_the_function(http: httpx.Client) -> None:
    assert http.get("/guarded", headers={"x-api-key": "k"}).status_code == 200
    (question,), (event,) = FUNCTIONS["Allow"].events, FUNCTIONS["Hello"].events
    assert question["identitySource"] == ["k"]
    assert event["requestContext"]["authorizer"] == {"lambda": {"site_id": "demo"}}


def test_a_request_without_its_identity_source_is_401_and_the_authorizer_is_not_called(http: httpx.Client) -> None:
    answer = http.get("/guarded")
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert not FUNCTIONS["Allow"].events


def test_a_caller_that_the_authorizer_refuses_is_403_and_the_function_is_not_run(http: httpx.Client) -> None:
    answer = http.get("/denied", headers={"x-api-key": "k"})
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert not FUNCTIONS["Hello"].events


def test_an_authorizer_that_does_not_decide_is_500(http: httpx.Client) -> None:
    assert http.get("/undecided", headers={"x-api-key": "k"}).status_code == 500


def test_a_body_of_more_than_10_mb_is_413(http: httpx.Client) -> None:
    answer = http.post("/hello", content=b"x" * (10 * MEGABYTE + 1), headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


def test_a_body_that_lambda_does_not_take_is_413(http: httpx.Client) -> None:
    assert http.post("/hello", content=b"x" * (5 * MEGABYTE)).status_code == 413  # base64 makes it larger
    assert http.post("/hello", content=b"x" * (5 * MEGABYTE), headers={"content-type": "text/plain"}).status_code == 200


def test_headers_of_more_than_10240_bytes_are_431(http: httpx.Client) -> None:
    assert http.get("/hello", headers={"x-long": "x" * 10_300}).status_code == 431
    assert http.get("/hello", headers={"x-long": "x" * 9_000}).status_code == 200


def test_errors_of_the_gateway_have_cors_headers_too(http: httpx.Client) -> None:
    answer = http.get("/nowhere", headers={"origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_preflight_request_needs_no_key(http: httpx.Client) -> None:
    headers = {"origin": "https://shop.example", "access-control-request-method": "GET"}
    assert http.options("/guarded", headers=headers).status_code == 204
    assert not FUNCTIONS["Allow"].events


def test_cookies_become_headers_of_their_own(http: httpx.Client) -> None:
    FUNCTIONS["Hello"].answer = b'{"statusCode": 200, "cookies": ["a=1", "b=2"]}'
    assert http.get("/hello").headers.get_list("set-cookie") == ["a=1", "b=2"]
