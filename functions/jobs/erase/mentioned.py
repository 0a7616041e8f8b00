"""Documents that nobody is declared to own, and that speak of somebody in their texts."""

from collections.abc import Sequence
from typing import Any

from footfall.chunks import chunks
from footfall.people.erasing import Subject
from footfall.people.mentions import mentions
from footfall.stores.collection import Collection
from footfall.stores.mongo import Mongo

REMOVED_AT_ONCE = 1_000


def remove_mentions(database: Mongo, collection: Collection[Any], subject: Subject, fields: Sequence[str]) -> int:
    """Remove the documents of the site whose texts under some fields hold one of the person's ids; returns how many."""
    known = subject.ids | subject.texts
    found = collection.of(database).find({"site_id": subject.site_id}, dict.fromkeys(fields, 1))
    theirs = (one["_id"] for one in found if any(mentions(_text(one.get(field)), known) for field in fields))
    return sum(
        collection.of(database).delete_many({"_id": {"$in": some}}).deleted_count
        for some in chunks(theirs, REMOVED_AT_ONCE)
    )


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
