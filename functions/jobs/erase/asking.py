"""The beginning of an erasure: it is noted, and its person's ids are marked, before anything is removed."""

from uuid import uuid4

from footfall.clock import now
from footfall.people.erased import tombstone_key
from footfall.people.erasing import Subject, subject_of
from footfall.schemas.erasure import ErasureDocument, ErasureToAsk
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores.collections import erasures, tombstones
from footfall.stores.mongo import Mongo
from pymongo import UpdateOne


def ask(database: Mongo, asked: ErasureToAsk) -> str:
    """Note that somebody is to be erased, and mark their ids; returns the erasure's id.

    Of somebody who was erased before, or is being so, that of then. Raises NotFound for an unknown site.
    """
    site = get_site(database, asked.site_id)
    known = tombstones.of(database).find_one({"_id": tombstone_key(site, asked.person_id)})
    if known:
        return known["erasure_id"]
    erasure_id = uuid4().hex
    subject, at = subject_of(database, asked.site_id, asked.person_id), now()
    erasures.of(database).insert_one(
        ErasureDocument(
            _id=f"{asked.site_id}:{erasure_id}",
            site_id=asked.site_id,
            erasure_id=erasure_id,
            state="running",
            asked_at=at,
            passes=0,
            erased={},
            ids=sorted(subject.ids),
            shared=sorted(subject.shared),
            texts=sorted(subject.texts),
            days=[],
            due_at=at,
        )
    )
    mark(database, site, subject, erasure_id)
    return erasure_id


def mark(database: Mongo, site: Site, subject: Subject, erasure_id: str) -> None:
    """Mark every id that is a person's alone: from now on nothing is stored under it."""
    told = {"site_id": site.site_id, "erasure_id": erasure_id, "at": now()}
    tombstones.of(database).bulk_write(
        [UpdateOne({"_id": tombstone_key(site, one)}, {"$setOnInsert": told}, upsert=True) for one in subject.ids],
        ordered=False,
    )
