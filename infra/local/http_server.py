"""Serves an ASGI application on a socket that is bound already, from a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Required, TypedDict

import uvicorn


class Scope(TypedDict):
    """What ASGI says of a request before its body; see https://asgi.readthedocs.io/en/latest/specs/www.html."""

    type: str
    method: str
    path: str
    raw_path: bytes
    query_string: bytes
    headers: Sequence[tuple[bytes, bytes]]
    http_version: str
    client: tuple[str, int] | None


class Message(TypedDict, total=False):
    """What ASGI passes between a server and an application: part of a body, or the start of a response."""

    type: Required[str]
    body: bytes
    more_body: bool
    status: int
    headers: Sequence[tuple[bytes, bytes]]


Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class HttpServer:
    """One server. When it stops, requests that are being answered have `grace_seconds` to end."""

    def __init__(self, application: Application, listener: socket.socket, grace_seconds: int = 5) -> None:
        config = uvicorn.Config(
            application,
            access_log=False,
            date_header=True,
            lifespan="off",
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=grace_seconds,
        )
        self._server = uvicorn.Server(config)
        self._listener = listener
        self._thread = threading.Thread(target=self._run, name="http server", daemon=True)

    def start(self) -> None:
        """Begin to answer; connections made before are answered too, since the socket listens."""
        self._listener.listen(1024)
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests and return when the last one is answered."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))


def bound_socket(host: str, port: int) -> socket.socket:
    """Returns a TCP socket bound to a port (0: any free one); raises OSError when something else has it."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
