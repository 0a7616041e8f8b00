"""Stored events back through etl/events, which derives everything from them anew."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from footfall.aws.queues import send
from footfall.clock import now
from footfall.errors import NotFound
from footfall.schemas.etl import Reprocessing
from footfall.schemas.event import EVENT_TYPES
from footfall.schemas.message import EventsMessage
from footfall.settings import EventsQueueSettings, from_environment
from footfall.stores.mongo import database

EVENTS_PER_MESSAGE = 500


def reprocess(site_id: str, event_type: str, since: datetime | None, limit: int) -> Reprocessing:
    """Ask etl/events to derive anew from a site's newest events of a type; raises NotFound for an unknown type."""
    if event_type not in EVENT_TYPES | {"custom"}:
        raise NotFound("no event is stored under this type; /events/count names those that are")
    ids = _newest(site_id, event_type, since, limit)
    bodies, events = [], 0
    while part := list(islice(ids, EVENTS_PER_MESSAGE)):
        message = EventsMessage(site_id=site_id, source="reprocess", received_at=now(), reprocess=part)
        bodies.append(message.model_dump_json())
        events += len(part)
    send(from_environment(EventsQueueSettings).events_queue_url, site_id, bodies)
    return Reprocessing(event_type=event_type, events=events, messages=len(bodies))


def _newest(site_id: str, event_type: str, since: datetime | None, limit: int) -> Iterator[str]:
    query: dict[str, Any] = {"site_id": site_id, "type": event_type}
    if since:
        query["timestamp"] = {"$gte": since}
    found = database()["events"].find(query, {"event_id": True}).sort("timestamp", -1).limit(limit)
    return (event["event_id"] for event in found)
