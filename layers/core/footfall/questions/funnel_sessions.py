"""Which session an event belongs to, as numbers: by the client's session id, else by the visitor's sessions by gap."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from footfall.chunks import chunks
from footfall.questions.funnel_query import FunnelQuery
from footfall.schemas.event import StepEvent
from footfall.schemas.session import SessionSpan
from footfall.sessions.fold import NOT_A_VISIT
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import database

VISITORS_PER_QUERY = 20_000


def session_numbers(query: FunnelQuery, events: Sequence[StepEvent]) -> list[int | None]:
    """Returns a number for each event's session; None for an event that belongs to none."""
    spans = _derived_sessions(query, {event["visitor_id"] for event in events if not event.get("session_id")})
    numbers: dict[str, int] = {}
    session_ids = [_session_id(event, spans.get(event["visitor_id"], [])) for event in events]
    return [None if found is None else numbers.setdefault(found, len(numbers)) for found in session_ids]


def _session_id(event: StepEvent, spans: Sequence[SessionSpan]) -> str | None:
    if event["type"] in NOT_A_VISIT:
        return None
    if session_id := event.get("session_id"):
        return session_id
    before = bisect_right(spans, event["timestamp"], key=lambda span: span["started_at"])
    if not before:
        return None
    span = spans[before - 1]
    return span["session_id"] if event["timestamp"] <= span["ended_at"] else None


def _derived_sessions(query: FunnelQuery, visitors: Iterable[str]) -> dict[str, list[SessionSpan]]:
    # each visitor's sessions by gap that may hold events of the range, in order
    spans: defaultdict[str, list[SessionSpan]] = defaultdict(list)
    for session in _read(query, visitors):
        spans[session["visitor_id"]].append(session)
    return {visitor: sorted(found, key=_begin_and_end) for visitor, found in spans.items()}


def _begin_and_end(span: SessionSpan) -> tuple[datetime, datetime, str]:
    return span["started_at"], span["ended_at"], span["session_id"]


def _read(query: FunnelQuery, visitors: Iterable[str]) -> Iterator[SessionSpan]:
    for some in chunks(sorted(visitors), VISITORS_PER_QUERY):
        condition = {
            "site_id": query.rollups.site.site_id,
            "visitor_id": {"$in": some},
            "started_at": {"$lt": query.days.end},
            "ended_at": {"$gte": query.days.start},
            "derived": True,
        }
        yield from user_sessions.read(database(), SessionSpan, condition, session=query.rollups.session)
