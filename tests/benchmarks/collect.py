"""collect's handler on a body of 50 events, beside pydantic alone parsing the same body.

`python -m tests.benchmarks.collect`.
"""

import time
from statistics import median

from footfall.identity import new_write_key
from footfall.schemas.event import IncomingEvent
from pydantic import BaseModel

from tests.benchmarks.pipeline import BATCH, KEY_SECRET, collect_without_queue, requests, visits
from tests.benchmarks.rows import Row, show
from tests.support.builders import LambdaContext

BODIES = 400
TARGET = 3


class Body(BaseModel):
    """What a body holds, as plainly as pydantic can say it."""

    batch: list[IncomingEvent]


def run() -> list[Row]:
    """Measures both on each body in turn, so that other load falls on both alike; returns rows."""
    handler = collect_without_queue(lambda _bodies: None)
    ours, alone = [], []
    for call in requests(list(visits(0, BODIES * BATCH)), new_write_key("demo", KEY_SECRET)):
        body = call["body"].encode()
        began = time.perf_counter()
        answer = handler(call, LambdaContext())
        between = time.perf_counter()
        Body.model_validate_json(body)
        alone.append(time.perf_counter() - between)
        ours.append(between - began)
        assert answer["statusCode"] == 202, answer
    handled, parsed = median(ours), median(alone)
    return [
        Row(
            f"collect's handler, {BATCH} events, p50",
            f"{handled * 1000:.2f} ms",
            f"pydantic alone {parsed * 1000:.2f} ms",
            f"{handled / parsed:.1f}",
            f"≤ {TARGET}",
        )
    ]


if __name__ == "__main__":
    show("collect", run())
