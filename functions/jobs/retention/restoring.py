"""Archived days that a site keeps in MongoDB from now on: etl/events stores them again, then their archive goes.

A day's archive counts until every event of it is stored, and for an hour after that: whoever read MongoDB before it
looks into the archive after it.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from footfall.aws.queues import send
from footfall.clock import now
from footfall.days import DayRange, day_of, start_of, zone_named
from footfall.events.log import BATCH
from footfall.lake import archive
from footfall.lake.archive import Damaged
from footfall.lake.archived import archives_of
from footfall.observability import logger
from footfall.schemas.event import StoredBody
from footfall.schemas.lake import ArchivedDay
from footfall.schemas.message import ArchivedPart, EventsMessage
from footfall.schemas.restoring import Restored
from footfall.schemas.site import Site
from footfall.settings import EventsQueueSettings, from_environment
from footfall.stores.collections import archived_days, events
from footfall.stores.mongo import Mongo

EVENTS_PER_MESSAGE = 20_000
SETTLED = timedelta(hours=1)


class _Missing(NamedTuple):
    # of a day's archived events, how many are not stored, and how many others have an id of one
    events: int
    conflicts: int


def restore_days(
    database: Mongo, site: Site, first: date, last: date, dry_run: bool, in_time: Callable[[], bool]
) -> Restored:
    """Have the archived days of a range stored again that a site keeps in MongoDB; returns how far that is.

    Asked again, it asks for what is missing by then. With `dry_run` nothing is asked for.
    """
    found = Restored(dry_run=dry_run)
    for one in archives_of(database, site.site_id, DayRange(first, last, zone_named(site.time_zone))):
        if not in_time():
            found.left += 1
        elif not _is_hot(site, one):
            found.cold_days += 1
        elif (missing := _missing(database, one)) is None:
            found.damaged_days += 1
        else:
            found.days += 1
            found.events += one["events"]
            found.missing += missing.events
            found.conflicts += missing.conflicts
            if not dry_run:
                _go_on(database, one, missing)
    return found


def drop_restored(database: Mongo, site: Site, in_time: Callable[[], bool]) -> int:
    """Have the archives no longer count whose days are stored since an hour; returns how many those were."""
    dropped = 0
    settled = {"site_id": site.site_id, "restored_at": {"$lt": now() - SETTLED}}
    for one in archived_days.of(database).find(settled):
        if in_time() and _is_hot(site, one) and _missing(database, one) == (0, 0):
            dropped += archived_days.of(database).delete_one({"_id": one["_id"], "key": one["key"]}).deleted_count
    return dropped


def _is_hot(site: Site, one: ArchivedDay) -> bool:
    # else the next run would archive it again
    if site.hot_days is None:
        return True
    zone = zone_named(site.time_zone)
    return one["start"] >= start_of(day_of(now(), zone) - timedelta(days=site.hot_days), zone)


def _missing(database: Mongo, one: ArchivedDay) -> _Missing | None:
    # None where the file is damaged
    known = dict(_stored(database, one["site_id"], one["start"], one["end"]))
    missing = conflicts = 0
    try:
        with archive.fetched(one["key"]) as file:
            for event_id, body_sha256 in archive.stored_in(file):
                missing += event_id not in known
                conflicts += known.get(event_id, body_sha256) != body_sha256
    except Damaged:
        named = {"site_id": one["site_id"], "day": one["date"], "file": one["key"]}
        logger().error("a file of the archive is missing or changed: its day stays archived", extra=named)
        return None
    return _Missing(missing, conflicts)


def _stored(database: Mongo, site_id: str, start: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    during = {"site_id": site_id, "timestamp": {"$gte": start, "$lt": end}}
    for event in events.read(database, StoredBody, during, batch_size=BATCH):
        yield event["event_id"], event["body_sha256"]


def _go_on(database: Mongo, one: ArchivedDay, missing: _Missing) -> None:
    if missing.events:
        _ask(one)
    elif not missing.conflicts and "restored_at" not in one:
        same = {"_id": one["_id"], "key": one["key"]}
        archived_days.of(database).update_one(same, {"$set": {"restored_at": now()}})


def _ask(one: ArchivedDay) -> None:
    site_id, moment = one["site_id"], now()
    parts = [
        ArchivedPart(key=one["key"], first=first, end=first + EVENTS_PER_MESSAGE)
        for first in range(0, one["events"], EVENTS_PER_MESSAGE)
    ]
    texts = [
        EventsMessage(site_id=site_id, source="restore", received_at=moment, restore=[part]).model_dump_json()
        for part in parts
    ]
    send(from_environment(EventsQueueSettings).events_queue_url, site_id, texts)
