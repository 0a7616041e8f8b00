"""What is removed of a site, day by day, the oldest first, of every collection that is declared with a Retention."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from footfall.clock import now
from footfall.day_versions import change_versions
from footfall.days import DayRange, day_of, start_of
from footfall.schemas.cleanup import Cleanup, Removed
from footfall.schemas.site import Site
from footfall.stores.collection import Collection, Retention
from footfall.stores.collections import COLLECTIONS, events, quarantine, stale_days
from footfall.stores.mongo import Condition, Mongo

from .lake import remove_archives, remove_periods
from .remnants import remove_events


def clean_up(database: Mongo, site: Site, retention_days: int, dry_run: bool, in_time: Callable[[], bool]) -> Cleanup:
    """Remove what happened before the midnight so many days ago, except on days that wait to be recomputed."""
    zone = ZoneInfo(site.time_zone)
    first_kept = day_of(now(), zone) - timedelta(days=retention_days)
    marks = stale_days.of(database).find({"site_id": site.site_id})
    stale = {date.fromisoformat(mark["date"]) for mark in marks}
    removed, kept, complete = Counter[str](), set[date](), True
    for collection, retention in _removable():
        query = {"site_id": site.site_id, **(retention.only or {})}
        for day in days_with(database, collection, retention.field, query, first_kept, zone):
            complete = complete and in_time()
            if not complete:
                break
            if day in stale and collection is not quarantine:  # figures are not made of what is in quarantine
                kept.add(day)
                continue
            old = {**query, retention.field: _within(DayRange(day, day, zone))}
            take = _count if dry_run else _remove
            removed[collection.name] += take(database, collection, old)
            if not dry_run:
                change_versions(database, site.site_id, [day.isoformat()])
    if not any(day < first_kept for day in stale):
        removed["lake_periods"] = remove_periods(database, site.site_id, first_kept, dry_run=dry_run)
        removed["archived_days"] = remove_archives(database, site.site_id, start_of(first_kept, zone), dry_run=dry_run)
    return Cleanup(
        dry_run=dry_run,
        retention_days=retention_days,
        before=start_of(first_kept, zone),
        removed=Removed.model_validate(removed),
        kept_days=sorted(kept),
        complete=complete,
    )


def _removable() -> Iterator[tuple[Collection[Any], Retention]]:
    for collection in COLLECTIONS.values():
        yield from ((collection, end) for end in collection.keep if isinstance(end, Retention))


def days_with(
    database: Mongo, collection: Collection[Any], moment: str, query: Condition, first_kept: date, zone: ZoneInfo
) -> Iterator[date]:
    """Yields the local days before a day of which there are documents, by the time in `moment`, the oldest first."""
    day = date.min
    while True:
        since = {"$gte": start_of(day + timedelta(days=1), zone)} if day > date.min else {}
        bounds = {**since, "$lt": start_of(first_kept, zone)}
        oldest = collection.of(database).find_one({**query, moment: bounds}, {moment: 1}, sort=[(moment, 1)])
        if oldest is None:
            return
        day = day_of(oldest[moment], zone)
        yield day


def _within(day: DayRange) -> Condition:
    return {"$gte": day.start, "$lt": day.end}


def _count(database: Mongo, collection: Collection[Any], query: Condition) -> int:
    return collection.of(database).count_documents(query)


def _remove(database: Mongo, collection: Collection[Any], query: Condition) -> int:
    if collection is events:
        return remove_events(database, query)
    return collection.of(database).delete_many(query).deleted_count
