"""How far a site's rollups are, read so that everything one answer is made of is of one moment."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from pymongo.client_session import ClientSession

from footfall.clock import now
from footfall.days import DayRange, day_of, zone_named
from footfall.funnels.steps import definition
from footfall.schemas.event import ExpiringEvent
from footfall.schemas.funnel import RollupsProgress
from footfall.schemas.metrics import DayVersion, MarkedDay
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores import collections
from footfall.stores.mongo import Moment, database, snapshot


class Part(NamedTuple):
    """Of so many parts of all people one: those whose number leaves `number` when it is divided by `of`."""

    number: int
    of: int


MadeOf = Literal["figures", "events"]
"""What answers are made of: the figures of days, or their events, of which there may be some that no figure has yet."""
BATCH = 20_000
LONGEST_REMEMBERED = timedelta(days=2)
"""No answer is remembered for longer."""


@dataclass(frozen=True)
class Rollups:
    """A site's rollups at one moment: every read with `session` sees that moment.

    `begun` says that there was a first one. `current` says that every day there is was computed by the site's present
    time zone and funnels. What was taken before `received_to` is stored, and what was taken before `counted_to` is in
    the figures of every day; None while no run knew. With a `part`, events are read of a part of the people alone.
    """

    site: Site
    session: ClientSession
    moment: datetime
    begun: bool
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

    def version_of(self, days: DayRange, made_of: MadeOf) -> str | None:
        """Returns what tells answers about days that may differ from each other: two of one version are the same.

        It goes by how often each of these days was computed anew, for what is made of events also by their marks, and
        by the settings of the site. None of events before the first rollup, and of those that are no longer kept whole.
        """
        if made_of == "events" and not (self.begun and self._keeps(days)):
            return None
        condition = {"site_id": self.site.site_id, "date": days.dates}
        versions = collections.day_versions.read(
            database(), DayVersion, condition, session=self.session, batch_size=BATCH
        )
        known = [[day["date"], day["version"]] for day in versions]
        if made_of == "events":
            marks = collections.stale_days.read(
                database(), MarkedDay, condition, session=self.session, batch_size=BATCH
            )
            known += [[mark["date"], str(mark["token"])] for mark in marks]
        dimensions = [row.model_dump() for row in self.site.dimensions]
        told = [made_of, definition(self.site), dimensions, str(days.first), str(days.last), sorted(known)]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def _keeps(self, days: DayRange) -> bool:
        # events are removed one after the other: by the days that are kept now, and by those when they were stored
        kept = self.site.retention_days
        if kept is not None and days.first <= day_of(self.moment - timedelta(days=kept), days.zone):
            return False
        condition = {"site_id": self.site.site_id, "timestamp": {"$gte": days.start, "$lt": days.end}}
        found = collections.events.read(database(), ExpiringEvent, condition, session=self.session)
        oldest = next(found.sort("timestamp", 1).limit(1), ExpiringEvent())
        return oldest.get("expires_at") is None or oldest["expires_at"] > self.moment + LONGEST_REMEMBERED


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
            begun="version" in found,
            current=found.get("definition") == definition(site),
            received_to=found.get("received_to"),
            counted_to=found.get("complete_to"),
            part=part,
        )
