"""Asking an HTTP function as the gateway passes on a caller's question."""

import json
from typing import Any
from urllib.parse import urlencode

from footfall.http.app import LambdaHandler

from tests.support.builders import LambdaContext


def question(
    path: str,
    query: dict[str, Any] | None = None,
    site_id: str = "demo",
    scopes: str = "read",
    method: str = "GET",
    body: Any = None,
) -> dict[str, Any]:
    """Returns a request from a caller whose key is of that site; a body is sent as JSON."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}, doseq=True),
        "headers": {"host": "shop.example", **({"content-type": "application/json"} if body is not None else {})},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"},
            "authorizer": {"lambda": {"site_id": site_id, "scopes": scopes, "key_id": "k"}},
            "stage": "$default",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def ask(handler: LambdaHandler, path: str, query: dict[str, Any] | None = None, **caller: str) -> dict[str, Any]:
    """Returns the body of a 200; a query's values may be lists."""
    answer = handler(question(path, query, **caller), LambdaContext())
    assert answer["statusCode"] == 200, answer["body"]
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def refusal(
    handler: LambdaHandler, path: str, query: dict[str, Any] | None = None, **caller: str
) -> tuple[int, list[str]]:
    """Returns the status of an answer that is a problem, and the fields it names."""
    answer = handler(question(path, query, **caller), LambdaContext())
    assert answer["headers"]["content-type"] == "application/problem+json", answer
    return answer["statusCode"], [error["field"] for error in json.loads(answer["body"]).get("errors", [])]


def request(
    handler: LambdaHandler,
    method: str,
    path: str,
    query: dict[str, Any] | None = None,
    body: Any = None,
    **caller: str,
) -> tuple[int, dict[str, Any]]:
    """Returns the status and body of the answer to somebody who, by default, may do anything to their site."""
    asked = question(path, query, **{"scopes": "read admin", **caller}, method=method, body=body)
    answer = handler(asked, LambdaContext())
    return answer["statusCode"], json.loads(answer["body"])


def reached(answer: dict[str, Any]) -> list[int]:
    """Returns how many people (or sessions) reached each step of an answer."""
    return [step["users"] for step in answer["steps"]]
