"""Which session each event belongs to, as the lake knows sessions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from pymongo.client_session import ClientSession

from footfall.chunks import chunks
from footfall.days import DayRange
from footfall.lake.contents import session_number
from footfall.schemas.event import NOT_A_VISIT, StepEvent
from footfall.schemas.session import SessionSpan
from footfall.sessions.fold import SessionKey, key_of
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import Mongo

VISITORS_PER_QUERY = 20_000


def session_numbers(
    database: Mongo, site_id: str, events: Sequence[StepEvent], days: DayRange, session: ClientSession | None = None
) -> list[int]:
    """Returns the number of the session of each event of some days; 0 for one that belongs to none."""
    spans: defaultdict[SessionKey, list[tuple[SessionSpan, int]]] = defaultdict(list)
    for span in _read(database, site_id, {event["visitor_id"] for event in events}, days, session):
        spans[span["visitor_id"], span["client_session_id"]].append((span, session_number(span["session_id"])))
    for found in spans.values():
        found.sort(key=lambda each: each[0]["started_at"])
    return [0 if event["type"] in NOT_A_VISIT else _number(event, spans.get(key_of(event), [])) for event in events]


def _number(event: StepEvent, spans: Sequence[tuple[SessionSpan, int]]) -> int:
    # mostly there is one
    for span, number in reversed(spans):
        if span["started_at"] <= event["timestamp"]:
            return number if event["timestamp"] <= span["ended_at"] else 0
    return 0


def _read(
    database: Mongo, site_id: str, visitors: Iterable[str], days: DayRange, session: ClientSession | None
) -> Iterator[SessionSpan]:
    for some in chunks(sorted(visitors), VISITORS_PER_QUERY):
        during = {"started_at": {"$lt": days.end}, "ended_at": {"$gte": days.start}}
        condition = {"site_id": site_id, "visitor_id": {"$in": some}, **during}
        yield from user_sessions.read(database, SessionSpan, condition, session=session)
