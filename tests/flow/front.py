"""A server in front of the stack that turns requests away for a while, as a gateway under pressure does."""

import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from threading import Lock

import httpx

from tests.web.servers import Server

PASSED_ON = ("authorization", "content-encoding", "content-type", "user-agent")


@dataclass(frozen=True)
class Refusal:
    """One answer of the front itself; `reply_lost` when the stack had the request all the same."""

    status: int
    retry_after: int | None = None
    reply_lost: bool = False


@dataclass(frozen=True)
class Visit:
    """One request as it was answered: when, and with what."""

    at: float
    status: int


class Front(Server):
    """Gives each planned refusal once, in turn; every other request goes to the stack, and its answer comes back."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._stack = url
        self._lock = Lock()
        self.refusals: deque[Refusal] = deque()
        self.visits: list[Visit] = []

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Refuse, or ask the stack."""
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        with self._lock:
            refusal = self.refusals.popleft() if self.refusals else None
        passes = refusal is None or refusal.reply_lost
        status, content = self._ask(request, body) if passes else (0, b"")
        if refusal:
            status, content = refusal.status, b""
        with self._lock:
            self.visits.append(Visit(time.monotonic(), status))
        request.send_response(status)
        if refusal and refusal.retry_after is not None:
            request.send_header("Retry-After", str(refusal.retry_after))
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _ask(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        headers = {name: value for name in PASSED_ON if (value := request.headers.get(name))}
        url = self._stack + request.path
        answer = httpx.request(request.command, url, content=body, headers=headers, timeout=30)
        return answer.status_code, answer.content

    @property
    def statuses(self) -> list[int]:
        """How requests were answered, in order."""
        return [visit.status for visit in self.visits]
