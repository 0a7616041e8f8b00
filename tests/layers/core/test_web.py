"""Every application's way into Lambda: what is no request is answered, not raised."""

import json
from typing import Any

import pytest
from footfall.http.app import as_lambda, create_app

from tests.support.asking import question
from tests.support.builders import LambdaContext

app = create_app("echo")
handler = as_lambda(app)


@app.get("/echo/{text}")
def echo(text: str) -> dict[str, str]:
    """Say the same again."""
    return {"text": text}


def asked(event: Any) -> tuple[int, dict[str, Any]]:
    answer = handler(event, LambdaContext())
    if answer["statusCode"] >= 400:
        assert answer["headers"]["content-type"] == "application/problem+json"
    return answer["statusCode"], json.loads(answer["body"])


def test_a_path_parameter_is_what_the_caller_wrote() -> None:
    assert asked(question("/echo/50%41")) == (200, {"text": "50%41"})


@pytest.mark.parametrize("host", ["[::1]:8000", "a:b:c", "host:port"])
def test_an_odd_host_is_answered_all_the_same(host: str) -> None:
    assert asked({**question("/echo/a"), "headers": {"host": host}}) == (200, {"text": "a"})


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {**question("/echo/a"), "headers": None},
        {**question("/echo/a"), "headers": {"user-agent": "\ud800"}},
        {**question("/echo/a"), "rawQueryString": "\ud800"},
        {**question("/echo/a"), "body": "\ud800"},
        {**question("/echo/a"), "body": "!", "isBase64Encoded": True},
        {**question("/echo/a"), "rawPath": 7, "requestContext": {}},
    ],
)
def test_what_is_no_request_is_a_problem_of_its_sender(broken: Any) -> None:
    status, problem = asked(broken)
    assert (status, problem["status"], problem["title"]) == (400, 400, "Bad request")
    assert problem["instance"].startswith("/")


def test_a_slash_too_many_is_not_found_as_at_the_gateway() -> None:
    assert asked(question("/echo/a/"))[0] == 404


@app.get("/long")
def long(characters: int) -> str:
    """Say much."""
    return "é" * characters


@pytest.mark.parametrize(("characters", "status"), [(900_000, 200), (1_100_000, 422)])
def test_an_answer_that_lambda_would_not_hand_on_says_to_ask_for_less(characters: int, status: int) -> None:
    answer = handler(question("/long", {"characters": characters}), LambdaContext())
    assert answer["statusCode"] == status
    if status == 422:
        problem = json.loads(answer["body"])
        assert (problem["instance"], problem["errors"][0]["field"]) == ("/long", "query")
        assert answer["headers"]["content-type"] == "application/problem+json"


def test_what_a_route_does_not_take_is_refused_by_name() -> None:
    status, problem = asked(question("/echo/a", {"text": "b", "loud": "1"}, body={"more": 1}))
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["text", "loud", "body"])
    assert asked(question("/echo/a", body={}))[0] == 200
