"""What is removed of a site, day by day, the oldest first."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from footfall.clock import now
from footfall.days import day_of, start_of
from footfall.schemas.etl import Cleanup, Removed
from footfall.schemas.site import Site
from pymongo.database import Database

Mongo = Database[dict[str, Any]]
BY_DAY = {"events": "timestamp", "user_sessions": "started_at", "feedback": "timestamp", "quarantine": "first_seen"}
"""The time by which a document of each collection is old."""
ONLY = {"quarantine": {"state": "replayed"}}


def clean_up(database: Mongo, site: Site, retention_days: int, dry_run: bool, in_time: Callable[[], bool]) -> Cleanup:
    """Remove what happened before the midnight so many days ago, except on days that wait to be recomputed."""
    zone = ZoneInfo(site.time_zone)
    first_kept = day_of(now(), zone) - timedelta(days=retention_days)
    stale = {date.fromisoformat(mark["date"]) for mark in database["stale_days"].find({"site_id": site.site_id})}
    removed, kept, complete = Removed(), set[date](), True
    for collection, moment in BY_DAY.items():
        query = {"site_id": site.site_id, **ONLY.get(collection, {})}
        for day in _days(database, collection, moment, query, first_kept, zone):
            complete = complete and in_time()
            if not complete:
                break
            if day in stale and collection != "quarantine":
                kept.add(day)
                continue
            old = {**query, moment: _within(day, zone)}
            count = _count(database, collection, old) if dry_run else _remove(database, collection, old)
            setattr(removed, collection, getattr(removed, collection) + count)
    return Cleanup(
        dry_run=dry_run,
        retention_days=retention_days,
        before=start_of(first_kept, zone),
        removed=removed,
        kept_days=sorted(kept),
        complete=complete,
    )


def _days(
    database: Mongo, collection: str, moment: str, query: dict[str, Any], first_kept: date, zone: ZoneInfo
) -> Iterator[date]:
    """The local days before `first_kept` on which a collection has anything."""
    day = date.min
    while True:
        since = {"$gte": start_of(day + timedelta(days=1), zone)} if day > date.min else {}
        bounds = {**since, "$lt": start_of(first_kept, zone)}
        oldest = database[collection].find_one({**query, moment: bounds}, {moment: 1}, sort=[(moment, 1)])
        if oldest is None:
            return
        day = day_of(oldest[moment], zone)
        yield day


def _within(day: date, zone: ZoneInfo) -> dict[str, Any]:
    return {"$gte": start_of(day, zone), "$lt": start_of(day + timedelta(days=1), zone)}


def _count(database: Mongo, collection: str, query: dict[str, Any]) -> int:
    return database[collection].count_documents(query)


def _remove(database: Mongo, collection: str, query: dict[str, Any]) -> int:
    return database[collection].delete_many(query).deleted_count
