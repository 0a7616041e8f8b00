"""Events of archived days that are stored again, as they were, for a site that keeps them in MongoDB from now on."""

from collections.abc import Iterator, Sequence
from itertools import islice

from footfall.chunks import chunks
from footfall.observability import logger
from footfall.schemas.event import EventDocument
from footfall.schemas.message import ArchivedPart
from footfall.stores.collections import archived_days, events
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

EVENTS_AT_ONCE = 2_000


def restore(database: Mongo, site_id: str, part: ArchivedPart) -> None:
    """Store the events of a part of an archived day, whose file counts until all of the day are stored.

    One that came again since is as it was first; another one of the same id stays. Raises Unavailable when the lake
    does not answer; a file that is missing or changed is said in the log.
    """
    if archived_days.of(database).find_one({"site_id": site_id, "key": part.key}, {"_id": 1}) is None:
        return  # it was written anew, or is not kept any more
    from footfall.lake import archive  # what reads Parquet is no part of a start

    try:
        for some in chunks(_events(part), EVENTS_AT_ONCE):
            _store(database, site_id, some)
    except archive.Damaged:
        logger().error(
            "a file of the archive is missing or changed: its day stays archived",
            extra={"site_id": site_id, "file": part.key},
        )


def _events(part: ArchivedPart) -> Iterator[EventDocument]:
    from footfall.lake import archive

    with archive.fetched(part.key) as file:
        yield from map(archive.event_of, islice(archive.texts_in(file), part.first, part.end))


def _store(database: Mongo, site_id: str, found: Sequence[EventDocument]) -> None:
    ours = [event for event in found if event["site_id"] == site_id]
    try:
        events.of(database).insert_many(ours, ordered=False)
    except BulkWriteError as error:
        there = {document["_id"] for document in duplicates(error)}
        again = [event for event in ours if event["_id"] in there]
        writes = [ReplaceOne({"_id": each["_id"], "body_sha256": each["body_sha256"]}, each) for each in again]
        events.of(database).bulk_write(writes, ordered=False)
