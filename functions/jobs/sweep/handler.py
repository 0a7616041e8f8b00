"""jobs/sweep: has the sessions that were touched lately recomputed, which heals what two concurrent recomputes left.

It writes nothing itself: it asks etl/events, the one writer of sessions, through the events queue. A session that is
right already is not written again, so a sweep after a sweep changes nothing.
"""

from collections.abc import Iterator
from datetime import timedelta

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.aws.queues import send
from footfall.chunks import chunks
from footfall.clock import now
from footfall.observability import logger
from footfall.schemas.message import EventsMessage, Span
from footfall.schemas.session import SessionSpan
from footfall.settings import EventsQueueSettings, from_environment
from footfall.sites import site_ids
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import answering, database

LOOK_BACK = timedelta(minutes=20)
SPANS_PER_MESSAGE = 500


def handler(event: JsonObject, context: LambdaContext) -> dict[str, int]:
    """Sweep every site; returns how many sessions are being rechecked."""
    with answering():
        swept = sum(_sweep(site_id) for site_id in site_ids(database()))
    logger().info("swept", extra={"sessions": swept})
    return {"sessions": swept}


def _sweep(site_id: str) -> int:
    swept = 0
    for spans in chunks(_touched_lately(site_id), SPANS_PER_MESSAGE):
        message = EventsMessage(site_id=site_id, source="sweep", received_at=now(), recheck=spans)
        send(from_environment(EventsQueueSettings).events_queue_url, site_id, [message.model_dump_json()])
        swept += len(spans)
    return swept


def _touched_lately(site_id: str) -> Iterator[Span]:
    lately = {"site_id": site_id, "computed_at": {"$gte": now() - LOOK_BACK}}
    for session in user_sessions.read(database(), SessionSpan, lately):
        yield Span(visitor_id=session["visitor_id"], since=session["started_at"], until=session["ended_at"])
