"""What is removed of the lake: files of days that a site no longer keeps, and those that others have replaced."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from footfall.clock import now
from footfall.lake.periods import archive_of, folder_of
from footfall.schemas.lake import LakePeriod
from footfall.stores import lake
from footfall.stores.collections import archived_days, lake_periods
from footfall.stores.mongo import Mongo

GRACE = timedelta(hours=1)
"""An answer that is being made may read what was replaced meanwhile, and a rollup stores files before they count."""


def remove_periods(database: Mongo, site_id: str, first_kept: date, *, dry_run: bool) -> int:
    """Returns how many periods that ended before a day were removed; their files go once nothing names them.

    Of a month that is kept together, the first days go with its last.
    """
    over = {"site_id": site_id, "last": {"$lt": first_kept.isoformat()}}
    if dry_run:
        return lake_periods.count(database, over)
    return lake_periods.of(database).delete_many(over).deleted_count


def remove_archives(database: Mongo, site_id: str, before: datetime, *, dry_run: bool) -> int:
    """Returns how many archived days that ended by a moment were removed; their files go once nothing names them."""
    over = {"site_id": site_id, "end": {"$lte": before}}
    if dry_run:
        return archived_days.count(database, over)
    return archived_days.of(database).delete_many(over).deleted_count


def remove_replaced(database: Mongo, site_id: str, in_time: Callable[[], bool]) -> int:
    """Returns how many files were removed that no period or archived day has named for an hour."""
    removed = 0
    # before it is read what they are named by: what is stored later is newer
    stored = [*lake.listed(folder_of(site_id)), *lake.listed(archive_of(site_id))]
    named = {file["key"] for period in _periods(database, site_id) for file in period["files"]}
    named |= {archive["key"] for archive in archived_days.of(database).find({"site_id": site_id})}
    for name, stored_at in stored:
        if name not in named and now() - stored_at > GRACE and in_time():
            lake.remove(name)
            removed += 1
    return removed


def _periods(database: Mongo, site_id: str) -> list[LakePeriod]:
    # what has no list of files names none
    return lake_periods.of(database).find({"site_id": site_id, "files": {"$type": "array"}}).to_list()
