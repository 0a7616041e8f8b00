"""A shop and a collector on loopback: pages with the tracker in them, and all that their browsers send."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

from infra.local.demo_shop import DemoShop
from tests.support.serving import POLL_SECONDS

WRITE_KEY = "wk_test"
PATIENCE = 20.0

Json = dict[str, Any]


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in mid answer is no news."""


class Server:
    """An HTTP server on a free port of loopback, answering in threads."""

    def __init__(self, port: int = 0) -> None:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.answer(self)

            def do_POST(self) -> None:
                owner.answer(self)

            def do_OPTIONS(self) -> None:
                owner.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._http = _Http(("127.0.0.1", port), Handler)
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        Thread(target=self._http.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()


@dataclass(frozen=True)
class Arrival:
    """One request that reached the collector, and how it was answered (0: not at all)."""

    method: str
    headers: dict[str, str]
    body: Json
    size: int
    status: int
    at: float

    @property
    def events(self) -> list[Json]:
        """The events in the body."""
        return list(self.body.get("batch", []))

    @property
    def by_beacon(self) -> bool:
        """Whether `sendBeacon` sent it: the one way that asks for no answer to be shown to the page."""
        return self.headers.get("sec-fetch-mode") == "no-cors"


@dataclass
class Answer:
    """How the collector answers a request: a status (0 hangs up), headers, and rejections in the body."""

    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    rejected: list[Json] = field(default_factory=list)


class Collector(Server):
    """Takes events as `/collect` does and remembers them; `answers` are given first, `always` after them."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[Arrival] = []
        self.answers: deque[Answer] = deque()
        self.always = Answer()
        self.most_bytes: int | None = None
        self._lock = Lock()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Remember the request and answer it as planned, with the headers that the gateway would add."""
        raw = request.rfile.read(int(request.headers.get("content-length") or 0))
        with self._lock:
            planned = self.answers.popleft() if self.answers else self.always
            if self.most_bytes and len(raw) > self.most_bytes:
                planned = Answer(413)
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = json.loads(raw) if raw else {}
            self.arrivals.append(Arrival(request.command, headers, body, len(raw), planned.status, time.monotonic()))
        if not planned.status:
            request.close_connection = True
            return
        _respond(request, planned.status, json.dumps({"rejected": planned.rejected}).encode(), planned.headers)

    @property
    def taken(self) -> list[Json]:
        """Every event answered with 2xx, in the order they came; one that came twice is there twice."""
        with self._lock:
            return [event for arrival in self.arrivals if arrival.status == 202 for event in arrival.events]

    @property
    def stored(self) -> list[Json]:
        """The taken events as they would be stored: once per event id, by their own times."""
        once = {event["eventId"]: event for event in self.taken}
        return sorted(once.values(), key=lambda event: str(event["timestamp"]))

    def of(self, event_type: str) -> list[Json]:
        """Returns the stored events of a type."""
        return [event for event in self.stored if event["eventType"] == event_type]

    def wait_for(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something is so; raises AssertionError with what came when it does not become so."""
        deadline = time.monotonic() + seconds
        while not condition():
            came = [(event["eventType"], event.get("event")) for event in self.stored]
            assert time.monotonic() < deadline, f"waited in vain; what came: {came}"
            time.sleep(0.02)

    def wait_for_type(self, event_type: str, count: int = 1) -> list[Json]:
        """Returns the events of a type, once there are so many."""
        self.wait_for(lambda: len(self.of(event_type)) >= count)
        return self.of(event_type)


class Shop(DemoShop):
    """The demo shop, with further pages made by a test; every page's tracker sends to `collector_url`."""

    def __init__(self, collector_url: str, write_key: str = WRITE_KEY) -> None:
        super().__init__(collector_url, write_key)
        self._collector_url = collector_url

    def page(self, body: str = "", path: str = "/", head: str = "", **attributes: str) -> str:
        """Makes a page with the script tag of the README in it; returns its address."""
        given = {"key": WRITE_KEY, "host": self._collector_url, **attributes}
        tag = " ".join(f'data-{name}="{value}"' for name, value in given.items())
        script = f'<script defer src="/footfall.js" {tag}></script>'
        html = f"<!doctype html><title>A page</title>{head}{script}<body>{body}"
        self.generated[path] = html.encode()
        return self.url + path


def _respond(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    request.send_response(status)
    cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "retry-after,x-request-id"}
    for name, value in {**cors, "Content-Length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
