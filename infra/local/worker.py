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
from typing import Any

HEADER = struct.Struct("!II")
Handler = Callable[[Any, Any], Any]


class Context:
    """What Lambda hands a Python handler beside the event."""

    identity = None
    client_context = None

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id = str(invocation["request_id"])
        self.invoked_function_arn = str(invocation["arn"])
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = float(invocation["deadline"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: str) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


def main(descriptor: int) -> None:
    """Serve until the other end of the socket is closed."""
    connection = socket.socket(fileno=descriptor)
    try:
        handler = _load(os.environ["_HANDLER"])
    except BaseException as error:  # noqa: BLE001 — whatever it is, the caller is to hear it
        traceback.print_exc()
        send(connection, {"error": True}, _as_json(_init_error(error)))
        return
    send(connection, {"error": False}, b"")
    while (request := receive(connection)) is not None:
        invocation, payload = request
        send(connection, *_invoke(handler, invocation, payload))


def _load(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    found: Handler = getattr(importlib.import_module(module), name)
    return found


def _init_error(error: BaseException) -> dict[str, Any]:
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


def _invoke(handler: Handler, invocation: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    os.environ["_X_AMZN_TRACE_ID"] = str(invocation["trace"])
    try:
        result = handler(json.loads(payload), Context(invocation))
    except Exception as error:  # noqa: BLE001 — Lambda reports any exception of a handler
        traceback.print_exc()
        return {"error": True}, _as_json(_error(error) | {"requestId": invocation["request_id"]})
    try:
        return {"error": False}, _as_json(result)
    except (TypeError, ValueError) as error:
        message = {"errorType": "Runtime.MarshalError", "errorMessage": f"Unable to marshal response: {error}"}
        return {"error": True}, _as_json(message | {"requestId": invocation["request_id"], "stackTrace": []})


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames}


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_decimal).encode()


def _decimal(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def send(connection: socket.socket, head: dict[str, Any], payload: bytes) -> None:
    """Send one frame: a small head and the payload's bytes."""
    encoded = json.dumps(head).encode()
    connection.sendall(HEADER.pack(len(encoded), len(payload)) + encoded + payload)


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """The next frame, or None when the other end has closed."""
    lengths = _exactly(connection, HEADER.size)
    if lengths is None:
        return None
    head_length, payload_length = HEADER.unpack(lengths)
    frame = _exactly(connection, head_length + payload_length)
    if frame is None:
        return None
    return json.loads(frame[:head_length]), bytes(frame[head_length:])


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
