"""What collect is told of each site, from S3: read once a minute; while it cannot be read, the last good one holds."""

import time
from typing import NamedTuple

from cachetools import LRUCache
from footfall.aws.objects import get, quick_s3
from footfall.errors import Unavailable
from footfall.observability import logger
from footfall.schemas.sending import SendingRules, place_of
from footfall.settings import SendingSettings, from_environment
from pydantic import ValidationError

FRESH_SECONDS = 50.0
"""So that a change is known within a minute, whatever the reading takes."""
AGAIN_SECONDS = 5.0
"""After what could not be read."""
MOST_BYTES = 200_000
CANNOT_BE_READ = "who may send a site's events cannot be read"
"""What an alarm listens for in the log (infra/alarms.py)."""


class Known(NamedTuple):
    """A site's rules, and until when they need not be read again."""

    fresh_until: float
    rules: SendingRules


_known: LRUCache[str, Known] = LRUCache(maxsize=10_000)


def rules_of(site_id: str) -> SendingRules:
    """Returns who may send a site's events; raises Unavailable where that cannot be read and never was."""
    known = _known.get(site_id)
    if known and time.time() < known.fresh_until:
        return known.rules
    try:
        rules, seconds = _read(site_id), FRESH_SECONDS
    except (Unavailable, ValidationError) as error:
        logger().error(CANNOT_BE_READ, extra={"site_id": site_id, "error": type(error).__name__})
        if known is None:
            raise Unavailable(CANNOT_BE_READ) from None
        rules, seconds = known.rules, AGAIN_SECONDS
    _known[site_id] = Known(time.time() + seconds, rules)
    return rules


def _read(site_id: str) -> SendingRules:
    body = get(from_environment(SendingSettings).sending_bucket, place_of(site_id), MOST_BYTES, quick_s3)
    return SendingRules(site_id=site_id) if body is None else SendingRules.model_validate_json(body)
