"""Which session an event belongs to, as numbers: by the client's session id, else by the visitor's sessions by gap."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from footfall.schemas.event import StepEvent
from footfall.sessions.fold import NOT_A_VISIT
from footfall.stores.mongo import database

from .question import Asked

Document = dict[str, Any]
SPAN = {"_id": 0, "visitor_id": 1, "started_at": 1, "ended_at": 1, "session_id": 1}
VISITORS_PER_QUESTION = 20_000


def session_numbers(asked: Asked, events: list[StepEvent]) -> list[int | None]:
    """A number for each event's session; None for an event that belongs to none."""
    spans = _derived_sessions(asked, {event["visitor_id"] for event in events if not event.get("session_id")})
    numbers: dict[str, int] = {}
    session_ids = [_session_id(event, spans.get(event["visitor_id"], [])) for event in events]
    return [None if found is None else numbers.setdefault(found, len(numbers)) for found in session_ids]


def _session_id(event: StepEvent, spans: list[tuple[datetime, datetime, str]]) -> str | None:
    if event["type"] in NOT_A_VISIT:
        return None
    if session_id := event.get("session_id"):
        return str(session_id)
    before = bisect_right(spans, event["timestamp"], key=lambda span: span[0])
    if not before:
        return None
    _, ended_at, session_id = spans[before - 1]
    return session_id if event["timestamp"] <= ended_at else None


def _derived_sessions(asked: Asked, visitors: Iterable[str]) -> dict[str, list[tuple[datetime, datetime, str]]]:
    """Each visitor's sessions by gap that may hold events of the range, in order."""
    spans: defaultdict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
    for session in _read(asked, visitors):
        spans[session["visitor_id"]].append((session["started_at"], session["ended_at"], session["session_id"]))
    return {visitor: sorted(found) for visitor, found in spans.items()}


def _read(asked: Asked, visitors: Iterable[str]) -> Iterator[Document]:
    remaining = iter(sorted(visitors))
    while part := list(islice(remaining, VISITORS_PER_QUESTION)):
        query = {
            "site_id": asked.rollups.site.site_id,
            "visitor_id": {"$in": part},
            "started_at": {"$lt": asked.days.end},
            "ended_at": {"$gte": asked.days.start},
            "derived": True,
        }
        yield from database()["user_sessions"].find(query, SPAN, session=asked.rollups.session)
