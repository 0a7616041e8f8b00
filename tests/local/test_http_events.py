"""HTTP requests become the events that API Gateway sends, and answers the responses that it gives."""

import json
from dataclasses import replace

import pytest

from infra.local.http_events import (
    FAILED,
    Request,
    authorizer_event,
    identity_sources,
    matching_route,
    preflight_response,
    proxy_event,
    response_of,
    with_cors,
)
from infra.local.plan import Authorizer, Cors, Route
from tests.local.examples import recorded, shape_of

ANY_ROUTE = Route("GET /request", "Any", None)
CORS = Cors(("https://shop.example",), ("GET", "POST"), ("content-type", "x-api-key"), ("retry-after",), 300, False)


def a_request(method: str = "GET", path: str = "/", query: str = "", body: bytes = b"", **headers: str) -> Request:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method, path, query, pairs, body, source_ip="192.0.2.1")


def route_for(method: str, path: str, *keys: str) -> str | None:
    found = matching_route([Route(key, "Any", None) for key in keys], method, path)
    return found[0].key if found else None


def event_for(request: Request) -> dict[str, object]:
    return dict(proxy_event(request, "api-id", ANY_ROUTE, {}))


class TestTheEvent:
    def test_is_the_documented_one(self) -> None:
        request = Request(
            "POST",
            "/my/path",
            "parameter1=value1&parameter1=value2&parameter2=value",
            (
                ("host", "id.execute-api.us-east-1.amazonaws.com"),
                ("cookie", "cookie1; cookie2"),
                ("header1", "value1"),
                ("header2", "value1"),
                ("header2", "value2"),
                ("content-type", "text/plain"),
                ("user-agent", "agent"),
            ),
            b"Hello from Lambda",
            source_ip="192.0.2.1",
        )
        route = Route("POST /my/{proxy+}", "Any", "Keys")
        expected = recorded("http_api_v2")
        event = proxy_event(request, "api-id", route, {"proxy": "path"}, {"key": "value"})
        assert shape_of(event) == shape_of(expected)
        for name in ("requestId", "time", "timeEpoch"):
            expected["requestContext"][name] = event["requestContext"][name]
        assert event == expected

    def test_has_the_path_decoded_and_the_query_as_it_came(self) -> None:
        event = event_for(a_request(path="/caf%C3%A9/a%20b", query="q=a%20b&empty="))
        assert event["rawPath"] == "/café/a b"
        assert event["rawQueryString"] == "q=a%20b&empty="
        assert event["queryStringParameters"] == {"q": "a b", "empty": ""}

    def test_leaves_out_what_the_request_has_not(self) -> None:
        event = event_for(a_request())
        assert not event.keys() & {"cookies", "queryStringParameters", "pathParameters", "body"}
        assert event["rawQueryString"] == ""
        assert event["isBase64Encoded"] is False

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain;charset=UTF-8",
            "application/json",
            "application/problem+json",
            "application/xml",
        ],
    )
    def test_has_a_text_body_as_it_is(self, content_type: str) -> None:
        event = event_for(a_request("POST", body="é".encode(), content_type=content_type))
        assert (event["body"], event["isBase64Encoded"]) == ("é", False)

    @pytest.mark.parametrize("content_type", ["application/octet-stream", "application/x-www-form-urlencoded", ""])
    def test_has_any_other_body_in_base64(self, content_type: str) -> None:
        event = event_for(a_request("POST", body=b"a=1", content_type=content_type))
        assert (event["body"], event["isBase64Encoded"]) == ("YT0x", True)

    def test_has_a_compressed_body_in_base64_whatever_its_type(self) -> None:
        request = a_request("POST", body=b"\x1f\x8b", content_type="application/json", content_encoding="gzip")
        assert event_for(request)["isBase64Encoded"] is True

    def test_has_a_body_in_base64_that_is_not_valid_text(self) -> None:
        assert event_for(a_request("POST", body=b"\xff", content_type="text/plain"))["isBase64Encoded"] is True

    def test_adds_the_callers_address_to_those_of_proxies(self) -> None:
        headers = event_for(a_request(x_forwarded_for="203.0.113.9"))["headers"]
        assert isinstance(headers, dict)
        assert headers["x-forwarded-for"] == "203.0.113.9, 192.0.2.1"

    @pytest.mark.parametrize(
        ("host", "port"),
        [("127.0.0.1:8080", "8080"), ("shop", "443"), ("shop:abc", "443"), ("[::1]:81", "81"), ("[x", "443")],
    )
    def test_tells_the_port_that_was_asked_for(self, host: str, port: str) -> None:
        headers = event_for(a_request(host=host))["headers"]
        assert isinstance(headers, dict)
        assert headers["x-forwarded-port"] == port


class TestTheAuthorizersEvent:
    AUTHORIZER = Authorizer("Keys", "Any", ("authorization", "x-shop"), ())

    def test_is_the_documented_one(self) -> None:
        request = a_request(
            path="/request",
            query="parameter1=value1&parameter1=value2&parameter2=value",
            host="id.execute-api.us-east-1.amazonaws.com",
            cookie="cookie1; cookie2",
            authorization="user1",
            x_shop="123",
            user_agent="agent",
        )
        identity = identity_sources(request, self.AUTHORIZER)
        event = authorizer_event(request, "abcdef123", ANY_ROUTE, {}, identity)
        expected = recorded("http_api_authorizer")
        assert shape_of(event) == shape_of(expected)
        for name in ("routeArn", "identitySource", "headers", "routeKey", "rawPath"):
            assert event[name] == expected[name]

    def test_is_not_sent_when_an_identity_source_is_missing(self) -> None:
        assert identity_sources(a_request(authorization="user1"), self.AUTHORIZER) is None
        assert identity_sources(a_request(authorization="user1", x_shop=""), self.AUTHORIZER) is None

    def test_is_sent_for_any_request_when_there_are_no_identity_sources(self) -> None:
        assert identity_sources(a_request(), Authorizer("Keys", "Any", (), ())) == []


class TestRoutes:
    PETS = ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default")

    @pytest.mark.parametrize(
        ("method", "path", "key"),
        [
            ("GET", "/pets/dog/1", "GET /pets/dog/1"),
            ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
            ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
            ("POST", "/test/5", "ANY /{proxy+}"),
            ("POST", "/", "$default"),
        ],
    )
    def test_are_chosen_as_the_documentation_shows(self, method: str, path: str, key: str) -> None:
        assert route_for(method, path, *reversed(self.PETS)) == key

    def test_with_the_very_method_go_before_those_with_any(self) -> None:
        assert route_for("GET", "/a", "ANY /a", "GET /a") == "GET /a"

    def test_do_not_match_another_method_or_path(self) -> None:
        assert route_for("POST", "/a", "GET /a") is None
        assert route_for("GET", "/a/b", "GET /a", "GET /{one}") is None

    def test_give_path_parameters_decoded(self) -> None:
        found = matching_route([Route("GET /users/{user_id}", "Any", None)], "GET", "/users/a%20b%2Fc")
        assert found
        assert found[1] == {"user_id": "a b/c"}


class TestAnAnswer:
    def test_becomes_the_response_that_it_describes(self) -> None:
        answer = {
            "statusCode": 201,
            "headers": {"Content-Type": "text/html", "X-A": "1", "Content-Length": "999"},
            "cookies": ["a=1; Secure", "b=2"],
            "body": "é",
        }
        response = response_of(json.dumps(answer).encode())
        assert (response.status, response.body) == (201, "é".encode())
        assert response.headers == (
            ("content-type", "text/html"),
            ("x-a", "1"),
            ("set-cookie", "a=1; Secure"),
            ("set-cookie", "b=2"),
        )

    def test_in_base64_becomes_bytes(self) -> None:
        assert response_of(b'{"statusCode": 200, "body": "R0lGODlh", "isBase64Encoded": true}').body == b"GIF89a"

    def test_without_a_content_type_is_plain_text(self) -> None:
        assert response_of(b'{"statusCode": 200}').headers == (("content-type", "text/plain; charset=utf-8"),)

    @pytest.mark.parametrize("payload", [b'{"a": 1}', b'"text"', b"null", b"[1]"])
    def test_without_a_status_code_is_the_body_of_a_200(self, payload: bytes) -> None:
        response = response_of(payload)
        assert (response.status, response.body) == (200, payload)
        assert response.headers == (("content-type", "application/json"),)

    @pytest.mark.parametrize(
        "payload",
        [
            b'{"statusCode": "abc"}',
            b'{"statusCode": 0}',
            b'{"statusCode": 200, "body": {"a": 1}}',
            b'{"statusCode": 200, "headers": "x"}',
            b'{"statusCode": 200, "body": "?", "isBase64Encoded": true}',
        ],
    )
    def test_that_is_malformed_is_an_internal_server_error(self, payload: bytes) -> None:
        assert response_of(payload) == FAILED
        assert FAILED.body == b'{"message":"Internal Server Error"}'


class TestCors:
    PREFLIGHT = a_request("OPTIONS", origin="https://shop.example", access_control_request_method="POST")

    def test_answers_a_preflight_request_by_itself(self) -> None:
        response = preflight_response(CORS, self.PREFLIGHT)
        assert response
        assert response.status == 204
        assert dict(response.headers) == {
            "access-control-allow-origin": "https://shop.example",
            "access-control-allow-methods": "GET,POST",
            "access-control-allow-headers": "content-type,x-api-key",
            "access-control-max-age": "300",
        }

    def test_leaves_other_requests_to_the_routes(self) -> None:
        assert preflight_response(CORS, a_request("OPTIONS", origin="https://shop.example")) is None
        assert preflight_response(CORS, replace(self.PREFLIGHT, method="GET")) is None

    def test_sends_no_headers_to_another_origin(self) -> None:
        response = preflight_response(
            CORS, a_request("OPTIONS", origin="https://a", access_control_request_method="GET")
        )
        assert response
        assert response.headers == ()

    def test_replaces_the_functions_own_headers(self) -> None:
        theirs = response_of(
            b'{"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://other", "a": "b"}}'
        )
        headers = dict(with_cors(theirs, CORS, a_request(origin="https://shop.example")).headers)
        assert headers["access-control-allow-origin"] == "https://shop.example"
        assert headers["access-control-expose-headers"] == "retry-after"
        assert headers["a"] == "b"
        assert "access-control-allow-origin" not in dict(with_cors(theirs, CORS, a_request()).headers)

    def test_of_every_origin_is_a_wildcard_unless_credentials_are_allowed(self) -> None:
        everybody = replace(CORS, origins=("*",))
        request = a_request(origin="https://a")
        assert ("access-control-allow-origin", "*") in with_cors(FAILED, everybody, request).headers
        with_credentials = with_cors(FAILED, replace(everybody, credentials=True), request).headers
        assert ("access-control-allow-origin", "https://a") in with_credentials
        assert ("access-control-allow-credentials", "true") in with_credentials
