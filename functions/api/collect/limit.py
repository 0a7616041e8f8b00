"""How many events a site may send: a token bucket for each site, in each execution environment.

An environment serves one request at a time and shares nothing with the others, so a site's limit holds in each of them;
the gateway's throttle bounds how many there are.
"""

import math
import time
from dataclasses import dataclass

from footfall.errors import TooMany

BURST_SECONDS = 10
"""So many seconds' worth of events may come at once."""


@dataclass
class Bucket:
    """What a site may still send, in events; below nothing after a batch that was larger than what was left."""

    events: float
    filled_at: float


_buckets: dict[str, Bucket] = {}


def spend(site_id: str, events: int, per_second: float | None) -> None:
    """Take events out of a site's bucket; raises TooMany when it is empty. Without a limit nothing is counted."""
    if not per_second:
        return
    moment = time.monotonic()
    bucket = _buckets.setdefault(site_id, Bucket(per_second * BURST_SECONDS, moment))
    refilled = bucket.events + (moment - bucket.filled_at) * per_second
    bucket.events, bucket.filled_at = min(refilled, per_second * BURST_SECONDS), moment
    if bucket.events < 1:
        seconds = math.ceil((1 - bucket.events) / per_second)
        raise TooMany(f"the site may send {per_second:g} events a second; try again in {seconds} s", seconds)
    bucket.events -= events
