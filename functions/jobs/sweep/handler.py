"""jobs/sweep: has the sessions that were touched lately recomputed, which heals what two concurrent recomputes left.

It writes nothing itself: it asks etl/events, the one writer of sessions, through the events queue. A session that is
right already is not written again, so a sweep after a sweep changes nothing. Feedback whose text was read by another
version of the project, or by none, is read anew, so many a time.
"""

from collections.abc import Iterator
from datetime import timedelta

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.aws.queues import send
from footfall.chunks import chunks
from footfall.clock import now
from footfall.observability import logger, telling_codes
from footfall.schemas.feedback import FeedbackText
from footfall.schemas.message import EventsMessage, Span
from footfall.schemas.session import SessionSpan
from footfall.sentiment.version import VERSION
from footfall.settings import EventsQueueSettings, from_environment
from footfall.sites import site_ids
from footfall.stores.collections import feedback, user_sessions
from footfall.stores.mongo import answering, database

LOOK_BACK = timedelta(minutes=20)
SPANS_PER_MESSAGE = 500
TEXTS_A_SWEEP = 1_000


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> dict[str, int]:
    """Sweep every site, or the one that is asked for.

    Returns how many sessions are being rechecked, and how many texts of feedback read anew.
    """
    with answering():
        asked = event.get("site_id")
        sites = [asked] if isinstance(asked, str) else site_ids(database())
        swept = {"sessions": sum(map(_sweep, sites)), "feedback": sum(map(_have_read, sites))}
    logger().info("swept", extra=swept)
    return swept


def _sweep(site_id: str) -> int:
    swept = 0
    for spans in chunks(_touched_lately(site_id), SPANS_PER_MESSAGE):
        _ask(EventsMessage(site_id=site_id, source="sweep", received_at=now(), recheck=spans))
        swept += len(spans)
    return swept


def _have_read(site_id: str) -> int:
    otherwise = {"site_id": site_id, "text": {"$type": "string"}, "sentiment.version": {"$ne": VERSION}}
    asked = [each["event_id"] for each in feedback.read(database(), FeedbackText, otherwise).limit(TEXTS_A_SWEEP)]
    if asked:
        _ask(EventsMessage(site_id=site_id, source="sweep", received_at=now(), reread=asked))
    return len(asked)


def _ask(message: EventsMessage) -> None:
    send(from_environment(EventsQueueSettings).events_queue_url, message.site_id, [message.model_dump_json()])


def _touched_lately(site_id: str) -> Iterator[Span]:
    lately = {"site_id": site_id, "computed_at": {"$gte": now() - LOOK_BACK}}
    for session in user_sessions.read(database(), SessionSpan, lately):
        yield Span(visitor_id=session["visitor_id"], since=session["started_at"], until=session["ended_at"])
