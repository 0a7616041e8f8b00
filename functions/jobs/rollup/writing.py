"""How a rollup is written: whole days replaced at once, so that a reader sees all of a day or what was there before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from bson import ObjectId
from footfall.day_versions import change_versions
from footfall.days import DayRange
from footfall.lake.archived import archives_of
from footfall.lake.columns import DayColumns
from footfall.schemas.dimension import DaySessionsDocument, DimensionDocument
from footfall.schemas.feedback import FeedbackDay
from footfall.schemas.funnel import FunnelDocument, RollupRun
from footfall.schemas.lake import ArchivedDay
from footfall.schemas.metrics import DayDocument, DayToken
from footfall.stores.collections import (
    daily_dimensions,
    daily_metrics,
    daily_sessions,
    feedback_days,
    funnel_analytics,
    lake_periods,
    rollups,
    stale_days,
)
from footfall.stores.mongo import at_once, database
from pymongo import DeleteOne
from pymongo.client_session import ClientSession

from .lake import Written

WRITE_SECONDS = 60


class Archives(NamedTuple):
    """The archives that were known of some days before their events were read, by their files' names."""

    days: DayRange
    keys: frozenset[str]

    @classmethod
    def of(cls, days: DayRange, archives: Sequence[ArchivedDay]) -> "Archives":
        """Returns them by name."""
        return cls(days, frozenset(archive["key"] for archive in archives))


@dataclass(frozen=True)
class DayRollup:
    """What was computed of one day; no `metrics` where nothing happened. `seen` is the token of what it replaces.

    `archives` are those of what was read together with it; None where no events were.
    """

    date: str
    seen: str | None
    metrics: DayDocument | None
    funnels: list[FunnelDocument]
    dimensions: list[DimensionDocument]
    sessions: list[DaySessionsDocument]
    feedback: FeedbackDay | None
    columns: DayColumns | None
    archives: Archives | None
    events: int
    people_unknown: int

    def without_documents(self) -> "DayRollup":
        """Returns what is worth remembering of it once it is written."""
        return replace(self, metrics=None, funnels=[], dimensions=[], sessions=[], feedback=None, columns=None)


def replace_days(site_id: str, days: list[DayRollup], periods: Iterable[Written]) -> list[DayRollup]:
    """Write days in one transaction, each with a new version; returns those that were written.

    `periods` are what holds them in the lake. A day that another run wrote meanwhile is left as it is: whose events are
    newer nobody can tell, and its mark stays. None is written where a day was archived meanwhile: its events may have
    left MongoDB while they were read.
    """

    def write(session: ClientSession) -> list[DayRollup]:
        if any(not _as_read(site_id, archives, session) for archives in {day.archives for day in days}):
            return []
        ids = [f"{site_id}:{day.date}" for day in days]
        found = daily_metrics.read(database(), DayToken, {"_id": {"$in": ids}}, session=session)
        tokens = {day["date"]: day["token"] for day in found}
        raced = {day for period in periods if not _replace_period(period, session) for day in _days_of(period)}
        ours = [day for day in days if tokens.get(day.date) == day.seen and day.date not in raced]
        _replace(site_id, ours, session)
        # also so that of two runs at once one is done again: their periods may overlap in days that neither has seen
        rollups.of(database()).update_one(
            {"_id": site_id}, {"$set": {"site_id": site_id, "version": str(ObjectId())}}, upsert=True, session=session
        )
        return ours

    return at_once(write, WRITE_SECONDS)


def _as_read(site_id: str, archives: Archives | None, session: ClientSession) -> bool:
    return archives is None or archives == Archives.of(
        archives.days, archives_of(database(), site_id, archives.days, session)
    )


def _days_of(period: Written) -> set[str]:
    return {day["date"] for day in period.document["days"]}


def _replace_period(period: Written, session: ClientSession) -> bool:
    # whether what it was made of was still there
    document = period.document
    within = {"first": {"$gte": document["first"]}, "last": {"$lte": document["last"]}}
    found = lake_periods.of(database()).find({"site_id": document["site_id"], **within}, session=session)
    if {one["_id"]: one["token"] for one in found} != dict(period.seen):
        return False
    lake_periods.of(database()).delete_many({"_id": {"$in": list(period.seen)}}, session=session)
    lake_periods.of(database()).insert_one(document, session=session)
    return True


def _replace(site_id: str, days: list[DayRollup], session: ClientSession) -> None:
    before = {"site_id": site_id, "date": {"$in": [day.date for day in days]}}
    funnel_analytics.of(database()).delete_many(before, session=session)
    daily_dimensions.of(database()).delete_many(before, session=session)
    daily_sessions.of(database()).delete_many(before, session=session)
    daily_metrics.of(database()).delete_many(before, session=session)
    feedback_days.of(database()).delete_many(before, session=session)
    funnels = [document for day in days for document in day.funnels]
    metrics = [day.metrics for day in days if day.metrics]
    feedback = [day.feedback for day in days if day.feedback]
    if funnels:
        funnel_analytics.of(database()).insert_many(funnels, session=session)
    if sessions := [document for day in days for document in day.sessions]:
        daily_sessions.of(database()).insert_many(sessions, session=session)
    if dimensions := [document for day in days for document in day.dimensions]:
        daily_dimensions.of(database()).insert_many(dimensions, session=session)
    if metrics:
        daily_metrics.of(database()).insert_many(metrics, session=session)
    if feedback:
        feedback_days.of(database()).insert_many(feedback, session=session)
    change_versions(database(), site_id, [day.date for day in days], session)


def unmark(site_id: str, days: list[DayRollup], marks: dict[str, object]) -> None:
    """Delete the marks of days that are now up to date, unless something has marked them again meanwhile."""
    done = [day.date for day in days if day.date in marks and not day.people_unknown]
    if done:
        stale_days.of(database()).bulk_write(
            [DeleteOne({"_id": f"{site_id}:{date}", "token": marks[date]}) for date in done], ordered=False
        )


def note_run(site_id: str, run: RollupRun) -> None:
    """Keep what the last run did, where /etl/status and the readers of rollups find it."""
    done = {"$set": {"site_id": site_id, **run}, "$unset": {"failing": ""}}
    rollups.of(database()).update_one({"_id": site_id}, done, upsert=True)


def note_failure(site_id: str, error: str, at: datetime) -> None:
    """Keep that a run of a site failed, until one does not, where /etl/status finds it."""
    noted = {"$set": {"site_id": site_id, "failing.at": at, "failing.error": error}, "$min": {"failing.since": at}}
    rollups.of(database()).update_one({"_id": site_id}, noted, upsert=True)
