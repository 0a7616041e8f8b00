"""Which days of a site are archived: their events are in files of the lake, and few of them in MongoDB."""

from pymongo.client_session import ClientSession

from footfall.days import DayRange, day_of
from footfall.orders.fold import ORDER_EVENTS
from footfall.schemas.event import NOT_A_VISIT
from footfall.schemas.lake import ArchivedDay
from footfall.stores.collections import archived_days
from footfall.stores.mongo import Condition, Mongo

LEAVING: Condition = {"type": {"$nin": sorted(NOT_A_VISIT | ORDER_EVENTS)}, "traits": {"$exists": False}}
"""Which events of an archived day leave MongoDB. Orders, traits and who is who are folded from the others, with what is
told later: they are in the archive, and stay in MongoDB too."""


def archives_of(
    database: Mongo, site_id: str, days: DayRange, session: ClientSession | None = None
) -> list[ArchivedDay]:
    """Returns the archives that hold events of a range of days, in the order of time.

    They are of the local days of the time zone that the site had then.
    """
    condition: Condition = {"site_id": site_id, "start": {"$lt": days.end}, "end": {"$gt": days.start}}
    return archived_days.of(database).find(condition, session=session).sort("start", 1).to_list()


def archived_dates(database: Mongo, site_id: str, days: DayRange, session: ClientSession | None = None) -> set[str]:
    """Returns the days of a range of which some event is archived, by their dates."""
    found = archives_of(database, site_id, days, session)
    return {day.isoformat() for archive in found for day in days_within(archive, days)}


def days_within(archive: ArchivedDay, days: DayRange) -> DayRange:
    """Returns which days of a range an archive has events of; it has of one at least."""
    first = max(days.first, day_of(archive["start"], days.zone))
    last = min(days.last, day_of(archive["end"] - archive["end"].resolution, days.zone))
    return DayRange(first, last, days.zone)
