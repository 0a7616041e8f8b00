"""Doors in front of the servers, through which a fault can be let in: in MongoDB's replies, and in what SQS answers."""

import asyncio
import json
import random
import socket
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from infra.local.aws import LOOPBACK
from tests.support.serving import POLL_SECONDS

HEADER_BYTES = 16
NAME_AT = 16 + 4 + 1 + 4 + 1
"""Where the first key of an OP_MSG begins: header, flags, section kind, document length, type."""
LOST = -1.0
WRITES = frozenset({"insert", "update", "delete", "findAndModify"})


def pass_on(command: str) -> float:
    """Returns the delay of a reply where there is no fault: none."""
    return 0.0


class MongoDoor:
    """Passes MongoDB's wire protocol on, message by message.

    `asked` is told each command once the server has it; `rule` says of each command how many seconds its reply is held
    back, or that it is LOST, and the connection with it.
    """

    def __init__(self, port: int) -> None:
        """`port` is where the server listens."""
        self._target = port
        self.asked: Callable[[str], object] = pass_on
        self.rule: Callable[[str], float] = pass_on
        self.passed: Counter[str] = Counter()
        self.lost = 0
        self._listener = socket.create_server((LOOPBACK, 0))
        self.uri = f"mongodb://{LOOPBACK}:{self._listener.getsockname()[1]}/?directConnection=true"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)

    def __enter__(self) -> Self:
        """Open the door."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, sock=self._listener), self._loop).result()
        return self

    def __exit__(self, *raised: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    async def _hang_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._target)
            last = [""]
            pumps = [
                asyncio.ensure_future(self._pump_requests(reader, server_writer, last)),
                asyncio.ensure_future(self._pump_replies(server_reader, writer, last)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            server_writer.close()
        writer.close()

    async def _pump_requests(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, last: list[str]) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                message = await _message(source)
                last[0] = command = _command(message)
                sink.write(message)
                await sink.drain()
                self.passed[command] += 1
                self.asked(command)

    async def _pump_replies(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, last: list[str]) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                message = await _message(source)
                held = self.rule(last[0])
                if held == LOST:
                    self.lost += 1
                    return
                await asyncio.sleep(held)
                sink.write(message)
                await sink.drain()


async def _message(source: asyncio.StreamReader) -> bytes:
    head = await source.readexactly(HEADER_BYTES)
    return head + await source.readexactly(int.from_bytes(head[:4], "little") - HEADER_BYTES)


def _command(message: bytes) -> str:
    return message[NAME_AT : message.index(b"\0", NAME_AT)].decode(errors="replace")


class SqsDoor:
    """Passes AWS calls on, and maims those that send messages, as SQS may.

    Of a batch some entries are refused; a whole call is throttled; or SQS takes it and its answer is never heard.
    """

    def __init__(self, endpoint: str, seed: object, share: float) -> None:
        self.endpoint = endpoint
        self.share = share
        self.random = random.Random(f"sqs {seed}")
        self.maimed: Counter[str] = Counter()
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                door.pass_on(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — it is called so there
                """Say nothing."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Open the door."""
        threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def pass_on(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one call."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        sends = request.headers.get("X-Amz-Target", "").endswith(".SendMessageBatch")
        how = "passed" if not sends or self.random.random() >= self.share else self.random.choice(tuple(WAYS))
        self.maimed[how] += how != "passed"
        status, answer = WAYS.get(how, _pass)(self, request, body)
        if status:
            request.send_response(status)
            request.send_header("Content-Type", "application/x-amz-json-1.0")
            request.send_header("Content-Length", str(len(answer)))
            request.end_headers()
            request.wfile.write(answer)
        else:
            request.close_connection = True


Answer = tuple[int, bytes]


def _pass(door: SqsDoor, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "content-length")}
    passed = urllib.request.Request(door.endpoint + request.path, body, headers)  # noqa: S310 — moto's address
    try:
        with urllib.request.urlopen(passed) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _refuse_some(door: SqsDoor, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    call: dict[str, Any] = json.loads(body)
    entries = call["Entries"]
    refused = door.random.sample(entries, max(1, len(entries) // 2))
    taken = [entry for entry in entries if entry not in refused]
    status, answer = _pass(door, request, json.dumps({**call, "Entries": taken}).encode()) if taken else (200, b"{}")
    failed = [
        {"Id": one["Id"], "SenderFault": False, "Code": "InternalError", "Message": "try again"} for one in refused
    ]
    return status, json.dumps({"Successful": [], **json.loads(answer), "Failed": failed}).encode()


def _throttle(door: SqsDoor, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    return 400, json.dumps({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow down"}).encode()


def _take_in_silence(door: SqsDoor, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    _pass(door, request, body)
    return 0, b""


WAYS: dict[str, Callable[[SqsDoor, BaseHTTPRequestHandler, bytes], Answer]] = {
    "refused entries": _refuse_some,
    "throttled": _throttle,
    "answers lost": _take_in_silence,
}
