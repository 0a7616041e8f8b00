"""Lambda's Invoke API, so that any AWS SDK (and moto's Step Functions) runs the stack's functions.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import asyncio
import json
import re
from collections.abc import Mapping
from concurrent.futures import Executor
from urllib.parse import unquote

from infra.local.asynchronous import LARGEST_EVENT, AsynchronousInvocations
from infra.local.gateway import Refused, read_request, send_response
from infra.local.http_events import Request, Response
from infra.local.http_server import Receive, Scope, Send
from infra.local.plan import function_name
from infra.local.workers import LARGEST_PAYLOAD, Function

PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class LambdaApi:
    """An ASGI application with one operation, Invoke, in its three kinds."""

    def __init__(
        self, functions: Mapping[str, Function], background: AsynchronousInvocations, executor: Executor
    ) -> None:
        self._functions = functions
        self._background = background
        self._executor = executor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(await read_request(scope, receive))
        except Refused as refused:
            response = refused.response
        await send_response(send, response)

    async def _answer(self, request: Request) -> Response:
        found = PATH.fullmatch(request.path)
        if request.method != "POST" or not found:
            return _error(404, "ResourceNotFoundException", "the local stack's Lambda knows Invoke alone")
        name = function_name(unquote(found[1]))
        function = self._functions.get(name)
        if function is None:
            return _error(404, "ResourceNotFoundException", f"Function not found: {name}")
        return await self._invoke(function, request)

    async def _invoke(self, function: Function, request: Request) -> Response:
        kind = request.header("x-amz-invocation-type") or "RequestResponse"
        payload = request.body or b"{}"
        if len(payload) > (LARGEST_EVENT if kind == "Event" else LARGEST_PAYLOAD):
            return _error(413, "RequestTooLargeException", "Request must be smaller than the payload limit")
        try:
            json.loads(payload)
        except ValueError as error:
            return _error(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")
        if kind == "DryRun":
            return Response(204)
        if kind == "Event":
            self._background.start(function, payload)
            return Response(202)
        answer = await asyncio.get_running_loop().run_in_executor(self._executor, function.invoke, payload)
        headers = [("content-type", "application/json"), ("x-amz-executed-version", "$LATEST")]
        if answer.failed:
            headers.append(("x-amz-function-error", "Unhandled"))
        return Response(200, answer.payload, (*headers, ("x-amzn-requestid", answer.request_id)))


def _error(status: int, kind: str, message: str) -> Response:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Response(status, body, (("content-type", "application/json"), ("x-amzn-errortype", kind)))
