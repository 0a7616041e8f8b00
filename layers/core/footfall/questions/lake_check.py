"""The question whether the lake holds every event that is stored, and whether its files are what was written."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.errors import FieldProblem, Invalid
from footfall.events.log import all_events_between
from footfall.lake.contents import digest_of
from footfall.lake.definition import written_by
from footfall.lake.periods import name_of
from footfall.questions.range import Range, RangeQuestion
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.event import EventMoment
from footfall.schemas.lake import LakeFile, LakePeriod
from footfall.schemas.metrics import StaleDate
from footfall.stores import lake
from footfall.stores.collections import lake_periods, stale_days
from footfall.stores.mongo import answering, database

MOST_LISTED = 1_000
MOST_DAYS = 62
"""Every event of these days is read."""


class LakeDayCheck(BaseModel):
    """A day whose events in the lake are not those that are stored."""

    date: date
    problem: Literal["waits", "missing", "differs"] = Field(
        description="`waits`: the next rollup writes it; `missing`: the lake has no such day; `differs`: other events"
    )
    stored: int = Field(description="Events that MongoDB has")
    in_lake: int = Field(description="Events that the lake has")


class LakeFileCheck(BaseModel):
    """A file that is not as it was written; its days are answered from MongoDB until they are written anew."""

    key: str = Field(description="Its name in the lake")
    problem: Literal["missing", "changed"] = Field(description="`changed`: it holds other bytes than were written")


class LakeCheck(BaseModel):
    """What was compared, and what differs: at most a thousand days and files of each."""

    range: Range
    days: int = Field(description="Days compared")
    events: int = Field(description="Events that MongoDB has of these days")
    files: int = Field(description="Files read whole")
    bytes: int = Field(description="What they hold")
    differing_days: list[LakeDayCheck]
    damaged_files: list[LakeFileCheck]


class LakeCheckQuestion(RangeQuestion):
    """Which days are compared."""


@answering()
def answer(site_id: str, question: LakeCheckQuestion) -> LakeCheck:
    """Returns how the lake compares with MongoDB over a range; raises NotFound, Invalid, Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        if len(days) > MOST_DAYS:
            raise Invalid([FieldProblem("from", f"is more than {MOST_DAYS} days before `to`")])
        periods = _periods(rollups, days)
        held = {day["date"]: _Day(day["events"], day["digest"]) for period in periods for day in period["days"]}
        stored = {day.isoformat(): _stored(rollups, DayRange(day, day, days.zone)) for day in days}
        differing = list(_differing(held, stored, _waiting(rollups, days)))
    files = [file for period in periods for file in period["files"]]
    return LakeCheck(
        range=Range.of(days),
        days=len(days),
        events=sum(day.events for day in stored.values()),
        files=len(files),
        bytes=sum(file["bytes"] for file in files),
        differing_days=differing[:MOST_LISTED],
        damaged_files=list(_damaged(files))[:MOST_LISTED],
    )


def _periods(rollups: Rollups, days: DayRange) -> list[LakePeriod]:
    ends = {"first": {"$lte": days.last.isoformat()}, "last": {"$gte": days.first.isoformat()}}
    condition = {"site_id": rollups.site.site_id, **written_by(rollups.site), **ends}
    return lake_periods.read(database(), LakePeriod, condition, session=rollups.session).to_list()


class _Day(NamedTuple):
    events: int
    digest: int


def _stored(rollups: Rollups, day: DayRange) -> _Day:
    found = all_events_between(database(), rollups.site.site_id, EventMoment, day.start, day.end, rollups.session)
    event_ids = [event["event_id"] for event in found]
    return _Day(len(event_ids), digest_of(event_ids))


def _waiting(rollups: Rollups, days: DayRange) -> set[str]:
    condition = {"site_id": rollups.site.site_id, "date": days.dates}
    return {mark["date"] for mark in stale_days.read(database(), StaleDate, condition, session=rollups.session)}


def _differing(held: dict[str, _Day], stored: dict[str, _Day], waiting: set[str]) -> Iterator[LakeDayCheck]:
    for name, day in stored.items():
        ours = held.get(name)
        if ours == day or (ours is None and not day.events):
            continue
        yield LakeDayCheck(
            date=date.fromisoformat(name),
            problem="waits" if name in waiting else "differs" if ours else "missing",
            stored=day.events,
            in_lake=ours.events if ours else 0,
        )


def _damaged(files: list[LakeFile]) -> Iterator[LakeFileCheck]:
    # a file's name holds the hash of what was written
    for file in files:
        body = lake.get(file["key"])
        if body is None:
            yield LakeFileCheck(key=file["key"], problem="missing")
        elif not file["key"].endswith(f"/{name_of(body)}"):
            yield LakeFileCheck(key=file["key"], problem="changed")
