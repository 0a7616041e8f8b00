"""Sending batches as browsers do: gzipped, over connections kept alive, tried again when the shop is told to wait."""

import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from cli.traffic.shop import Batch

CONNECTIONS = 8
ATTEMPTS = 8
LONGEST_WAIT = 20.0
TIMEOUT = 35.0
TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


class NotTaken(Exception):
    """Raised when events cannot be delivered: a refusal, or a silence that outlasts every attempt."""


@dataclass
class Sent:
    """What became of the events so far: those taken durably, and those refused with the first refusal's reason."""

    accepted: int = 0
    rejected: int = 0
    reason: str | None = None

    def count(self, accepted: int, rejected: list[dict[str, str]]) -> None:
        """Add the answer to one batch."""
        self.accepted += accepted
        self.rejected += len(rejected)
        self.reason = self.reason or (rejected[0]["message"] if rejected else None)


def send(batches: Iterator[Batch], to: str, write_key: str, on_batch: Callable[[Batch], None]) -> Sent:
    """Post every batch to `/collect` at an address over some connections at once; raises NotTaken at the first failure.

    At most one batch per connection is in memory. `on_batch` is called after each that was taken, one at a time.
    """
    sent, reading, counting, stop = Sent(), threading.Lock(), threading.Lock(), threading.Event()

    def next_batch() -> Batch | None:
        with reading:
            return None if stop.is_set() else next(batches, None)

    def work() -> None:
        line = _Line(urlsplit(to), write_key, stop)
        try:
            while batch := next_batch():
                answer = line.post(batch)
                with counting:
                    sent.count(*answer)
                    on_batch(batch)
        except BaseException:
            stop.set()
            raise
        finally:
            line.close()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        workers = [pool.submit(work) for _ in range(CONNECTIONS)]
        try:
            for worker in workers:
                worker.result()
        finally:
            stop.set()
    return sent


class _Line:
    """One kept-alive connection to a collector."""

    def __init__(self, address: SplitResult, write_key: str, stop: threading.Event) -> None:
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        self._connection = kind(address.hostname or "", address.port, timeout=TIMEOUT)
        self._path = f"{address.path.rstrip('/')}/collect"
        self._write_key = write_key
        self._stop = stop

    def post(self, batch: Batch) -> tuple[int, list[dict[str, str]]]:
        """How many events of a batch were accepted, and the rejected ones."""
        body = gzip.compress(json.dumps({"batch": batch.events}, separators=(",", ":")).encode(), 1, mtime=0)
        trouble = ""
        for attempt in range(ATTEMPTS):
            status, answer, wait = self._try(batch.user_agent, body)
            if status == 202:
                taken = json.loads(answer)
                return taken["accepted"], taken["rejected"]
            trouble = _trouble(status, answer)
            if status not in TRY_AGAIN:
                break
            if self._stop.wait(min(wait or random.uniform(0, 0.5 * 2**attempt), LONGEST_WAIT)):
                break
        raise NotTaken(f"{self._path} {trouble}")

    def _try(self, user_agent: str, body: bytes) -> tuple[int, bytes, float]:
        """The answer's status, body and Retry-After in seconds; a connection that breaks counts as a 503."""
        headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "User-Agent": user_agent,
            "X-Api-Key": self._write_key,
        }
        try:
            self._connection.request("POST", self._path, body, headers)
            response: HTTPResponse = self._connection.getresponse()
            return response.status, response.read(), _seconds(response.getheader("Retry-After"))
        except (OSError, HTTPException) as error:
            self._connection.close()
            return 503, json.dumps({"detail": str(error) or type(error).__name__}).encode(), 0

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else 0.0


def _trouble(status: int, answer: bytes) -> str:
    try:
        said = json.loads(answer)
    except ValueError:
        said = {}
    detail = said.get("detail") or said.get("message") if isinstance(said, dict) else None
    return f"answers {status}: {detail}" if detail else f"answers {status}"
