"""The end of a pass of an erasure: a person's events go, of MongoDB and of the archive, and what follows is asked for.

The days are noted before anything is removed, and told to etl/events after: so they are marked whatever ends meanwhile.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from footfall.aws.queues import send
from footfall.chunks import chunks
from footfall.clock import now
from footfall.days import day_of, zone_named
from footfall.lake.periods import archive_of, folder_of
from footfall.observability import logger
from footfall.orders.fold import ORDER_EVENTS
from footfall.people.erasing import Subject, subject_in
from footfall.schemas.erasure import ErasureDocument, ErasureToMake
from footfall.schemas.event import EventKey, ToldEvent
from footfall.schemas.message import EventsMessage
from footfall.schemas.remnant import RemnantDocument
from footfall.schemas.site import Site
from footfall.settings import EventsQueueSettings, from_environment
from footfall.sites import get_site
from footfall.stores import lake
from footfall.stores.collections import erasures, events, imports, lake_periods, remnants, training_runs
from footfall.stores.mongo import Condition, Mongo, duplicates
from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from .anonymous import anonymous
from .erasure import erase
from .lake import remove_replaced

SETTLES = timedelta(minutes=75)
"""The second pass comes when whatever ran at the mark has ended (15 minutes), and files that answers may still read are
an hour old."""
LOOKS_AGAIN = timedelta(minutes=15)
STUCK = timedelta(days=1)
AT_ONCE = 1_000
SOURCE = "erasure"


def end_pass(database: Mongo, asked: ErasureToMake) -> None:
    """Remove a person's events, and have their days and orders computed anew; the second time the erasure is done.

    It can be done again after it ended anywhere. Raises Unavailable, or Damaged for an archive that cannot be read.
    """
    key = {"_id": f"{asked.site_id}:{asked.erasure_id}", "state": "running"}
    erasure = erasures.of(database).find_one(key)
    if erasure is None:
        return
    site, subject = get_site(database, asked.site_id), subject_in(erasure)
    settled = _is_settled(database, erasure)
    erasures.of(database).update_one(key, {"$addToSet": {"days": {"$each": _days(database, site, subject)}}})
    again = _keep_orders(database, site, subject) if site.keep_orders else []
    removed = _remove(database, subject)
    if days := erase(database, subject):
        erasures.of(database).update_one(key, {"$addToSet": {"days": {"$each": days}}})
        removed["archived_days"] = len(days)
    again += _events_of_others(database, subject)
    found = erasures.of(database).find_one(key)
    _tell(asked.site_id, found.get("days", []) if found else [], again)
    remove_replaced(database, asked.site_id, lambda: True)
    for folder in (folder_of(asked.site_id), archive_of(asked.site_id)):
        lake.forget_removed(folder)
    _note(database, key, erasure, removed, settled=settled)
    logger().info("a pass has ended", extra={"erasure_id": asked.erasure_id, "done": settled})


def _days(database: Mongo, site: Site, subject: Subject) -> list[str]:
    zone = zone_named(site.time_zone)
    moments = (event["timestamp"] for event in events.of(database).find(subject.of(events), {"timestamp": 1}))
    return sorted({day_of(moment, zone).isoformat() for moment in moments})


def _keep_orders(database: Mongo, site: Site, subject: Subject) -> list[str]:
    # returns the ids of what tells the orders from now on
    kept: list[str] = []
    for some in chunks(_telling(database, subject), AT_ONCE):
        told = [anonymous(site, event, now()) for event in some]
        _insert(database, told)
        kept += [each["event_id"] for each in told]
    return kept


def _telling(database: Mongo, subject: Subject) -> Iterator[ToldEvent]:
    # of archived days, too, what tells of orders is in MongoDB
    telling = {"type": {"$in": sorted(ORDER_EVENTS)}}
    yield from remnants.of(database).find({"$and": [subject.of(remnants), telling]})
    yield from events.of(database).find({"$and": [subject.of(events), telling]})


def _insert(database: Mongo, told: list[RemnantDocument]) -> None:
    try:
        remnants.of(database).bulk_write([InsertOne(each) for each in told], ordered=False)
    except BulkWriteError as error:
        duplicates(error)


def _remove(database: Mongo, subject: Subject) -> Counter[str]:
    return Counter(
        events=events.of(database).delete_many(subject.of(events)).deleted_count,
        remnants=remnants.of(database).delete_many(subject.of(remnants)).deleted_count,
    )


def _events_of_others(database: Mongo, subject: Subject) -> list[str]:
    # whoever was the same visitor too: what follows from their events was removed with what followed from the person's
    theirs = {"site_id": subject.site_id, "visitor_id": {"$in": sorted(subject.shared)}}
    return [event["event_id"] for event in events.read(database, EventKey, theirs)]


def _tell(site_id: str, days: list[str], again: list[str]) -> None:
    messages = [
        *({"stale": some} for some in chunks(days, AT_ONCE)),
        *({"reprocess": some} for some in chunks(again, AT_ONCE)),
    ]
    bodies = [
        EventsMessage.model_validate(
            {"site_id": site_id, "source": SOURCE, "received_at": now(), **each}
        ).model_dump_json()
        for each in messages
    ]
    send(from_environment(EventsQueueSettings).events_queue_url, site_id, bodies)


def _is_settled(database: Mongo, erasure: ErasureDocument) -> bool:
    # whether this pass is the last: nothing is at work that began before the mark, and the lake's files are newer
    if not erasure["passes"] or now() < erasure["asked_at"] + SETTLES:
        return False
    began = {
        "site_id": erasure["site_id"],
        "state": {"$in": ["queued", "running"]},
        "updated_at": {"$gt": now() - STUCK},
    }
    if any(each.of(database).find_one(began, {"_id": 1}) for each in (imports, training_runs)):
        return False
    return not any(_is_older(database, erasure, day) for day in erasure.get("days", []))


def _is_older(database: Mongo, erasure: ErasureDocument, day: str) -> bool:
    since = erasure.get("gone_at", erasure["asked_at"])
    older = {"site_id": erasure["site_id"], "first": {"$lte": day}, "last": {"$gte": day}, "written_at": {"$lt": since}}
    return lake_periods.of(database).find_one(older, {"_id": 1}) is not None


def _note(database: Mongo, key: Condition, erasure: ErasureDocument, removed: Counter[str], *, settled: bool) -> None:
    at = now()
    counts = {f"erased.{name}": count for name, count in removed.items() if count}
    change: dict[str, dict[str, object]] = {"$inc": {"passes": 1, **counts}}
    if settled:
        change["$set"] = {"state": "done", "done_at": at}
        change["$unset"] = dict.fromkeys(("ids", "shared", "texts", "days", "due_at", "gone_at"), "")
    else:
        due_at: datetime = max(erasure["asked_at"] + SETTLES, at + LOOKS_AGAIN)
        change["$set"] = {"due_at": due_at, "gone_at": erasure.get("gone_at", at)}
    erasures.of(database).update_one(key, change)
