"""api/docs through its Lambda handler: public, with nothing behind it."""

import json
from typing import Any

from functions.api.docs.handler import handler
from tests.support.builders import LambdaContext


def test_docs_and_document_are_public_and_need_nothing() -> None:
    page = handler(a_request("/docs"), LambdaContext())
    assert page["statusCode"] == 200
    assert page["headers"]["content-type"].startswith("text/html")
    assert "default-src 'none'" in page["headers"]["content-security-policy"]
    assert "http" not in page["body"].replace("http://www.w3.org", "")

    document = handler(a_request("/openapi.json"), LambdaContext())
    assert document["headers"]["content-type"] == "application/json"
    assert json.loads(document["body"])["openapi"].startswith("3.1")


def a_request(path: str) -> dict[str, Any]:
    http = {"method": "GET", "path": path, "sourceIp": "203.0.113.77", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "x"},
        "requestContext": {"http": http, "stage": "$default"},
        "body": None,
        "isBase64Encoded": False,
    }
