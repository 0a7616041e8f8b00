"""One pass of an erasure over every store but events and the archive."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from footfall.clock import now
from footfall.days import day_of, zone_named
from footfall.orders.purchases import moments_of as moments_of_order
from footfall.people.erasing import Subject, collections_of_people, subject_in, subject_of
from footfall.schemas.erasure import ErasureDocument
from footfall.schemas.person import PersonIdentity
from footfall.schemas.site import Site
from footfall.sessions.fold import moments_of as moments_of_session
from footfall.stores.collections import (
    erasures,
    events,
    feedback,
    jobs,
    orders,
    quarantine,
    remnants,
    user_sessions,
    users,
)
from footfall.stores.mongo import Mongo

from . import elsewhere
from .asking import mark
from .mentioned import remove_mentions

TRY_AGAIN = timedelta(minutes=20)
"""After so long a pass that has not ended is begun anew: no function runs for longer."""


def go_through(database: Mongo, site: Site, erasure_id: str) -> bool:
    """Remove what a person has in the stores; returns whether there was anything to do: none is left once it is done.

    It can be done again after it ended anywhere. Raises Unavailable when a store does not answer.
    """
    key = {"_id": f"{site.site_id}:{erasure_id}", "state": "running"}
    erasure = erasures.of(database).find_one_and_update(key, {"$set": {"due_at": now() + TRY_AGAIN}})
    if erasure is None:
        return False
    subject = _known_by_now(database, site, erasure)
    days = _days(database, site, subject)
    erasures.of(database).update_one(key, {"$addToSet": {"days": {"$each": days}}})
    counts = _remove(database, subject) + elsewhere.remove(database, subject)
    found = {f"erased.{name}": count for name, count in counts.items() if count}
    if found:
        erasures.of(database).update_one(key, {"$inc": found})
    return True


def _known_by_now(database: Mongo, site: Site, erasure: ErasureDocument) -> Subject:
    # what was at work when they were marked may have found another visitor of theirs
    noted = subject_in(erasure)
    found = [subject_of(database, site.site_id, one) for one in _known_to_shop(database, noted)]
    shared = noted.shared.union(*(one.shared for one in found))
    subject = Subject(
        site.site_id,
        noted.ids.union(*(one.ids for one in found)) - shared,
        shared,
        noted.texts.union(*(one.texts for one in found)),
    )
    if subject != noted:
        whole = {name: sorted(getattr(subject, name)) for name in ("ids", "shared", "texts")}
        erasures.of(database).update_one({"_id": erasure["_id"]}, {"$set": whole})
        mark(database, site, subject, erasure["erasure_id"])
    return subject


def _known_to_shop(database: Mongo, subject: Subject) -> list[str]:
    # of all that they were seen under, whoever has a document still
    theirs = users.read(database, PersonIdentity, subject.of(users))
    return sorted({one["person_id"] for one in theirs} - subject.shared)


def _days(database: Mongo, site: Site, subject: Subject) -> list[str]:
    zone = zone_named(site.time_zone)
    return sorted({day_of(moment, zone).isoformat() for moment in _moments(database, subject)})


def _moments(database: Mongo, subject: Subject) -> Iterator[datetime]:
    for session in user_sessions.of(database).find(subject.of(user_sessions)):
        yield from moments_of_session(session)
    for order in orders.of(database).find(subject.of(orders)):
        yield from moments_of_order(order)
    for told in feedback.of(database).find(subject.of(feedback), {"timestamp": 1}):
        yield told["timestamp"]


def _remove(database: Mongo, subject: Subject) -> Counter[str]:
    removed = Counter[str]()
    for collection in collections_of_people():
        if collection not in (events, remnants):
            removed[collection.name] += collection.of(database).delete_many(subject.of(collection)).deleted_count
    # made of what others did, too: they are made anew of that
    shared = {"site_id": subject.site_id, "visitor_id": {"$in": sorted(subject.shared)}}
    removed["user_sessions"] += user_sessions.of(database).delete_many(shared).deleted_count
    removed["quarantine"] += remove_mentions(database, quarantine, subject, ("original",))
    removed["jobs"] += remove_mentions(database, jobs, subject, ("parameters", "answer"))
    return removed
