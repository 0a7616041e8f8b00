"""The question whether the lake holds every event that is stored, and whether its files are what was written.

An archived day is compared with what its archive was found to hold when it was written, and that file with its name.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.errors import FieldProblem, Invalid
from footfall.events.log import BATCH, all_events_between
from footfall.lake.archived import LEAVING, archives_of, days_within
from footfall.lake.contents import LARGEST, digest_of
from footfall.lake.definition import written_by
from footfall.lake.periods import name_of
from footfall.questions.range import Range, RangeQuestion
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.event import EventMoment
from footfall.schemas.lake import ArchivedDay, LakeFile, LakePeriod
from footfall.schemas.metrics import StaleDate
from footfall.stores import lake
from footfall.stores.collections import events, lake_periods, stale_days
from footfall.stores.mongo import answering, database

MOST_LISTED = 1_000
MOST_DAYS = 62
"""Every event of these days is read."""


class LakeDayCheck(BaseModel):
    """A day whose events in the lake are not those that are stored."""

    date: date
    problem: Literal["waits", "missing", "differs"] = Field(
        description="`waits`: the next rollup writes it, or the next clean-up archives it anew; "
        "`missing`: the lake has no such day; `differs`: other events"
    )
    stored: int = Field(description="Events that MongoDB has, or the archive with what came later")
    in_lake: int = Field(description="Events that the lake has")


class LakeFileCheck(BaseModel):
    """A file that is not as it was written.

    Days are answered from MongoDB until their columns are written anew; a day whose archive it is stays as it was.
    """

    key: str = Field(description="Its name in the lake")
    problem: Literal["missing", "changed"] = Field(description="`changed`: it holds other bytes than were written")


class LakeCheck(BaseModel):
    """What was compared, and what differs: at most a thousand days and files of each."""

    range: Range
    days: int = Field(description="Days compared")
    events: int = Field(description="Events that MongoDB and the archive have of these days")
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
        archives = archives_of(database(), site_id, days, rollups.session)
        stored = {day.isoformat(): _stored(rollups, DayRange(day, day, days.zone)) for day in days}
        seen = _archived(rollups, days, archives, _Seen(held, stored, _waiting(rollups, days)))
        differing = list(_differing(seen))
    files = [file for period in periods for file in period["files"]]
    files += [LakeFile(key=one["key"], rows=one["events"], bytes=one["bytes"]) for one in archives]
    return LakeCheck(
        range=Range.of(days),
        days=len(days),
        events=sum(day.events for day in seen.stored.values()),
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

    def and_of(self, other: "_Day") -> "_Day":
        return _Day(self.events + other.events, (self.digest + other.digest) % LARGEST)


class _Seen(NamedTuple):
    # what the lake has of days, what is stored of them, and which of them wait
    held: Mapping[str, _Day]
    stored: Mapping[str, _Day]
    waiting: Collection[str]


def _stored(rollups: Rollups, day: DayRange) -> _Day:
    found = all_events_between(database(), rollups.site.site_id, EventMoment, day.start, day.end, rollups.session)
    return _day(found)


def _day(found: Iterable[EventMoment]) -> _Day:
    event_ids = [event["event_id"] for event in found]
    return _Day(len(event_ids), digest_of(event_ids))


def _archived(rollups: Rollups, days: DayRange, archives: Iterable[ArchivedDay], seen: _Seen) -> _Seen:
    # of what came later for an archived day, MongoDB does not tell whether the archive has it too
    stored, waiting = dict(seen.stored), set(seen.waiting)
    for archive in archives:
        for day in days_within(archive, days):
            name, late = day.isoformat(), _late(rollups, DayRange(day, day, days.zone), archive)
            known, held = _known(archive, DayRange(day, day, days.zone), seen.held.get(name)), seen.held.get(name)
            stored[name] = known if held == known and name not in waiting else known.and_of(late)
            if held and known.events < held.events < stored[name].events:
                waiting.add(name)
    return _Seen(seen.held, stored, waiting)


def _late(rollups: Rollups, day: DayRange, archive: ArchivedDay) -> _Day:
    during = {"site_id": rollups.site.site_id, "timestamp": {"$gte": day.start, "$lt": day.end}}
    late = {**during, "$or": [LEAVING, {"processed_at": {"$gt": archive["archived_at"]}}]}
    return _day(events.read(database(), EventMoment, late, session=rollups.session, batch_size=BATCH))


def _known(archive: ArchivedDay, day: DayRange, held: _Day | None) -> _Day:
    is_of_day = (archive["start"], archive["end"]) == (day.start, day.end)
    # the site's time zone was another: which of its events are of this day, the lake alone tells
    return _Day(archive["events"], archive["digest"]) if is_of_day else held or _Day(0, 0)


def _waiting(rollups: Rollups, days: DayRange) -> set[str]:
    condition = {"site_id": rollups.site.site_id, "date": days.dates}
    return {mark["date"] for mark in stale_days.read(database(), StaleDate, condition, session=rollups.session)}


def _differing(seen: _Seen) -> Iterator[LakeDayCheck]:
    for name, day in seen.stored.items():
        ours = seen.held.get(name)
        if ours == day or (ours is None and not day.events):
            continue
        yield LakeDayCheck(
            date=date.fromisoformat(name),
            problem="waits" if name in seen.waiting else "differs" if ours else "missing",
            stored=day.events,
            in_lake=ours.events if ours else 0,
        )


def _damaged(files: list[LakeFile]) -> Iterator[LakeFileCheck]:
    # a file's name holds the hash of what was written
    for file in files:
        body = lake.get(file["key"])
        if body is None:
            yield LakeFileCheck(key=file["key"], problem="missing")
        elif not file["key"].endswith(name_of(body)):
            yield LakeFileCheck(key=file["key"], problem="changed")
