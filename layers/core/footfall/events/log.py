"""The event log as everybody reads it: events of a range of time, of visitors, or of sessions."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import TypedDict, TypeVar

from pymongo.client_session import ClientSession
from pymongo.cursor import Cursor

from footfall.schemas.event import NOT_A_VISIT, BehaviourEvent, EventMoment, SessionEvent, StepEvent, order_in_time
from footfall.stores import collections
from footfall.stores.mongo import Condition, Mongo, Pipeline

Moment = TypeVar("Moment", bound=EventMoment)
Step = TypeVar("Step", bound=StepEvent)
MOST_EVENTS = 10_000
"""Of a visitor with more events than this, the latest count: nobody clicks that much by hand."""
BY_TIME = [("site_id", 1), ("timestamp", 1)]
BY_VISITOR = [("site_id", 1), ("visitor_id", 1), ("timestamp", 1)]
BATCH = 20_000
Parts = Mapping[str, tuple[str, ...]]
OF_A_LINE = ("lines.product_id", "lines.category")


def events_between(
    database: Mongo,
    site_id: str,
    view: type[Step],
    start: datetime,
    end: datetime,
    where: Condition,
    session: ClientSession | None = None,
    parts: Parts | None = None,
    *,
    bots: bool = False,
) -> Cursor[Step]:
    """Returns a site's events from `start` on and before `end` that `where` holds for, in any order.

    Bots are left out unless they are asked for.

    `parts` names what is wanted of a nested field.
    """
    nobody_else: Condition = {} if bots else {"bot": False}
    query = {"site_id": site_id, "timestamp": {"$gte": start, "$lt": end}, **nobody_else, **where}
    return collections.events.read(database, view, query, session=session, batch_size=BATCH, parts=parts)


def all_events_between(
    database: Mongo,
    site_id: str,
    view: type[Moment],
    start: datetime,
    end: datetime,
    session: ClientSession | None = None,
    parts: Parts | None = None,
) -> Cursor[Moment]:
    """Returns all of a site's events from `start` on and before `end`, those of bots too, in any order."""
    query = {"site_id": site_id, "timestamp": {"$gte": start, "$lt": end}}
    return collections.events.read(database, view, query, session=session, batch_size=BATCH, parts=parts)


def in_order(events: Cursor[Moment]) -> Iterator[Moment]:
    """Returns events in the order of time; MongoDB sorts them, and those of one instant are sorted here."""
    for _, instant in groupby(events.sort(BY_TIME), lambda event: event["timestamp"]):
        at_once = list(instant)
        yield from sorted(at_once, key=order_in_time) if len(at_once) > 1 else at_once


def events_by_visitor(
    database: Mongo, site_id: str, without: Iterable[str], visitor_ids: Collection[str] | None = None
) -> Iterator[list[BehaviourEvent]]:
    """Returns events visitor by visitor in the order of their timestamps, bots and the types `without` left out.

    Of all visitors, or of these; of a visitor with very many events, the latest ten thousand.
    """
    query: dict[str, object] = {"site_id": site_id, "type": {"$nin": sorted(without)}, "bot": {"$ne": True}}
    if visitor_ids is not None:
        query["visitor_id"] = {"$in": sorted(visitor_ids)}
    parts = {"commerce": OF_A_LINE}
    found = collections.events.read(database, BehaviourEvent, query, parts=parts, batch_size=5_000)
    for _, events in groupby(found.sort(BY_VISITOR).hint(BY_VISITOR), lambda event: event["visitor_id"]):
        yield list(deque(events, maxlen=MOST_EVENTS))


class _HalfDay(TypedDict):
    _id: datetime
    first: datetime
    last: datetime


def half_days_of(database: Mongo, site_id: str, visitor_ids: Collection[str]) -> Iterator[datetime]:
    """Returns the first and the last moment of every twelve hours in which visitors did anything, bots or not.

    No twelve hours are of three local days, so that this is enough to tell the days in any time zone. The index alone
    is read.
    """
    if not visitor_ids:
        return
    half = {"$dateTrunc": {"date": "$timestamp", "unit": "hour", "binSize": 12}}
    ends = {"first": {"$min": "$timestamp"}, "last": {"$max": "$timestamp"}}
    theirs = {"site_id": site_id, "visitor_id": {"$in": sorted(visitor_ids)}}
    pipeline: Pipeline = [{"$match": theirs}, {"$group": {"_id": half, **ends}}]
    for found in collections.events.aggregate(database, _HalfDay, pipeline, hint=BY_VISITOR):
        yield from (found["first"], found["last"])


def events_of_sessions(database: Mongo, query: Condition) -> Iterator[SessionEvent]:
    """Returns what sessions are made of, of the events that match; what is no part of a visit is left out."""
    for event in collections.events.read(database, SessionEvent, query):
        if event["type"] not in NOT_A_VISIT:
            yield event
