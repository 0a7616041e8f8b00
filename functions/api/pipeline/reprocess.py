"""Stored events back through etl/events, which derives everything from them anew."""

from collections.abc import Iterator
from datetime import datetime

from footfall.aws.queues import send
from footfall.chunks import chunks
from footfall.clock import now
from footfall.errors import NotFound
from footfall.schemas.event import EVENT_TYPES
from footfall.schemas.message import EventsMessage
from footfall.settings import EventsQueueSettings, from_environment
from footfall.stores.collections import events
from footfall.stores.mongo import Condition, answering, database
from pydantic import BaseModel, Field

EVENTS_PER_MESSAGE = 500


class Reprocessing(BaseModel):
    """Stored events from which sessions, people, orders and daily figures are being derived anew."""

    event_type: str
    events: int = Field(description="how many are read again")
    messages: int = Field(description="in how many messages")


@answering()
def reprocess(site_id: str, event_type: str, since: datetime | None, limit: int) -> Reprocessing:
    """Ask etl/events to derive anew from a site's newest events of a type; returns how many, raises NotFound."""
    if event_type not in EVENT_TYPES | {"custom"}:
        raise NotFound("no event is stored under this type; /events/count names those that are")
    parts = list(chunks(_newest(site_id, event_type, since, limit), EVENTS_PER_MESSAGE))
    messages = [EventsMessage(site_id=site_id, source="reprocess", received_at=now(), reprocess=part) for part in parts]
    bodies = [message.model_dump_json() for message in messages]
    send(from_environment(EventsQueueSettings).events_queue_url, site_id, bodies)
    return Reprocessing(event_type=event_type, events=sum(map(len, parts)), messages=len(bodies))


def _newest(site_id: str, event_type: str, since: datetime | None, limit: int) -> Iterator[str]:
    query: Condition = {"site_id": site_id, "type": event_type, **({"timestamp": {"$gte": since}} if since else {})}
    found = events.of(database()).find(query, {"event_id": True}).sort("timestamp", -1).limit(limit)
    return (event["event_id"] for event in found)
