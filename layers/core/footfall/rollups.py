"""How far a site's rollups are, read so that everything one answer is made of is of one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from pymongo.client_session import ClientSession

from footfall.clock import now
from footfall.days import DayRange, day_of, zone_named
from footfall.funnels.steps import definition
from footfall.schemas.funnel import RollupsProgress
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores import collections
from footfall.stores.mongo import Moment, database, snapshot


class Part(NamedTuple):
    """Of so many parts of all people one: those whose number leaves `number` when it is divided by `of`."""

    number: int
    of: int


@dataclass(frozen=True)
class Rollups:
    """A site's rollups at one moment: every read with `session` sees that moment.

    `version` changes whenever a rollup does; it is None before the first. `current` says that every day there is was
    computed by the site's present time zone and funnels. What was taken before `received_to` is stored, and what was
    taken before `counted_to` is in the figures of every day; None while no run knew. With a `part`, events are read of
    a part of the people alone.
    """

    site: Site
    session: ClientSession
    moment: datetime
    version: str | None
    current: bool
    received_to: datetime | None
    counted_to: datetime | None
    part: Part | None = None

    def last_day(self) -> date:
        """Returns the last local day that has figures; today where none has."""
        return self._end(-1) or self.today

    def first_day(self) -> date | None:
        """Returns the first local day that has figures; None where none has."""
        return self._end(1)

    @property
    def today(self) -> date:
        """The local day of now."""
        return day_of(self.moment, zone_named(self.site.time_zone))

    def _end(self, direction: Literal[1, -1]) -> date | None:
        order = [("site_id", direction), ("date", direction)]
        query = {"site_id": self.site.site_id}
        found = collections.daily_metrics.of(database()).find_one(query, {"date": 1}, sort=order, session=self.session)
        return date.fromisoformat(found["date"]) if found else None

    def complete_to(self, days: DayRange) -> datetime | None:
        """Returns the moment before which all that was taken is in a range's figures; None while that is not known."""
        if not self.current:
            return None
        if self.counted_to == self.received_to:
            return self.received_to
        stale = {"site_id": self.site.site_id, "date": days.dates}
        marked = collections.stale_days.of(database()).find_one(stale, {"date": 1}, session=self.session)
        return self.counted_to if marked else self.received_to


@contextmanager
def rollups_of(site_id: str, at: Moment | None = None, part: Part | None = None) -> Iterator[Rollups]:
    """Gives a site's rollups as of now, or of a moment of the last minutes; raises NotFound when there is no such site.

    Raises Unavailable once the database no longer has the state of that moment.
    """
    site = get_site(database(), site_id)
    moment = now() if at is None else at.as_datetime
    with snapshot(at) as session:
        read = collections.rollups.read(database(), RollupsProgress, {"_id": site_id}, session=session)
        found = next(read, RollupsProgress())
        yield Rollups(
            site,
            session,
            moment,
            version=found.get("version"),
            current=found.get("definition") == definition(site),
            received_to=found.get("received_to"),
            counted_to=found.get("complete_to"),
            part=part,
        )
