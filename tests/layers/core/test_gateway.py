"""What a gateway hands on is read where it is a whole request, and refused by name where it is not."""

from typing import Any

import pytest
from footfall.errors import BadRequest
from footfall.http.gateway import readable

from tests.support.asking import question

HTTP = {"method": "GET", "path": "/", "sourceIp": "203.0.113.7"}
BODY = {"body": "e30=", "isBase64Encoded": True}


def changed(**parts: Any) -> dict[str, Any]:
    """A whole request but for these parts."""
    return {**question("/api/funnel"), **parts}


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (None, "event"),
        ([], "event"),
        ({}, "version"),
        (changed(version="1.0"), "version"),
        (changed(headers=None), "headers"),
        (changed(headers={"host": 7}), "headers.host"),
        (changed(headers={"cookie": None}), "headers.cookie"),
        (changed(requestContext=None), "requestContext"),
        (changed(requestContext={}), "requestContext.http"),
        (changed(requestContext={"http": {"method": "GET", "path": "/"}}), "requestContext.http.sourceIp"),
        (changed(requestContext={"http": {**HTTP, "path": None}}), "requestContext.http.path"),
        (changed(requestContext={"http": {**HTTP, "path": "/\ud800"}}), "path"),
        (changed(requestContext={"http": HTTP, "authorizer": "x"}), "authorizer"),
        (changed(requestContext={"http": HTTP, "authorizer": {"lambda": 1}}), "lambda"),
        (changed(rawQueryString=None), "rawQueryString"),
        (changed(cookies=[None]), "cookies.0"),
        (changed(body=7), "body"),
        (changed(isBase64Encoded="true"), "isBase64Encoded"),
        (changed(**{**BODY, "body": "e3"}), "base64"),
        (changed(**{**BODY, "body": "é"}), "base64"),
    ],
)
def test_what_is_no_whole_request_is_refused_by_name(event: Any, named: str) -> None:
    with pytest.raises(BadRequest) as refused:
        readable(event)
    assert named in refused.value.detail


@pytest.mark.parametrize("headers", [{"Host": "[::1]:8000"}, {"host": "a:b:c"}, {"X-Forwarded-Port": "many"}])
def test_a_host_that_nobody_needs_is_left_out_where_it_is_odd(headers: dict[str, str]) -> None:
    assert readable(changed(headers={**headers, "Accept": "*/*"}))["headers"] == {"accept": "*/*"}


def test_a_path_is_unquoted_once() -> None:
    assert readable(question("/api/customers/50%25"))["requestContext"]["http"]["path"] == "/api/customers/50%2525"
