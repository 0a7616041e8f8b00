"""jobs/sweep: has the sessions that were touched lately recomputed, which heals what two concurrent recomputes left.

It writes nothing itself: it asks etl/events, the one writer of sessions, through the events queue. A session that is
right already is not written again, so a sweep after a sweep changes nothing.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from footfall.aws.queues import send
from footfall.clock import now
from footfall.observability import logger
from footfall.schemas.message import EventsMessage, Span
from footfall.settings import EventsQueueSettings, from_environment
from footfall.stores.mongo import answering, database

LOOK_BACK = timedelta(minutes=20)
SPANS_PER_MESSAGE = 500


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Sweep every site; the answer is how many sessions are being rechecked."""
    with answering():
        swept = sum(_sweep(site["_id"]) for site in database()["sites"].find({}, {"_id": 1}))
    logger().info("swept", extra={"sessions": swept})
    return {"sessions": swept}


def _sweep(site_id: str) -> int:
    spans = _touched_lately(site_id)
    swept = 0
    while part := list(islice(spans, SPANS_PER_MESSAGE)):
        message = EventsMessage(site_id=site_id, source="sweep", received_at=now(), recheck=part)
        send(from_environment(EventsQueueSettings).events_queue_url, site_id, [message.model_dump_json()])
        swept += len(part)
    return swept


def _touched_lately(site_id: str) -> Iterator[Span]:
    sessions = database()["user_sessions"].find(
        {"site_id": site_id, "computed_at": {"$gte": now() - LOOK_BACK}},
        {"visitor_id": 1, "started_at": 1, "ended_at": 1},
    )
    for session in sessions:
        yield Span(visitor_id=session["visitor_id"], since=session["started_at"], until=session["ended_at"])
