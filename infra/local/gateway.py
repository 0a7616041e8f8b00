"""The HTTP API: an ASGI application that answers as API Gateway does, with functions behind it."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Executor

from infra.local import http_events as http
from infra.local.http_events import AuthorizerEvent, Request, RequestEvent, Response
from infra.local.http_server import Receive, Scope, Send
from infra.local.plan import ApiPlan, Route
from infra.local.workers import LARGEST_PAYLOAD, Invocation, Runnable

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
LARGEST_BODY = 10 * 1024 * 1024
LARGEST_HEAD = 10_240
AUTHORIZER_SECONDS = 10.0


class Refused(Exception):
    """Raised when the gateway answers by itself."""

    def __init__(self, response: Response) -> None:
        self.response = response


class Gateway:
    """Serves one API's routes; `executor` gives each invocation a thread."""

    def __init__(self, api: ApiPlan, functions: Mapping[str, Runnable], executor: Executor) -> None:
        self._api = api
        self._functions = functions
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            request = await read_request(scope, receive)
        except Refused as refused:
            await send_response(send, refused.response)
            return
        await send_response(send, await self.answer(request))

    async def answer(self, request: Request) -> Response:
        """Returns the response to a request, CORS included."""
        cors = self._api.cors
        if cors is None:
            return await self._routed(request)
        preflight = http.preflight_response(cors, request)
        return preflight or http.with_cors(await self._routed(request), cors, request)

    async def _routed(self, request: Request) -> Response:
        found = http.matching_route(self._api.routes, request.method, request.path)
        if found is None:
            return http.NOT_FOUND
        route, parameters = found
        try:
            context = await self._authorized(request, route, parameters) if route.authorizer else None
        except Refused as refused:
            return refused.response
        payload = _as_json(http.proxy_event(request, self._api.api_id, route, parameters, context))
        if len(payload) > LARGEST_PAYLOAD:
            return http.BODY_TOO_LARGE
        answer = await self._invoke(route.function, payload, route.timeout)
        if answer is None:
            return http.TIMED_OUT
        return http.FAILED if answer.failed else http.response_of(answer.payload)

    async def _authorized(self, request: Request, route: Route, parameters: dict[str, str]) -> object:
        authorizer = self._api.authorizers[str(route.authorizer)]
        identity = http.identity_sources(request, authorizer)
        if identity is None:
            raise Refused(http.UNAUTHORIZED)
        event = http.authorizer_event(request, self._api.api_id, route, parameters, identity or None)
        answer = await self._invoke(authorizer.function, _as_json(event), AUTHORIZER_SECONDS)
        try:
            decision = json.loads(answer.payload) if answer and not answer.failed else {}
            if decision["isAuthorized"] is not True:
                raise Refused(http.FORBIDDEN)
        except (ValueError, TypeError, KeyError):
            raise Refused(http.FAILED) from None
        return decision.get("context")

    async def _invoke(self, name: str, payload: bytes, seconds: float) -> Invocation | None:
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, self._functions[name].invoke, payload)
        done, _ = await asyncio.wait([running], timeout=seconds)
        return running.result() if done else None  # the function goes on, as it does in Lambda


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Returns the whole request; raises Refused when it is larger than the gateway takes."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    line = len(scope["method"]) + len(path) + len(query) + len(" ? HTTP/1.1")
    if line + sum(len(value) for _, value in headers) > LARGEST_HEAD:
        raise Refused(http.HEADERS_TOO_LARGE)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise Refused(http.BODY_TOO_LARGE)
    return Request(
        method=scope["method"],
        path=path,
        query=query,
        headers=headers,
        body=bytes(body),
        protocol=f"HTTP/{scope['http_version']}",
        source_ip=scope["client"][0] if scope["client"] else "127.0.0.1",
    )


async def send_response(send: Send, response: Response) -> None:
    """Send a whole response."""
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in response.headers]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _as_json(event: RequestEvent | AuthorizerEvent) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode(errors="surrogatepass")
