"""Who was there on each day: by the daily figures, or where a filter asks for what these do not tell, by the events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from pyroaring import BitMap

from footfall.days import DayRange, Period, day_of
from footfall.questions.event_rows import EventsQuery, narrowed
from footfall.questions.filters import Filtered, Wanted
from footfall.questions.read_rows import read_rows
from footfall.rollups import Rollups
from footfall.schemas.event import ACTIVITY_TYPES, NamedEvent
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.metrics import DayByDevice
from footfall.stores.collections import daily_metrics
from footfall.stores.mongo import Condition, database

BATCH = 1_000
PEOPLE = {"by_device": tuple(f"{device}.people" for device in DEVICES)}


def is_visit(event: NamedEvent) -> bool:
    """Returns whether somebody must be there for it: they view a page, or do something."""
    return event["type"] in ACTIVITY_TYPES


VISITS = {"type": {"$in": sorted(ACTIVITY_TYPES)}}
"""The MongoDB condition for the same."""


class Visits:
    """All that needs somebody there, as one group."""

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the group of an event."""
        return frozenset({0} if is_visit(event) else ())

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for the events."""
        return dict(VISITS)


@dataclass(frozen=True)
class ActivePeople:
    """The people who were there, as the filters of a question have it."""

    rollups: Rollups
    device: Device | None
    filters: Mapping[str, Wanted]
    bots: bool = False

    @classmethod
    def of(cls, rollups: Rollups, question: Filtered) -> "ActivePeople":
        """Returns the people that a question is about; raises Invalid for a filter that there is not."""
        return cls(rollups, *narrowed(rollups.site, question), bots=question.bots == "include")

    @property
    def narrowed(self) -> bool:
        """Whether any filter is given."""
        return bool(self.device or self.filters or self.bots)

    @property
    def from_figures(self) -> bool:
        """Whether the daily figures tell them, as they do by device."""
        return self.filters.keys() <= {"device"} and not self.bots

    def by_day(self, days: DayRange) -> list[BitMap]:
        """Returns who was there on each day of a range; raises Invalid for too many events, Unavailable."""
        found = [BitMap() for _ in days]
        for day, people in self._told(days) if self.from_figures else self._happened(days):
            found[(day - days.first).days] |= people
        return found

    def complete_to(self, days: DayRange) -> datetime | None:
        """Returns the watermark of what they are told by."""
        return self.rollups.complete_to(days) if self.from_figures else self.rollups.received_to

    def _told(self, days: DayRange) -> Iterator[tuple[date, BitMap]]:
        wanted = self.filters.get("device")
        devices = [self.device] if self.device else [one for one in DEVICES if wanted is None or wanted.takes([one])]
        for day in _figures(self.rollups, days.dates):
            for device in devices:
                if device in day["by_device"]:
                    yield date.fromisoformat(day["date"]), BitMap.deserialize(day["by_device"][device]["people"])

    def _happened(self, days: DayRange) -> Iterator[tuple[date, BitMap]]:
        query = EventsQuery(
            self.rollups, days, self.device, self.filters, {}, by_session=False, bots=self.bots, reading=Visits()
        )
        for rows in read_rows(query).rows:
            order = np.argsort(rows.days, kind="stable")
            numbers, begins = np.unique(rows.days[order], return_index=True)
            for number, people in zip(numbers, np.split(rows.people[order], begins)[1:], strict=True):
                yield days.first + timedelta(days=int(number)), BitMap(people.astype(np.uint32))


def _figures(rollups: Rollups, dates: Condition) -> Iterator[DayByDevice]:
    condition = {"site_id": rollups.site.site_id, "date": dates}
    yield from daily_metrics.read(
        database(), DayByDevice, condition, parts=PEOPLE, session=rollups.session, batch_size=BATCH
    )


def ever_before(rollups: Rollups, day: date) -> BitMap:
    """Returns everybody who was ever there before a day."""
    everybody = BitMap()
    for figures in _figures(rollups, {"$lt": day.isoformat()}):
        for device in figures["by_device"].values():
            everybody |= BitMap.deserialize(device["people"])
    return everybody


def is_complete(period: Period, rollups: Rollups, days: DayRange) -> bool:
    """Returns whether all days of a period are in the range and over."""
    return period.whole and period.last < day_of(rollups.moment, days.zone)
