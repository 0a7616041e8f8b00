"""Everything that is one person's: which ids they were seen under, and how their documents are found by these."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from footfall.people.identities import identities
from footfall.people.searching import EMAILS
from footfall.schemas.erasure import ErasureDocument
from footfall.schemas.person import PersonIdentity, PersonTraits
from footfall.stores.collection import Collection
from footfall.stores.collections import COLLECTIONS, users
from footfall.stores.mongo import Condition, Mongo

TELEPHONES = ("phone", "phone_number", "phoneNumber", "telephone", "mobile")


class Subject(NamedTuple):
    """One person: every id that is theirs alone, and those visitors who somebody else was too.

    Of a shared visitor, what was done by nobody named is this person's, if they were the first to be named. `texts` are
    their e-mail addresses and telephone numbers.
    """

    site_id: str
    ids: frozenset[str]
    shared: frozenset[str]
    texts: frozenset[str]

    def of(self, collection: Collection[Any]) -> Condition:
        """Returns which documents of a collection are theirs, by its declared `person` fields."""
        theirs: list[Condition] = [{field: {"$in": sorted(self.ids)}} for field in collection.person]
        shared = {"$in": sorted(self.shared)}
        if {"visitor_id", "user_id"} <= set(collection.person):
            theirs.append({"visitor_id": shared, "user_id": None})
        elif collection is users:
            theirs.append({"person_id": shared})
        return {"site_id": self.site_id, "$or": theirs}


def collections_of_people() -> Iterator[Collection[Any]]:
    """Yields every collection that holds documents of people."""
    yield from (collection for collection in COLLECTIONS.values() if collection.person)


def subject_of(database: Mongo, site_id: str, person_id: str) -> Subject:
    """Returns the person whom an id is of, a customer's or a visitor's; somebody unknown has that id alone."""
    found = identities(database, site_id, [person_id])
    people = found.people
    linked = users.read(database, PersonIdentity, {"site_id": site_id, "link.person_id": {"$in": sorted(people)}})
    visitors = {visitor for visitor, whose in found.visitors.items() if whose in people}
    visitors |= {one["person_id"] for one in linked}
    shared = _shared(database, site_id, people, visitors)
    ids = (people | visitors | {person_id}) - shared
    return Subject(site_id, frozenset(ids), frozenset(shared), frozenset(_texts(database, site_id, people | visitors)))


def _shared(database: Mongo, site_id: str, people: set[str], visitors: set[str]) -> set[str]:
    # whom somebody else was seen as, too
    others = {"site_id": site_id, "merged_ids": {"$in": sorted(visitors)}, "person_id": {"$nin": sorted(people)}}
    seen = {visitor for one in users.read(database, PersonIdentity, others) for visitor in one.get("merged_ids", ())}
    return (visitors & seen) - people


def _texts(database: Mongo, site_id: str, ids: set[str]) -> Iterator[str]:
    keys = [f"{site_id}:{one}" for one in sorted(ids)]
    for person in users.read(database, PersonTraits, {"_id": {"$in": keys}}):
        told = person.get("traits", {})
        yield from (text.strip() for name in (*EMAILS, *TELEPHONES) if isinstance(text := told.get(name), str) and text)


def subject_in(erasure: ErasureDocument) -> Subject:
    """Returns the person that an erasure is about, as it was noted."""
    return Subject(
        erasure["site_id"],
        frozenset(erasure.get("ids", ())),
        frozenset(erasure.get("shared", ())),
        frozenset(erasure.get("texts", ())),
    )
