"""The question what is held of a person: every document, part by part."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, TypeAdapter

from footfall.errors import FieldProblem, Invalid, NotFound, Unavailable
from footfall.people.erasing import Subject, collections_of_people, subject_of
from footfall.people.mentions import mentions
from footfall.schemas.event import Json
from footfall.stores.collection import Collection
from footfall.stores.collections import archived_days, quarantine
from footfall.stores.mongo import answering, database

ARCHIVE = "archive"
NOT_THEIRS = frozenset({"_id", "site_id", "message_key", "body_sha256"})
"""What a document has for our own use."""
LARGEST = 3_000_000
"""Characters of one part, of which the last document may be more."""


class ExportQuestion(BaseModel):
    """Which part."""

    limit: int = Field(default=100, ge=1, le=100, description="How many documents at most")
    after: str | None = Field(default=None, max_length=2_048, description="`next` of the part before")


class Held(BaseModel):
    """One document of a person."""

    collection: str = Field(
        description="where it is; `archive` for events of days that the site keeps outside MongoDB", examples=["orders"]
    )
    document: Json = Field(description="all that it says")


class Export(BaseModel):
    """A part of what is held of a person."""

    documents: list[Held]
    next: str | None = Field(description="What to give as `after` for the next part; null when this is the last")


class _Place(NamedTuple):
    # behind which document of which collection; of the archive, which event of which day
    collection: str
    item: str
    number: int = 0


class _Found(NamedTuple):
    place: _Place
    document: Json


_PLACES = TypeAdapter(_Place)


@answering()
def answer(site_id: str, person_id: str, question: ExportQuestion) -> Export:
    """Returns a part of what is held of somebody; raises NotFound where that is nothing, Invalid or Unavailable."""
    subject = subject_of(database(), site_id, person_id)
    found = _all(subject, _place_of(question.after))
    part: list[_Found] = []
    size = 0
    for each in islice(found, question.limit):
        part.append(each)
        size += len(str(each.document))
        if size > LARGEST:
            break
    if not part and question.after is None:
        raise NotFound("nothing is held of anybody of this id")
    is_more = bool(part) and next(found, None) is not None
    behind = part[-1].place if is_more else None
    return Export(
        documents=[Held(collection=each.place.collection, document=each.document) for each in part],
        next=urlsafe_b64encode(_PLACES.dump_json(behind)).decode().rstrip("=") if behind else None,
    )


def _place_of(after: str | None) -> _Place | None:
    if after is None:
        return None
    try:
        place = _PLACES.validate_json(urlsafe_b64decode(after + "=" * (-len(after) % 4)), strict=True)
    except ValueError:
        place = None
    if place is None or place.collection not in _names() or place.number < 0:
        raise Invalid([FieldProblem("after", "is not the `next` of an export")])
    return place


def _names() -> list[str]:
    return [*(each.name for each in collections_of_people()), quarantine.name, ARCHIVE]


def _all(subject: Subject, behind: _Place | None) -> Iterator[_Found]:
    names = _names()
    left = names[names.index(behind.collection) :] if behind else names
    for name in left:
        place = behind if behind and behind.collection == name else _Place(name, "")
        yield from _archived(subject, place) if name == ARCHIVE else _stored(subject, place)


def _stored(subject: Subject, behind: _Place) -> Iterator[_Found]:
    if behind.collection == quarantine.name:
        yield from _quarantined(subject, behind)
        return
    collection: Collection[Any] = next(each for each in collections_of_people() if each.name == behind.collection)
    theirs = {"$and": [subject.of(collection), {"_id": {"$gt": behind.item}}]}
    for document in collection.of(database()).find(theirs).sort("_id", 1):
        yield _Found(_Place(collection.name, document["_id"]), _shown(document))


def _quarantined(subject: Subject, behind: _Place) -> Iterator[_Found]:
    known = subject.ids | subject.texts
    waiting = {"site_id": subject.site_id, "_id": {"$gt": behind.item}}
    for document in quarantine.of(database()).find(waiting).sort("_id", 1):
        if mentions(text := document["original"].decode(errors="replace"), known):
            shown = _shown({**document, "original": text})
            yield _Found(_Place(quarantine.name, document["_id"]), shown)


def _archived(subject: Subject, behind: _Place) -> Iterator[_Found]:
    days = {"site_id": subject.site_id, "_id": {"$gte": behind.item}}
    for day in archived_days.of(database()).find(days).sort("_id", 1):
        first = behind.number if day["_id"] == behind.item else 0
        for number, document in enumerate(_events_of(day["key"], subject, first), first + 1):
            yield _Found(_Place(ARCHIVE, day["_id"], number), _shown(document))


def _events_of(key: str, subject: Subject, first: int) -> Iterator[Any]:
    from footfall.lake import archive  # what reads Parquet is no part of a start

    try:
        with archive.fetched(key) as file:
            yield from islice(archive.events_of(file, subject.ids, subject.shared), first, None)
    except archive.Damaged as error:
        raise Unavailable("a file of the archive is missing or changed") from error


def _shown(document: Json) -> Json:
    return {name: _plain(value) for name, value in document.items() if name not in NOT_THEIRS}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
