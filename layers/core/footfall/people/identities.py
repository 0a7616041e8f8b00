"""Who is who: whom a visitor turned out to be, and every id that a person was seen under."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from pymongo.client_session import ClientSession

from footfall.schemas.order import NamedOrder
from footfall.schemas.person import PersonIdentity, PersonNumber
from footfall.schemas.session import SessionOwner
from footfall.stores.collections import events, orders, user_sessions, users
from footfall.stores.mongo import Mongo


class Identities(NamedTuple):
    """Who some people are, and every visitor id that they were seen under, with whom each of those turned out to be."""

    people: set[str]
    visitors: dict[str, str]


def identities(database: Mongo, site_id: str, person_ids: Collection[str]) -> Identities:
    """Returns who these people are; asked of a visitor who turned out to be somebody, it answers for that person."""
    asked = {found["person_id"]: person_of(found) for found in _people(database, site_id, person_ids)}
    people = {asked.get(person_id, person_id) for person_id in person_ids}
    seen = {visitor for found in _people(database, site_id, people) for visitor in found.get("merged_ids", [])}
    visitors = {visitor: visitor for visitor in seen | people | set(person_ids)}
    known = {found["person_id"]: person_of(found) for found in _people(database, site_id, seen)}
    return Identities(people, visitors | known)


def seen_as(database: Mongo, site_id: str, person_ids: Iterable[str]) -> dict[str, PersonIdentity]:
    """Returns these people, whom they turned out to be, and every visitor that those were seen as, by their ids.

    A visitor who was seen as two turned out to be the first of them; that one is not among them for the other's sake.
    """
    found = _by_id(database, site_id, set(person_ids))
    found |= _by_id(database, site_id, {person_of(person) for person in found.values()} - found.keys())
    seen = {visitor for person in found.values() for visitor in person.get("merged_ids", ())}
    return found | _by_id(database, site_id, seen - found.keys())


def links(database: Mongo, site_id: str) -> dict[str, str]:
    """Returns whom each visitor turned out to be, of those that turned out to be somebody."""
    return _linked(users.read(database, PersonIdentity, {"site_id": site_id, "link": {"$exists": True}}))


def links_of(database: Mongo, site_id: str, visitor_ids: Collection[str]) -> dict[str, str]:
    """Returns the same of these visitors."""
    return _linked(_people(database, site_id, visitor_ids))


def _linked(people: Iterable[PersonIdentity]) -> dict[str, str]:
    return {found["person_id"]: person_of(found) for found in people if "link" in found}


def person_of(found: PersonIdentity) -> str:
    """Returns the id of the person that a document of `users` is about: for a visitor with a link, whom it names."""
    return (found.get("link") or found)["person_id"]


def people_seen_since(database: Mongo, site_id: str, moment: datetime) -> set[str]:
    """Returns everybody whose sessions were recomputed or who ordered since, visitors who are somebody else too."""
    here = user_sessions.read(database, SessionOwner, {"site_id": site_id, "computed_at": {"$gte": moment}})
    bought = orders.read(database, NamedOrder, {"site_id": site_id, "placed_at": {"$gte": moment}})
    return {session["person_id"] for session in here} | {order["person_id"] for order in bought}


def people_numbered(
    database: Mongo, site_id: str, numbers: Iterable[int], session: ClientSession | None = None
) -> dict[int, str]:
    """Returns the ids of the people with these dense numbers, by number."""
    query = {"site_id": site_id, "number": {"$in": list(numbers)}}
    return {one["number"]: one["person_id"] for one in users.read(database, PersonNumber, query, session=session)}


def users_among(
    database: Mongo, site_id: str, person_ids: Iterable[str], session: ClientSession | None = None
) -> set[str]:
    """Returns those of these people whom the shop knows by this id; each is a look into an index or two."""
    return {who for who in person_ids if _is_user(database, {"site_id": site_id, "user_id": who}, session)}


def _is_user(database: Mongo, query: dict[str, str], session: ClientSession | None) -> bool:
    # events go in time; orders stay, and who was seen as somebody else before
    seen = {"_id": f"{query['site_id']}:{query['user_id']}", "merged_ids.0": {"$exists": True}}
    own = {**query, "visitor_id": query["user_id"]}
    return bool(
        users.of(database).find_one(seen, {"_id": 1}, session=session)
        or events.of(database).find_one(query, {"_id": 1}, session=session)
        or orders.of(database).find_one(query, {"_id": 1}, session=session)
        or user_sessions.of(database).find_one(own, {"_id": 1}, session=session)
    )


def _by_id(database: Mongo, site_id: str, person_ids: Collection[str]) -> dict[str, PersonIdentity]:
    return {found["person_id"]: found for found in _people(database, site_id, person_ids)}


def _people(database: Mongo, site_id: str, person_ids: Iterable[str]) -> list[PersonIdentity]:
    keys = [f"{site_id}:{person_id}" for person_id in person_ids]
    return list(users.read(database, PersonIdentity, {"_id": {"$in": keys}})) if keys else []
