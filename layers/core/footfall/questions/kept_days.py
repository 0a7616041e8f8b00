"""Which days of a range are as their last rollup left them, and which changed since."""

from collections.abc import Collection, Iterator
from itertools import groupby

from footfall.days import DayRange
from footfall.rollups import Rollups
from footfall.schemas.metrics import StaleDate
from footfall.stores.collections import stale_days
from footfall.stores.mongo import database


def kept_days(rollups: Rollups, days: DayRange) -> set[str]:
    """Returns the days of a range whose figures are up to date, by their dates; none while days are done anew."""
    if not rollups.current:
        return set()
    site = {"site_id": rollups.site.site_id, "date": days.dates}
    changed = {mark["date"] for mark in stale_days.read(database(), StaleDate, site, session=rollups.session)}
    return {day.isoformat() for day in days} - changed


def runs_without(days: DayRange, known: Collection[str]) -> Iterator[DayRange]:
    """Returns the days of a range that are not among these dates, neighbours together."""
    for is_known, run in groupby(days, lambda day: day.isoformat() in known):
        if not is_known:
            found = list(run)
            yield DayRange(found[0], found[-1], days.zone)
