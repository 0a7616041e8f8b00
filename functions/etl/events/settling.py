"""Sessions of the same visitors brought into line with one another, after some of them were written.

Whoever writes a session looks afterwards, until there is nothing left to mend. So of two concurrent recomputes, one of
which saw an event that the other did not, whichever is later sees both results.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from footfall.schemas.session import SessionOrigin
from footfall.sessions.attribution import ATTRIBUTION_WINDOW, Credit, credits_of
from footfall.sessions.fold import moments_of
from footfall.stores.collections import orders, user_sessions
from footfall.stores.mongo import Condition, Mongo, Pipeline
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from .conversions import told_by
from .derived import change
from .stale import StaleDays

NOTHING_MORE = {"$project": {"_id": 0, "site_id": 1}}


def settle(
    database: Mongo,
    days: StaleDays,
    written: Sequence[SessionOrigin],
    computed_at: datetime,
) -> set[str]:
    """Remove sessions that are part of others by now, and attribute those anew that follow on what was written.

    Returns the keys of those that were removed.
    """
    site_id, removed = days.site_id, set[str]()
    if not written:
        return removed
    since = min(session["started_at"] for session in written)
    while True:
        around = user_sessions.read(database, SessionOrigin, _around(site_id, written, since)).to_list()
        superseded = _superseded(around)
        current = [session for session in around if session["session_id"] not in superseded]
        misattributed = _misattributed(current, since)
        if not superseded and not misattributed:
            return removed
        _remove(database, days, _moments(around, superseded), superseded)
        _attribute(database, days, _moments(current, misattributed), misattributed, computed_at)
        removed.update(_key(site_id, session_id) for session_id in superseded)
        since = min([since, *superseded.values()])


class _Found(TypedDict):
    number: int


def are_alone(database: Mongo, site_id: str, begun: Sequence[SessionOrigin], newcomers: Collection[str]) -> bool:
    """Returns whether there are no other sessions of the visitors who began these, and no orders of these newcomers.

    So it is most often: indexes alone tell, in one question.
    """
    if not begun:
        return True
    since = min(session["started_at"] for session in begun)
    orders_of = {"coll": orders.name, "pipeline": [{"$match": told_by(site_id, newcomers)}, NOTHING_MORE]}
    pipeline: Pipeline = [
        {"$match": _around(site_id, begun, since)},
        NOTHING_MORE,
        {"$unionWith": orders_of},
        {"$count": "number"},
    ]
    found = next(user_sessions.aggregate(database, _Found, pipeline), _Found(number=0))
    return found["number"] == len(begun)


def _around(site_id: str, sessions: Sequence[SessionOrigin], since: datetime) -> Condition:
    # sessions of the same visitors that may be part of these or they of them, or that may be attributed to one another
    until = max(session["ended_at"] for session in sessions)
    visitors = sorted({session["visitor_id"] for session in sessions})
    began = {"$gte": since - ATTRIBUTION_WINDOW, "$lte": until + ATTRIBUTION_WINDOW}
    return {"site_id": site_id, "visitor_id": {"$in": visitors}, "started_at": began}


def _superseded(sessions: Sequence[SessionOrigin]) -> dict[str, datetime]:
    # sessions of one visitor and one client's id never overlap, so the one that begins within another is stale
    superseded: dict[str, datetime] = {}
    ends: dict[tuple[str, str | None], datetime] = {}
    for session in sorted(sessions, key=lambda each: each["started_at"]):
        key, ended_at = (session["visitor_id"], session["client_session_id"]), session["ended_at"]
        if key in ends and session["started_at"] <= ends[key]:
            superseded[session["session_id"]] = session["started_at"]
        ends[key] = max(ended_at, ends.get(key, ended_at))
    return superseded


def _misattributed(sessions: Sequence[SessionOrigin], since: datetime) -> dict[str, Credit]:
    # of what began before, not all is here that it may be attributed to
    credited = credits_of(sessions)
    return {
        session["session_id"]: credited[session["session_id"]]
        for session in sessions
        if session["started_at"] >= since
        and credited[session["session_id"]] != (session["attribution"], session["attributed_at"])
    }


def _moments(sessions: Iterable[SessionOrigin], which: Collection[str]) -> list[datetime]:
    return [moment for session in sessions if session["session_id"] in which for moment in moments_of(session)]


def _remove(database: Mongo, days: StaleDays, moments: Iterable[datetime], superseded: Iterable[str]) -> None:
    keys = [_key(days.site_id, session_id) for session_id in superseded]

    def remove(transaction: ClientSession | None) -> None:
        user_sessions.of(database).delete_many({"_id": {"$in": keys}}, session=transaction)

    if keys:
        change(database, days, moments, remove)


def _attribute(
    database: Mongo,
    days: StaleDays,
    moments: Iterable[datetime],
    credited: Mapping[str, Credit],
    computed_at: datetime,
) -> None:
    updates = [_attributing(days.site_id, session_id, credit, computed_at) for session_id, credit in credited.items()]

    def attribute(transaction: ClientSession | None) -> None:
        user_sessions.of(database).bulk_write(updates, ordered=False, session=transaction)

    if updates:
        change(database, days, moments, attribute)


def _attributing(site_id: str, session_id: str, credit: Credit, computed_at: datetime) -> UpdateOne:
    fields = {"attribution": credit.attribution, "attributed_at": credit.at, "computed_at": computed_at}
    return UpdateOne({"_id": _key(site_id, session_id)}, {"$set": fields})


def _key(site_id: str, session_id: str) -> str:
    return f"{site_id}:{session_id}"
