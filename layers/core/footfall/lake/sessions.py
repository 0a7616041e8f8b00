"""Which session each event belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from pymongo.client_session import ClientSession

from footfall.chunks import chunks
from footfall.days import DayRange
from footfall.schemas.event import NOT_A_VISIT, StepEvent
from footfall.schemas.session import SessionDimensions
from footfall.sessions.fold import SessionKey, key_of, session_at
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import Mongo

VISITORS_PER_QUERY = 20_000


def sessions_of(
    database: Mongo, site_id: str, events: Sequence[StepEvent], days: DayRange, session: ClientSession | None = None
) -> list[SessionDimensions | None]:
    """Returns the session of each event of some days; None for one that belongs to none."""
    found: defaultdict[SessionKey, list[SessionDimensions]] = defaultdict(list)
    for each in _read(database, site_id, {event["visitor_id"] for event in events}, days, session):
        found[each["visitor_id"], each["client_session_id"]].append(each)
    for sessions in found.values():
        sessions.sort(key=lambda each: each["started_at"])
    return [
        None if event["type"] in NOT_A_VISIT else session_at(event["timestamp"], found.get(key_of(event), ()))
        for event in events
    ]


def _read(
    database: Mongo, site_id: str, visitors: Iterable[str], days: DayRange, session: ClientSession | None
) -> Iterator[SessionDimensions]:
    for some in chunks(sorted(visitors), VISITORS_PER_QUERY):
        during = {"started_at": {"$lt": days.end}, "ended_at": {"$gte": days.start}}
        condition = {"site_id": site_id, "visitor_id": {"$in": some}, **during}
        yield from user_sessions.read(database, SessionDimensions, condition, session=session)
