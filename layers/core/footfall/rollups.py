"""How far a site's rollups are, read so that everything one answer is made of is of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from pymongo.client_session import ClientSession

from footfall.clock import now
from footfall.days import DayRange, day_of, start_of, zone_named
from footfall.funnels.steps import definition
from footfall.schemas.metrics import DayReading
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores import collections
from footfall.stores.mongo import client, database


@dataclass(frozen=True)
class Rollups:
    """A site's rollups at one moment: every read with `session` sees that moment.

    `version` changes whenever a rollup does; it is None before the first. `current` says that every day there is was
    computed by the site's present time zone and funnels.
    """

    site: Site
    session: ClientSession
    moment: datetime
    version: str | None
    current: bool

    def last_day(self) -> date:
        """Returns the last local day that has figures; today where none has."""
        newest = collections.daily_metrics.of(database()).find_one(
            {"site_id": self.site.site_id}, {"date": 1}, sort=[("site_id", -1), ("date", -1)], session=self.session
        )
        return date.fromisoformat(newest["date"]) if newest else day_of(self.moment, zone_named(self.site.time_zone))

    def complete_to(self, days: DayRange) -> datetime | None:
        """Returns the moment before which all that was processed is in a range's figures; None while not all are."""
        if self.version is None or not self.current:
            return None
        stale = {"site_id": self.site.site_id, "date": days.dates}
        marks = collections.stale_days.of(database()).find(stale, {"date": 1}, session=self.session)
        dates = [mark["date"] for mark in marks]
        if not dates:
            return self.moment
        ids = [f"{self.site.site_id}:{day}" for day in dates]
        found = collections.daily_metrics.read(database(), DayReading, {"_id": {"$in": ids}}, session=self.session)
        read_at = {day["date"]: day["read_at"] for day in found}
        return min(read_at.get(day) or start_of(date.fromisoformat(day), days.zone) for day in dates)


@contextmanager
def rollups_of(site_id: str) -> Iterator[Rollups]:
    """Gives a site's rollups as of now; raises NotFound when there is no such site."""
    site = get_site(database(), site_id)
    moment = now()
    with client().start_session(snapshot=True) as session:
        found = collections.rollups.of(database()).find_one({"_id": site_id}, session=session)
        current = (found and found.get("definition")) == definition(site)
        yield Rollups(site, session, moment, found.get("version") if found else None, current)
