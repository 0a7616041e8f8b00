"""Faults of the queue: it refuses messages, brings them twice, late and in any order, or is flooded by one site."""

import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import quantiles
from typing import Any

from tests.faults.pipeline import THROUGH_DOOR, Setting
from tests.faults.traffic import Body
from tests.faults.trial import Scenario, Trial

BAD_SHARE = 0.5
LARGE_BODIES = 4
SENT_AGAIN = 0.1
NOISY, *QUIET = Setting.sites
CALM_SECONDS = 3.0
CALM_RATE = 100
TIMES = 10


def send_fails_in_part(trial: Trial) -> str:
    """Of the calls that send to SQS half are throttled, refused in part, or taken and never answered."""
    trial.send_large(LARGE_BODIES)
    trial.send(tries=1)  # as beacons are sent: once, whatever the answer
    maimed = trial.pipeline.sqs_door.maimed
    trial.expect(maimed.total() > 0, "no call was maimed")
    return ", ".join(f"{times} {how}" for how, times in sorted(maimed.items()) if times)


def disordered_delivery(trial: Trial) -> str:
    """Three messages in ten come twice, three in ten late, all in any order; clients send some bodies again."""
    again = 0

    def bodies() -> Iterator[Body]:
        nonlocal again
        for body in trial.traffic.bodies(trial.events):
            yield body
            if trial.traffic.random.random() < SENT_AGAIN:
                again += 1
                yield body

    trial.send(bodies())
    trial.pipeline.settle()
    return f"{again} bodies sent again, {trial.pipeline.etl.receives.total()} deliveries"


def burst(trial: Trial) -> str:
    """One of four sites sends ten times what all sent before, as fast as it can; the others go on as ever."""
    calm = trial.traffic.bodies(int(min(trial.events / TIMES, CALM_RATE * CALM_SECONDS)))
    trial.send(_paced(calm, CALM_RATE))
    left, started = trial.events - len(trial.ledger.sent), time.monotonic()
    trial.send(_paced(_noise(trial, left), CALM_RATE * TIMES))
    sent = time.monotonic() - started
    trial.pipeline.settle()
    drained = time.monotonic() - started
    dwell = {site_id: _dwell(trial, site_id) for site_id in trial.traffic.sites}
    quiet = max(dwell[site_id] for site_id in QUIET)
    return (
        f"{left / sent:,.0f} events/s after {CALM_RATE}/s, drained {drained - sent:.1f} s later; "
        f"p95 until taken up: quiet sites {quiet:.1f} s, {NOISY} {dwell[NOISY]:.1f} s"
    )


def _noise(trial: Trial, events: int) -> Iterator[Body]:
    # nine bodies of the noisy site to one of any other
    number = 0
    while events > 0:
        length = min(events, trial.traffic.random.randint(1, 40))
        number += 1
        yield trial.traffic.body(length, QUIET[number // TIMES % len(QUIET)] if number % TIMES == 0 else NOISY)
        events -= length


def _paced(bodies: Iterator[Body], events_per_second: float) -> Iterator[Body]:
    # bodies when they are due, whether or not earlier ones have been answered
    due = time.monotonic()
    for body in bodies:
        time.sleep(max(0.0, due - time.monotonic()))
        yield body
        due += len(body.events) / events_per_second


def _dwell(trial: Trial, site_id: str) -> float:
    # the seconds in which 95 % of a site's events were taken up by etl/events
    found = trial.pipeline.database["events"].find({"site_id": site_id}, {"received_at": 1, "processed_at": 1})
    times = [_seconds(event) for event in found]
    return quantiles(times, n=20)[-1] if len(times) > 1 else 0.0


def _seconds(event: dict[str, Any]) -> float:
    took: timedelta = event["processed_at"] - event["received_at"]
    return took.total_seconds()


SCENARIOS = (
    Scenario("send_fails_in_part", Setting(sqs_door=BAD_SHARE), send_fails_in_part),
    Scenario("disordered_delivery", Setting(disorder=True), disordered_delivery),
    Scenario("burst", THROUGH_DOOR, burst),
)
