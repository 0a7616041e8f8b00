"""Days that are older than a site keeps in MongoDB go to the archive: first a file that is read back, then the events.

What is done at each step is safe to be left there: a file counts once `archived_days` names it, and an event leaves
MongoDB once the file that is named was found to hold it.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TypeVar

from bson import CodecOptions, ObjectId
from bson.raw_bson import RawBSONDocument
from footfall.chunks import chunks
from footfall.clock import now
from footfall.days import DayRange, day_of, start_of, zone_named
from footfall.events.log import BATCH
from footfall.lake import archive
from footfall.lake.archive import Content, Damaged, Stored, Unlike
from footfall.lake.archived import LEAVING, archives_of
from footfall.lake.definition import definition
from footfall.lake.periods import archive_of, name_of
from footfall.lake.sessions import sessions_of
from footfall.observability import logger
from footfall.schemas.event import EventMoment, StepEvent
from footfall.schemas.lake import ArchivedDay, LakeDay, WrittenDays
from footfall.schemas.session import SessionSpan
from footfall.schemas.site import Site
from footfall.stores import lake
from footfall.stores.collections import archived_days, events, lake_periods, stale_days
from footfall.stores.mongo import Condition, Mongo
from pymongo import DeleteOne
from pymongo.cursor import Cursor
from pymongo.errors import DuplicateKeyError

from .removal import days_with

RESTS = timedelta(days=35)
"""A day is archived once nothing has arrived for it in so many days: until then more of an import may come."""
REMOVED_AT_ONCE = 1_000
READ_AT_ONCE = 20_000
Seen = TypeVar("Seen", bound=EventMoment)
AS_STORED = CodecOptions(document_class=RawBSONDocument, tz_aware=True)


def archive_days(database: Mongo, site: Site, in_time: Callable[[], bool]) -> int:
    """Archive the days of a site that are older than `hot_days`; returns how many events left MongoDB.

    A day that waits to be computed anew, or whose columns in the lake are not of all its events, is left as it is, and
    so is one of which the archive is damaged, which is said in the log.
    """
    moved = 0
    for day in _due(database, site):
        if not in_time():
            break
        try:
            moved += _archive(database, site, day, in_time)
        except (Damaged, Unlike) as error:
            named = {"site_id": site.site_id, "day": str(day.first), "why": type(error).__name__}
            logger().error("a day cannot be archived: its events stay in MongoDB", extra=named)
    return moved


def _due(database: Mongo, site: Site) -> Iterator[DayRange]:
    if site.hot_days is None:
        return
    zone, found = zone_named(site.time_zone), {"site_id": site.site_id, **LEAVING}
    # the newest first: of most others all has left that does
    for day in sorted(days_with(database, events, "timestamp", found, _first_hot(site), zone), reverse=True):
        yield DayRange(day, day, zone)


def _first_hot(site: Site) -> date:
    return day_of(now(), zone_named(site.time_zone)) - timedelta(days=site.hot_days or 0)


def _archive(database: Mongo, site: Site, day: DayRange, in_time: Callable[[], bool]) -> int:
    there = archives_of(database, site.site_id, day)
    leaving = _leaving(database, site, day)
    if not leaving or not _is_its_own(there, day):
        return 0
    stored = {event["event_id"] for event in _events(database, site.site_id, day, EventMoment)}
    with ExitStack() as files:
        file = files.enter_context(archive.fetched(there[0]["key"])) if there else None
        known = {event.event_id for event in archive.stored_in(file)} if file else set[str]()
        if stored - known:
            texts = chain(archive.texts_in(file) if file else (), _texts(database, site.site_id, day, known))
            written = _write(database, site, day, texts)
            if written and make_current(database, written, there[0]["key"] if there else None):
                file = files.enter_context(archive.fetched(written["key"]))
        if file is None:
            return 0
        return _remove(database, site.site_id, archive.stored_in(file), leaving, in_time)


def _held(database: Mongo, site: Site, day: date) -> LakeDay | None:
    # what the lake's columns are of, where that is all there was when they were written
    name = day.isoformat()
    if stale_days.of(database).find_one({"site_id": site.site_id, "date": name}):
        return None
    written = {"site_id": site.site_id, "definition": definition(site), "first": {"$lte": name}, "last": {"$gte": name}}
    found = lake_periods.read(database, WrittenDays, written)
    return next((held for period in found for held in period["days"] if held["date"] == name), None)


def _is_its_own(there: Sequence[ArchivedDay], day: DayRange) -> bool:
    # in another time zone archives are of other hours: what comes late for these stays in MongoDB
    return not there or [(one["start"], one["end"]) for one in there] == [(day.start, day.end)]


def _rests(database: Mongo, site_id: str, day: DayRange) -> bool:
    lately = {"processed_at": {"$gt": now() - RESTS}}
    return events.of(database).find_one({**_during(site_id, day), **lately}, {"_id": 1}) is None


def _during(site_id: str, day: DayRange) -> Condition:
    return {"site_id": site_id, "timestamp": {"$gte": day.start, "$lt": day.end}}


def _events(database: Mongo, site_id: str, day: DayRange, view: type[Seen], **which: object) -> Cursor[Seen]:
    return events.read(database, view, {**_during(site_id, day), **which}, batch_size=BATCH)


def _leaving(database: Mongo, site: Site, day: DayRange) -> set[str]:
    # what is of no session stays, as nothing else tells of its day, and what is of one that goes on is read again soon
    goes_on = start_of(_first_hot(site), day.zone)
    leaving: set[str] = set()
    for some in chunks(_events(database, site.site_id, day, StepEvent, **LEAVING), READ_AT_ONCE):
        found = sessions_of(database, site.site_id, some, day, SessionSpan)
        leaving |= {
            event["event_id"]
            for event, session in zip(some, found, strict=True)
            if session and session["ended_at"] < goes_on
        }
    return leaving


def _texts(database: Mongo, site_id: str, day: DayRange, known: Collection[str]) -> Iterator[str]:
    for event in events.of(database).with_options(codec_options=AS_STORED).find(_during(site_id, day)):
        if event["event_id"] not in known:
            yield archive.text_of(bytes(event.raw))


def _write(database: Mongo, site: Site, day: DayRange, texts: Iterable[str]) -> ArchivedDay | None:
    # None where they are others than the lake's columns are of
    held = _held(database, site, day.first) if _rests(database, site.site_id, day) else None
    if held is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "new.parquet"
        content = archive.write(texts, file)
        if (content.events, content.digest) != (held["events"], held["digest"]):
            return None
        return stored_as(site.site_id, (day.first.isoformat(), day.start, day.end), file, content)


def stored_as(site_id: str, day: tuple[str, datetime, datetime], file: Path, content: Content) -> ArchivedDay:
    """Store a file in the archive and read it back; returns the document that names it, which is not stored yet.

    `day` is its date, when it begins and when it ends. Raises Damaged where the lake gives back something else.
    """
    date_, start, end = day
    body = file.read_bytes()
    # another name each time, so that a file is never removed that is just being named
    key = f"{archive_of(site_id)}month={date_[:7]}/day={date_}/{ObjectId()}-{name_of(body)}"
    lake.put(key, body)
    with archive.fetched(key) as stored:
        if archive.content_of(stored) != content:
            raise Damaged(key)
    return ArchivedDay(
        _id=f"{site_id}:{start:%Y-%m-%dT%H:%M}",
        site_id=site_id,
        date=date_,
        start=start,
        end=end,
        key=key,
        events=content.events,
        digest=content.digest,
        bytes=len(body),
        archived_at=now(),
    )


def make_current(database: Mongo, written: ArchivedDay, instead_of: str | None) -> bool:
    """Have a file count in place of the one of another name; returns whether that one still counted."""
    if instead_of:
        return (
            archived_days.of(database).replace_one({"_id": written["_id"], "key": instead_of}, written).matched_count
            == 1
        )
    try:
        archived_days.of(database).insert_one(written)
    except DuplicateKeyError:
        return False
    return True


def _remove(
    database: Mongo, site_id: str, archived: Iterable[Stored], stored: Collection[str], in_time: Callable[[], bool]
) -> int:
    # the same id with another body is another event, which the archive has not
    removed = 0
    for some in chunks((event for event in archived if event.event_id in stored), REMOVED_AT_ONCE):
        if not in_time():
            break
        removed += (
            events.of(database)
            .bulk_write(
                [
                    DeleteOne({"_id": f"{site_id}:{event_id}", "site_id": site_id, "body_sha256": body_sha256})
                    for event_id, body_sha256 in some
                ],
                ordered=False,
            )
            .deleted_count
        )
    return removed
