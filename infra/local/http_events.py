"""HTTP requests as API Gateway's events of payload format 2.0, and functions' answers as HTTP responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html; where AWS' own
test tool for .NET records that the service does otherwise, as the service does.
"""

import base64
import binascii
import json
import re
import secrets
import string
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import NotRequired, Required, TypedDict
from urllib.parse import parse_qsl, unquote

from infra.local.aws import ACCOUNT, REGION
from infra.local.plan import Authorizer, Cors, Route

TEXT_TYPES = re.compile(r"text/.*|application/(.*\+)?(json|xml)|application/javascript", re.IGNORECASE)
# the gateway sets these itself, whatever the function says
GATEWAY_HEADERS = ("connection", "content-length", "transfer-encoding")
STAGE = "$default"


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came over the wire; header names in lower case, `path` still quoted."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    protocol: str = "HTTP/1.1"
    source_ip: str = "127.0.0.1"

    def header(self, name: str) -> str | None:
        """Returns all values of one header, joined by commas; None where it is absent."""
        values = [value for found, value in self.headers if found == name]
        return ",".join(values) if values else None


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=(("content-type", "application/json"),))


class HttpDescription(TypedDict):
    """`requestContext.http` of an event."""

    method: str
    path: str
    protocol: str
    sourceIp: str
    userAgent: str


class RequestContext(TypedDict):
    """`requestContext` of an event; `timeEpoch` in milliseconds."""

    accountId: str
    apiId: str
    domainName: str
    domainPrefix: str
    http: HttpDescription
    requestId: str
    routeKey: str
    stage: str
    time: str
    timeEpoch: int
    authorizer: NotRequired[dict[str, object]]


class RequestEvent(TypedDict):
    """A request as a route's function gets it."""

    version: str
    routeKey: str
    rawPath: str
    rawQueryString: str
    headers: dict[str, str]
    requestContext: RequestContext
    cookies: NotRequired[list[str]]
    queryStringParameters: NotRequired[dict[str, str]]
    pathParameters: NotRequired[dict[str, str]]
    body: NotRequired[str]
    isBase64Encoded: NotRequired[bool]


class AuthorizerEvent(RequestEvent):
    """A request as a Lambda authorizer gets it, without its body."""

    type: str
    routeArn: str
    identitySource: Sequence[str] | None


class FunctionResponse(TypedDict, total=False):
    """What a function may answer; whatever else it answers makes the gateway fail."""

    statusCode: Required[int]
    body: str | None
    headers: Mapping[str, object] | None
    cookies: list[str] | None
    isBase64Encoded: bool


def gateway_response(status: int, message: str) -> Response:
    """Returns a response that the gateway itself gives."""
    return Response(status, json.dumps({"message": message}, separators=(",", ":")).encode())


NOT_FOUND = gateway_response(404, "Not Found")
UNAUTHORIZED = gateway_response(401, "Unauthorized")
FORBIDDEN = gateway_response(403, "Forbidden")
BODY_TOO_LARGE = gateway_response(413, "Request Entity Too Large")
HEADERS_TOO_LARGE = gateway_response(431, "Request Header Fields Too Large")
FAILED = gateway_response(500, "Internal Server Error")
TIMED_OUT = gateway_response(503, "Service Unavailable")


def matching_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Returns the route of a request with its path parameters: the most specific path first, then the exact method.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
    """
    found: list[tuple[tuple[int, ...], int, Route, dict[str, str]]] = []
    for route in routes:
        if route.key == "$default":
            found.append(((3,), 1, route, {}))
            continue
        route_method, route_path = route.key.split(" ", 1)
        match = _pattern(route_path).fullmatch(path)
        if match and route_method in (method, "ANY"):
            parameters = {name: unquote(value) for name, value in match.groupdict().items()}
            found.append((_generality(route_path), int(route_method == "ANY"), route, parameters))
    if not found:
        return None
    _, _, best, parameters = min(found, key=lambda candidate: candidate[:2])
    return best, parameters


@cache
def _pattern(route_path: str) -> re.Pattern[str]:
    greedy = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(route_path))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", greedy))


def _generality(route_path: str) -> tuple[int, ...]:
    segments = route_path.strip("/").split("/")
    return tuple(2 if "+}" in segment else int(segment.startswith("{")) for segment in segments)


def proxy_event(
    request: Request, api_id: str, route: Route, path_parameters: dict[str, str], authorizer_context: object = None
) -> RequestEvent:
    """Returns the event of the route's function; `authorizer_context` is what the authorizer returned as `context`."""
    event = _request_event(request, api_id, route, path_parameters)
    if route.authorizer:
        event["requestContext"]["authorizer"] = {"lambda": authorizer_context}
    if request.body:
        event["body"], event["isBase64Encoded"] = _encoded_body(request)
    else:
        event["isBase64Encoded"] = False
    return event


def authorizer_event(
    request: Request, api_id: str, route: Route, path_parameters: dict[str, str], identity: Sequence[str] | None
) -> AuthorizerEvent:
    """Returns the event of a Lambda authorizer: the request without its body."""
    event = _request_event(request, api_id, route, path_parameters)
    arn_path = f"{request.method}{unquote(request.path)}"
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/{STAGE}/{arn_path}"
    return {"type": "REQUEST", "routeArn": arn, "identitySource": identity, **event}


def identity_sources(request: Request, authorizer: Authorizer) -> list[str] | None:
    """Returns the values of the authorizer's identity sources; None when one is missing: 401 without asking it."""
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    values = [request.header(name) for name in authorizer.identity_headers]
    values += [query.get(name) for name in authorizer.identity_query]
    given = [value for value in values if value]
    return given if len(given) == len(values) else None


def _request_event(request: Request, api_id: str, route: Route, path_parameters: dict[str, str]) -> RequestEvent:
    path = unquote(request.path)
    now = time.time()
    host = request.header("host") or ""
    event: RequestEvent = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": _headers(request),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": host,
            "domainPrefix": host.split(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": request.header("user-agent") or "",
            },
            "requestId": _request_id(),
            "routeKey": route.key,
            "stage": STAGE,
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
    }
    cookies = request.header("cookie")
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    query = _joined(parse_qsl(request.query, keep_blank_values=True))
    if query:
        event["queryStringParameters"] = query
    if path_parameters:
        event["pathParameters"] = path_parameters
    return event


def _headers(request: Request) -> dict[str, str]:
    headers = _joined((name, value) for name, value in request.headers if name != "cookie")
    forwarded = request.header("x-forwarded-for")
    headers["x-forwarded-for"] = f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
    # AWS has no address with a port, and on this machine there is no TLS
    _, _, told = (request.header("host") or "").rpartition(":")
    port = told if told.isdecimal() else ""
    headers["x-forwarded-port"] = port or "443"
    headers["x-forwarded-proto"] = "http" if port else "https"
    headers.setdefault("content-length", str(len(request.body)))
    return headers


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _encoded_body(request: Request) -> tuple[str, bool]:
    media_type = (request.header("content-type") or "").partition(";")[0].strip()
    if TEXT_TYPES.fullmatch(media_type) and not request.header("content-encoding"):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def _request_id() -> str:
    letters = string.ascii_letters + string.digits + "-_"
    return "".join(secrets.choice(letters) for _ in range(15)) + "="


def response_of(payload: bytes) -> Response:
    """Returns the HTTP response that a function's answer means; without a status code the whole answer is the body."""
    answer = _function_response(payload)
    if answer is None:
        return Response(200, payload)
    try:
        return _explicit_response(answer)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return FAILED


def _function_response(payload: bytes) -> FunctionResponse | None:
    try:
        parsed = json.loads(payload)
    except ValueError:
        return None
    has_status = isinstance(parsed, dict) and "statusCode" in parsed
    response: FunctionResponse = parsed
    return response if has_status else None


def _explicit_response(answer: FunctionResponse) -> Response:
    status = int(answer["statusCode"])
    if not 100 <= status <= 599:
        raise ValueError(status)
    body = answer.get("body") or ""
    content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    headers = [(name.lower(), str(value)) for name, value in (answer.get("headers") or {}).items()]
    headers = [(name, value) for name, value in headers if name not in GATEWAY_HEADERS]
    if "content-type" not in dict(headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    headers += [("set-cookie", cookie) for cookie in answer.get("cookies") or ()]
    return Response(status, content, tuple(headers))


def preflight_response(cors: Cors, request: Request) -> Response | None:
    """Returns the gateway's own answer to a browser's preflight request; None for any other request."""
    asked = request.header("access-control-request-method")
    if request.method != "OPTIONS" or not asked or not request.header("origin"):
        return None
    headers = dict(_shared_cors_headers(cors, request))
    if headers:
        headers["access-control-allow-methods"] = ",".join(cors.methods)
        headers["access-control-allow-headers"] = ",".join(cors.headers)
        if cors.max_age is not None:
            headers["access-control-max-age"] = str(cors.max_age)
    return Response(204, b"", tuple((name, value) for name, value in headers.items() if value))


def with_cors(response: Response, cors: Cors, request: Request) -> Response:
    """Returns the response with the gateway's CORS headers in place of the function's own."""
    kept = [(name, value) for name, value in response.headers if not name.startswith("access-control-")]
    ours = _shared_cors_headers(cors, request)
    if ours and cors.exposed:
        ours.append(("access-control-expose-headers", ",".join(cors.exposed)))
    return Response(response.status, response.body, (*kept, *ours))


def _shared_cors_headers(cors: Cors, request: Request) -> list[tuple[str, str]]:
    origin = request.header("origin")
    if origin is None or not any(_allows(allowed, origin) for allowed in cors.origins):
        return []
    wildcard = "*" in cors.origins and not cors.credentials
    headers = [("access-control-allow-origin", "*" if wildcard else origin)]
    return [*headers, ("access-control-allow-credentials", "true")] if cors.credentials else headers


def _allows(allowed: str, origin: str) -> bool:
    # an allowed origin is `*`, `https://*`, `http://*` or one origin
    return origin.startswith(allowed[:-1]) if allowed.endswith("*") else origin == allowed
