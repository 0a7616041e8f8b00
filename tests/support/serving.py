"""HTTP servers that stand in for what the code under test calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from threading import Thread

POLL_SECONDS = 0.01  # a server ends at its next poll; the default of half a second would be a wait in every test


@contextmanager
def serving(server: HTTPServer) -> Iterator[None]:
    """Has a server answer, in a thread of its own, while the context lasts, and closes it."""
    thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
