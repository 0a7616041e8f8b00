"""How far what was taken is stored: what the events queue still holds, and what could not be processed, is not."""

from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.queue_ages import oldest_ages
from footfall.aws.queues import depth
from footfall.clock import now
from footfall.observability import logger
from footfall.schemas.ledger import LedgerMoment
from footfall.settings import WatermarkSettings, from_environment
from footfall.stores.collections import ledger
from footfall.stores.mongo import database

COMES_BACK = timedelta(days=24)
"""So long a message that failed may come back: from its queue, and then from among the dead letters."""


def emptied_to() -> datetime | None:
    """Returns a moment: every message that was sent before it has left the events queue. None where SQS does not tell.

    It is now where the queue is empty, else when its oldest message was sent, as CloudWatch last saw it.
    """
    url, moment = from_environment(WatermarkSettings).events_queue_url, now()
    if not url:
        return None
    try:
        found = depth(url)
    except (BotoCoreError, ClientError):
        logger().warning("SQS does not tell what waits in the events queue")
        return None
    if not found["waiting"] + found["in_flight"]:
        return moment
    age = oldest_ages([url])[url]
    return age.sent_since if age else None


def received_to(site_id: str, emptied: datetime | None) -> datetime | None:
    """Returns before when a site's events were taken that are all stored, of a queue that is emptied so far."""
    failed = {"site_id": site_id, "waiting": {"$gt": 0}, "at": {"$gte": now() - COMES_BACK}}
    oldest = next(ledger.read(database(), LedgerMoment, failed).sort("at", 1).limit(1), None)
    return min(emptied, oldest["at"]) if emptied and oldest else emptied
