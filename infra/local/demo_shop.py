"""The demo shop of web/demo-shop on loopback: pages whose tracker sends what visitors do to a Footfall."""

import json
import mimetypes
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local.aws import LOOPBACK
from infra.local.gateway import send_response
from infra.local.http_events import Response
from infra.local.http_server import HttpServer, Receive, Scope, Send, bound_socket

WEB = Path(__file__).parents[2] / "web"
PAGES = WEB / "demo-shop"
SCRIPT = WEB / "tracker" / "footfall.js"
GUARDS = (
    ("cache-control", "no-store"),  # the next demo on this port has another key
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "strict-origin-when-cross-origin"),  # a shop is told where visitors come from
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
)
"""What its pages say to browsers: the OWASP Secure Headers Project."""


class DemoShop:
    """One shop on a port of loopback (0: any free one); use it as a context manager.

    Its `/config.js` names the write key and where events go, its `/footfall.js` is the tracker; whatever is put into
    `generated` by its path is served before the files of the shop.
    """

    def __init__(self, collector_url: str, write_key: str, port: int = 0) -> None:
        config = f"window.FOOTFALL = {json.dumps({'key': write_key, 'host': collector_url})}"
        self.generated = {"/config.js": config.encode(), "/footfall.js": SCRIPT.read_bytes()}
        listener = bound_socket(LOOPBACK, port)
        self.url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        self._server = HttpServer(self, listener)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await send_response(send, self._answer(scope["method"], scope["path"]))

    def _answer(self, method: str, path: str) -> Response:
        if method not in ("GET", "HEAD"):
            return _response(405, b"Method not allowed", "text/plain", ("allow", "GET, HEAD"))
        content = self.generated.get(path) or _file(path)
        if content is None:
            return _response(404, b"Not found", "text/plain")
        return _response(200, content, mimetypes.guess_type(path)[0] or "text/html")


def _file(path: str) -> bytes | None:
    file = (PAGES / (path.lstrip("/") or "index.html")).resolve()
    is_ours = file.is_relative_to(PAGES)  # `..` in a path must not lead out of the shop's folder
    return file.read_bytes() if is_ours and file.is_file() else None


def _response(status: int, body: bytes, kind: str, *more: tuple[str, str]) -> Response:
    return Response(status, body, (("content-type", kind), *GUARDS, *more))
