"""Stale days: those whose figures have to be computed anew, marked for jobs/rollup."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bson import ObjectId
from footfall.days import day_of, zone_named
from footfall.schemas.event import EventMoment
from footfall.schemas.site import Site
from footfall.stores.collections import stale_days
from footfall.stores.mongo import Mongo
from pymongo import UpdateOne
from pymongo.client_session import ClientSession


@dataclass(frozen=True)
class StaleDays:
    """The days of a site that change with a batch.

    `own` are those of its events, which are marked whenever its messages come. A day up to `expired`, which the site no
    longer keeps whole, is none of them: its figures were made when all of its events were there. Those of orders are
    made anew also then, since orders stay.
    """

    site_id: str
    zone: ZoneInfo
    expired: str
    own: frozenset[str]

    def of(self, moments: Iterable[datetime]) -> set[str]:
        """Returns the days of some moments."""
        days = {day_of(moment, self.zone).isoformat() for moment in moments}
        return {day for day in days if day > self.expired}

    def others(self, moments: Iterable[datetime], *, ever: bool = False) -> set[str]:
        """Returns those days that none of the batch's events is of; `ever` also of those that have expired."""
        days = {day_of(moment, self.zone).isoformat() for moment in moments}
        return {day for day in days if ever or day > self.expired} - self.own

    def mark(self, database: Mongo, days: AbstractSet[str], session: ClientSession | None = None) -> None:
        """Mark days, each with a new token: a rollup that has begun before leaves the mark in place."""
        marks = [
            UpdateOne(
                {"_id": f"{self.site_id}:{day}"},
                {"$set": {"site_id": self.site_id, "date": day, "token": ObjectId()}},
                upsert=True,
            )
            for day in sorted(days)
        ]
        if marks:
            stale_days.of(database).bulk_write(marks, ordered=False, session=session)


def days_of(site: Site, events: Iterable[EventMoment], processed_at: datetime) -> StaleDays:
    """Returns the days that change with a batch of events."""
    zone = zone_named(site.time_zone)
    expired = ""
    if site.retention_days:
        expired = day_of(processed_at - timedelta(days=site.retention_days), zone).isoformat()
    days = StaleDays(site.site_id, zone, expired, own=frozenset())
    return replace(days, own=frozenset(days.of({event["timestamp"] for event in events})))
