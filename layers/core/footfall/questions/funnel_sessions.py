"""Which session an event belongs to, as numbers, by the same rule as etl/events' sessions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from footfall.chunks import chunks
from footfall.questions.funnel_query import FunnelQuery
from footfall.schemas.event import NOT_A_VISIT, VIEW_TYPES, StepEvent
from footfall.schemas.session import SessionSpan
from footfall.sessions.fold import SILENCE, SessionKey, key_of, session_at
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import database

VISITORS_PER_QUERY = 20_000
Session = SessionKey | str
"""A session by its key, where only one of that key can be meant, else by its id."""


def session_numbers(query: FunnelQuery, events: Sequence[StepEvent]) -> list[int | None]:
    """Returns a number for each event's session, of events in order; None for an event that belongs to none."""
    keys = [None if event["type"] in NOT_A_VISIT else key_of(event) for event in events]
    doubtful = _doubtful(events, keys)
    spans = _spans(query, doubtful)
    numbers: dict[Session, int] = {}
    sessions = [
        _session_id(session_at(event["timestamp"], spans.get(key, []))) if key in doubtful else key
        for event, key in zip(events, keys, strict=True)
    ]
    return [None if session is None else numbers.setdefault(session, len(numbers)) for session in sessions]


def _doubtful(events: Iterable[StepEvent], keys: Iterable[SessionKey | None]) -> set[SessionKey]:
    # Events of one client's id are one session when there is a view among them and no day is silent. Where these
    # events alone leave a day between them, others may fill it, and a page may have been viewed that is no step; of
    # events without a client's id only the sessions tell.
    silent: set[SessionKey] = set()
    viewed: set[SessionKey] = set()
    latest: dict[SessionKey, datetime] = {}
    for event, key in zip(events, keys, strict=True):
        if key is None:
            continue
        moment = event["timestamp"]
        if key[1] is None or moment - latest.get(key, moment) > SILENCE:
            silent.add(key)
        if event["type"] in VIEW_TYPES:
            viewed.add(key)
        latest[key] = moment
    return silent | (latest.keys() - viewed)


def _session_id(session: SessionSpan | None) -> str | None:
    return session["session_id"] if session else None


def _spans(query: FunnelQuery, keys: Iterable[SessionKey]) -> dict[SessionKey, list[SessionSpan]]:
    # the sessions of each key that may hold events of the range, in order
    spans: defaultdict[SessionKey, list[SessionSpan]] = defaultdict(list)
    for session in _read(query, {visitor_id for visitor_id, _ in keys}):
        spans[session["visitor_id"], session["client_session_id"]].append(session)
    return {key: sorted(found, key=_begin_and_end) for key, found in spans.items()}


def _begin_and_end(span: SessionSpan) -> tuple[datetime, datetime, str]:
    return span["started_at"], span["ended_at"], span["session_id"]


def _read(query: FunnelQuery, visitors: Iterable[str]) -> Iterator[SessionSpan]:
    for some in chunks(sorted(visitors), VISITORS_PER_QUERY):
        condition = {
            "site_id": query.rollups.site.site_id,
            "visitor_id": {"$in": some},
            "started_at": {"$lt": query.days.end},
            "ended_at": {"$gte": query.days.start},
        }
        yield from user_sessions.read(database(), SessionSpan, condition, session=query.rollups.session)
