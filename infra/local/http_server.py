"""Serves an ASGI application on a socket that is bound already, from a thread of its own."""

import asyncio
import socket
import threading
from typing import Any

import uvicorn


class HttpServer:
    """One server; requests that are being answered when it stops are answered first, for a while."""

    def __init__(self, application: Any, listener: socket.socket, grace_seconds: int = 5) -> None:
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
    """A TCP socket bound to a port (0: any free one); raises OSError when something else has it."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
