"""Sending batches as browsers do: each gzipped and under its own user agent, over some connections at once."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from cli.client import Client, CliError, said_by
from cli.traffic.shop import Batch

CONNECTIONS = 8


@dataclass
class Sent:
    """What became of the events so far: those taken durably, and those refused with the first refusal's reason."""

    accepted: int = 0
    refused: int = 0
    reason: str | None = None

    def count(self, accepted: int, rejected: list[dict[str, str]]) -> None:
        """Add the answer to one batch."""
        self.accepted += accepted
        self.refused += len(rejected)
        self.reason = self.reason or (rejected[0]["message"] if rejected else None)


def send_batches(batches: Iterator[Batch], client: Client, on_batch: Callable[[Batch], None]) -> Sent:
    """Post every batch to collect; raises CliError at the first that is not taken.

    At most one batch per connection is in memory. `on_batch` is called after each that was taken, one at a time.
    """
    sent, reading, counting, stop = Sent(), threading.Lock(), threading.Lock(), threading.Event()

    def next_batch() -> Batch | None:
        with reading:
            return None if stop.is_set() else next(batches, None)

    def work() -> None:
        try:
            while batch := next_batch():
                answer = _post(client, batch)
                with counting:
                    sent.count(answer["accepted"], answer["rejected"])
                    on_batch(batch)
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        workers = [pool.submit(work) for _ in range(CONNECTIONS)]
        try:
            for worker in workers:
                worker.result()
        finally:
            stop.set()
    return sent


def _post(client: Client, batch: Batch) -> dict[str, Any]:
    body = gzip.compress(json.dumps({"batch": batch.events}, separators=(",", ":")).encode(), 1, mtime=0)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "User-Agent": batch.user_agent}
    response = client.post_events(body, headers)
    if response.status_code != httpx.codes.ACCEPTED:
        raise CliError(f"collect at {client.url} answers {response.status_code}: {said_by(response)}")
    answer: dict[str, Any] = response.json()
    return answer
