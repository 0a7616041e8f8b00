"""One trial: a pipeline, its traffic, one fault, and the count at the end."""

import gzip
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults.ledger import Count, Ledger
from tests.faults.mongods import wait_until
from tests.faults.pipeline import Pipeline, Setting
from tests.faults.traffic import Body, Traffic

CLIENTS = 2
SHORT = 2_000
"""A trial of fewer events is a short one, and spares what takes long and shows little more."""
TRIES = 8
LARGE_BODY = 120
LARGE_NOTE = 4_000
OTHER_NUMBERS = 10**6
STRIKE_SECONDS = 60.0


class NeverStruck(Exception):
    """Raised when a scenario's fault never met the pipeline, which would prove nothing; the message says how."""


@dataclass(frozen=True)
class Outcome:
    """What one trial came to; `reached` says where the fault struck."""

    name: str
    count: Count
    reached: str
    dead_letters: int
    again: int
    seconds: float


@dataclass
class Trial:
    """What a scenario works with."""

    pipeline: Pipeline
    traffic: Traffic
    ledger: Ledger
    events: int
    progress: Callable[[int], None]

    @property
    def short(self) -> bool:
        """Whether this trial has to be over soon."""
        return self.events < SHORT

    def send(self, bodies: Iterator[Body] | None = None, tries: int = TRIES) -> None:
        """Send bodies (all of the trial's events by default) as some clients do, and wait for their answers."""
        given = self.traffic.bodies(self.events) if bodies is None else bodies
        with ThreadPoolExecutor(1 if self.short else CLIENTS) as clients:
            list(clients.map(lambda body: self.deliver(body, tries=tries), given))

    def send_large(self, bodies: int) -> None:
        """Send bodies of padded events, each of which is more than one message and so more than one call of SQS."""
        padded = Traffic(f"large {self.traffic.random.random()}", padding=LARGE_NOTE, after=OTHER_NUMBERS)
        for _ in range(bodies):
            self.deliver(padded.body(LARGE_BODY), packed=True)

    @contextmanager
    def sending(self) -> Iterator["Future[None]"]:
        """While the context lasts, clients send all of the trial's events; at its end all are sent."""
        with ThreadPoolExecutor(1) as background:
            sent = background.submit(self.send)
            yield sent
        sent.result()

    def deliver(self, body: Body, *, packed: bool = False, tries: int = TRIES) -> bool:
        """Sends one body, and again until it is known to be safe, as a client does; returns whether it is at last."""
        self.ledger.send(body)
        text = gzip.compress(body.text.encode()) if packed else body.text.encode()
        for attempt in range(tries):
            answer = self.pipeline.post(body.site_id, text, body.path, "gzip" if packed else "identity")
            if answer and answer.status in (200, 202):
                self.ledger.acknowledge(body)
                self.progress(len(body.events))
                return True
            assert answer is None or answer.status >= 500, answer.body
            time.sleep(0.05 * 2**attempt)
        return False

    def put(self, body: Body, text: str, group: str) -> None:
        """Put a message straight into the queue, as a producer of our own does; SQS' answer makes it safe."""
        self.ledger.send(body)
        self.pipeline.put(group, text)
        self.ledger.acknowledge(body)

    def expect(self, held: bool, otherwise: str) -> None:
        """Note what else has to be true besides the ledger's balance."""
        if not held:
            self.ledger.problems.append(otherwise)

    def await_strike(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until the fault has met the pipeline; raises NeverStruck."""
        if not wait_until(happened, STRIKE_SECONDS):
            raise NeverStruck(f"in {STRIKE_SECONDS:.0f} s {what} never happened")


Inject = Callable[[Trial], str]


@dataclass(frozen=True)
class Scenario:
    """One fault: the pipeline it is injected into, and what does it and heals it again."""

    name: str
    setting: Setting
    inject: Inject

    @property
    def summary(self) -> str:
        """What happens, in a line."""
        return (self.inject.__doc__ or "").splitlines()[0]


def run(
    scenario: Scenario,
    pipeline: Pipeline,
    events: int,
    seed: int,
    progress: Callable[[int], None] = lambda events: None,
) -> Outcome:
    """Lets one fault into a pipeline, has it heal, lets everything settle, and returns what the count came to."""
    started = time.monotonic()
    pipeline.clear()
    trial = Trial(pipeline, Traffic(f"{scenario.name} {seed}", pipeline.setting.sites), Ledger(), events, progress)
    reached = scenario.inject(trial)
    settled = pipeline.settle()
    count = trial.ledger.count(pipeline.database, pipeline.waiting() if not settled else ())
    return Outcome(scenario.name, count, reached, pipeline.redriven, pipeline.etl.again, time.monotonic() - started)
