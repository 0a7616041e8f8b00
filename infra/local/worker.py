"""One execution environment of one function: `python -m infra.local.worker FD`, started with the function's variables.

It imports the handler as Lambda does, says whether that went well, and then answers one invocation at a time over the
socket FD. It imports nothing but the standard library, so that what a handler loads is the handler's own doing.
"""

import importlib
import json
import os
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import TypedDict

HEADER = struct.Struct("!II")
"""A frame begins with the lengths of its head and its payload."""


class Call(TypedDict):
    """What the platform says of an invocation; `deadline` in seconds since 1970."""

    request_id: str
    arn: str
    deadline: float
    trace: str


class Outcome(TypedDict):
    """What a worker says of its answer: whether it describes an error."""

    error: bool


class Context:
    """What Lambda passes to a Python handler with the event."""

    identity = None
    client_context = None

    def __init__(self, call: Call) -> None:
        self.aws_request_id = call["request_id"]
        self.invoked_function_arn = call["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = call["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Returns the milliseconds until the function is stopped."""
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: str) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


Handler = Callable[[object, Context], object]


def main(descriptor: int) -> None:
    """Serve until the other end of the socket is closed."""
    connection = socket.socket(fileno=descriptor)
    try:
        handler = _load(os.environ["_HANDLER"])
    except BaseException as error:  # noqa: BLE001 — whatever it is, the caller gets it
        traceback.print_exc()
        send(connection, Outcome(error=True), _as_json(_init_error(error)))
        return
    send(connection, Outcome(error=False), b"")
    while (frame := receive(connection)) is not None:
        head, payload = frame
        send(connection, *_invoke(handler, json.loads(head), payload))


def _load(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    found: Handler = getattr(importlib.import_module(module), name)
    return found


def _init_error(error: BaseException) -> dict[str, object]:
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    if isinstance(error, AttributeError) and getattr(error, "name", None) == name:
        return {
            "errorType": "Runtime.HandlerNotFound",
            "errorMessage": f"Handler '{name}' missing on module '{module}'",
        }
    if isinstance(error, ImportError):
        return {
            "errorType": "Runtime.ImportModuleError",
            "errorMessage": f"Unable to import module '{module}': {error}",
        }
    return _error(error)


def _invoke(handler: Handler, call: Call, payload: bytes) -> tuple[Outcome, bytes]:
    os.environ["_X_AMZN_TRACE_ID"] = call["trace"]
    try:
        result = handler(json.loads(payload), Context(call))
    except Exception as error:  # noqa: BLE001 — Lambda reports any exception of a handler
        traceback.print_exc()
        return Outcome(error=True), _as_json({**_error(error), "requestId": call["request_id"]})
    try:
        return Outcome(error=False), _as_json(result)
    except (TypeError, ValueError) as error:
        message = {"errorType": "Runtime.MarshalError", "errorMessage": f"Unable to marshal response: {error}"}
        return Outcome(error=True), _as_json({**message, "requestId": call["request_id"], "stackTrace": []})


def _error(error: BaseException) -> dict[str, object]:
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames}


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_decimal).encode()


def _decimal(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def send(connection: socket.socket, head: Call | Outcome, payload: bytes) -> None:
    """Send one frame: a small head and the payload's bytes."""
    encoded = json.dumps(head).encode()
    connection.sendall(HEADER.pack(len(encoded), len(payload)) + encoded + payload)


def receive(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Returns the next frame's head and payload, both JSON, or None when the other end has closed."""
    lengths = _exactly(connection, HEADER.size)
    if lengths is None:
        return None
    head_length, payload_length = HEADER.unpack(lengths)
    frame = _exactly(connection, head_length + payload_length)
    if frame is None:
        return None
    return bytes(frame[:head_length]), bytes(frame[head_length:])


def _exactly(connection: socket.socket, length: int) -> bytearray | None:
    received = bytearray(length)
    view = memoryview(received)
    while view:
        count = connection.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return received


if __name__ == "__main__":
    main(int(sys.argv[1]))
