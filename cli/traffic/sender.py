"""Sends batches as browsers do: each gzipped, with its own user agent, over several connections at once."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from cli.client import Client, CliError, CollectAnswer, Rejection, error_text
from cli.traffic.shop import Batch

CONNECTIONS = 8


@dataclass
class Sent:
    """How many events were accepted and refused so far, and why the first of them was refused."""

    accepted: int = 0
    refused: int = 0
    reason: str | None = None

    def count(self, accepted: int, rejected: list[Rejection]) -> None:
        """Add the answer to one batch."""
        self.accepted += accepted
        self.refused += len(rejected)
        self.reason = self.reason or (rejected[0]["message"] if rejected else None)


def send_batches(batches: Iterator[Batch], client: Client, on_batch: Callable[[Batch], None]) -> Sent:
    """Returns how many events collect accepted; raises CliError at the first batch that is not taken.

    At most one batch per connection is in memory. `on_batch` is called after each batch, one at a time.
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


def _post(client: Client, batch: Batch) -> CollectAnswer:
    body = gzip.compress(json.dumps({"batch": batch.events}, separators=(",", ":")).encode(), 1, mtime=0)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "User-Agent": batch.user_agent}
    response = client.post_events(body, headers)
    if response.status_code != httpx.codes.ACCEPTED:
        raise CliError(f"/collect at {client.url} answers {response.status_code}: {error_text(response)}")
    answer: CollectAnswer = response.json()
    return answer
