"""Which session each event belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from pymongo.client_session import ClientSession

from footfall.chunks import chunks
from footfall.days import DayRange
from footfall.events.log import Parts
from footfall.schemas.event import NOT_A_VISIT, StepEvent
from footfall.schemas.session import SessionSpan
from footfall.sessions.fold import SessionKey, key_of, session_at
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import Mongo

Seen = TypeVar("Seen", bound=SessionSpan)
VISITORS_PER_QUERY = 20_000


def sessions_of(
    database: Mongo,
    site_id: str,
    events: Sequence[StepEvent],
    days: DayRange,
    view: type[Seen],
    session: ClientSession | None = None,
    parts: Parts | None = None,
) -> list[Seen | None]:
    """Returns the session of each event of some days, as a view of it; None for one that belongs to none.

    `parts` names what is wanted of a nested field.
    """
    found: defaultdict[SessionKey, list[Seen]] = defaultdict(list)
    for each in _read(database, site_id, {event["visitor_id"] for event in events}, days, view, session, parts):
        found[each["visitor_id"], each["client_session_id"]].append(each)
    for sessions in found.values():
        sessions.sort(key=lambda each: each["started_at"])
    return [
        None if event["type"] in NOT_A_VISIT else session_at(event["timestamp"], found.get(key_of(event), ()))
        for event in events
    ]


def _read(
    database: Mongo,
    site_id: str,
    visitors: Iterable[str],
    days: DayRange,
    view: type[Seen],
    session: ClientSession | None,
    parts: Parts | None,
) -> Iterator[Seen]:
    for some in chunks(sorted(visitors), VISITORS_PER_QUERY):
        during = {"started_at": {"$lt": days.end}, "ended_at": {"$gte": days.start}}
        condition = {"site_id": site_id, "visitor_id": {"$in": some}, **during}
        yield from user_sessions.read(database, view, condition, session=session, parts=parts)
