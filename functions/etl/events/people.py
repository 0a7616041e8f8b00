"""People: whom the events speak of, with updates that fold together in any order."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from footfall.clock import now
from footfall.events.remnants import with_remnants
from footfall.people.fold import Sighting, bounded_traits, by_person, sex_of, sightings, told_traits
from footfall.people.searching import found_by
from footfall.schemas.event import EventDocument, ToldEvent
from footfall.schemas.person import FirstEvent, Link, PersonDocument, PersonSightings
from footfall.stores.collections import counters, remnants, users
from footfall.stores.collections import events as stored_events
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError

MOST_MERGED = 2_000
"""Visitors that a person is known to have been; the first in the order of their ids, whatever order they come in."""


@dataclass(frozen=True)
class Seen:
    """Whom events speak of: `newcomers` whom nobody saw before, and others whose past is another's from now on.

    `links` are visitors, seen before, of whom these events tell who they are, each with whom they were until now.
    """

    newcomers: AbstractSet[str] = frozenset()
    links: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def linked(self) -> AbstractSet[str]:
        """The visitors whose past it is."""
        return self.links.keys()

    @property
    def changed_hands(self) -> set[str]:
        """Everybody whose past is another one now: such visitors, and who they were until now."""
        return {*self.links, *(person_id for person_id in self.links.values() if person_id)}


def recompute(database: Mongo, site_id: str, events: list[EventDocument]) -> Seen:
    """Bring everybody that events speak of up to date; returns whom they speak of.

    A visitor counts as linked also when an earlier attempt stored the link: what follows from it may not be done yet.
    """
    people = {f"{site_id}:{person_id}": seen for person_id, seen in sightings(events).items()}
    found = users.read(database, PersonSightings, {"_id": {"$in": list(people)}})
    known = {f"{site_id}:{person['person_id']}": person for person in found}
    strangers = {key: seen for key, seen in people.items() if key not in known}
    raced = _insert(database, site_id, strangers)
    changed = {key: seen for key, seen in people.items() if key in raced or _changes(seen, known.get(key))}
    if changed:
        users.of(database).bulk_write([_update(key, seen) for key, seen in changed.items()], ordered=False)
    known_or_raced = {key: seen for key, seen in people.items() if key in known or key in raced}
    _retell(database, site_id, known_or_raced)
    return Seen(
        newcomers={seen.person_id for key, seen in strangers.items() if key not in raced},
        links={
            seen.person_id: _linked_before(known.get(key))
            for key, seen in known_or_raced.items()
            if _tells_who(seen, known.get(key))
        },
    )


def _insert(database: Mongo, site_id: str, strangers: dict[str, Sighting]) -> set[str]:
    # returns the keys of those that somebody else stored meanwhile
    if not strangers:
        return set()
    last = _reserve(database, site_id, len(strangers))
    numbers = range(last - len(strangers) + 1, last + 1)
    documents = [
        _document(key, site_id, number, seen) for number, (key, seen) in zip(numbers, strangers.items(), strict=True)
    ]
    try:
        users.of(database).insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return {document["_id"] for document in duplicates(error)}
    return set()


def _reserve(database: Mongo, site_id: str, count: int) -> int:
    # returns the last of the dense numbers that are taken
    counter = counters.of(database).find_one_and_update(
        {"_id": f"{site_id}:users"},
        {"$inc": {"value": count}, "$setOnInsert": {"site_id": site_id}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return counter["value"] if counter else 0


def _document(key: str, site_id: str, number: int, seen: Sighting) -> PersonDocument:
    telling = _telling(seen)
    first = seen.first
    told = told_traits(telling)
    traits = bounded_traits(told)
    document = PersonDocument(
        _id=key,
        site_id=site_id,
        person_id=seen.person_id,
        number=number,
        device=first["device"],
        sex=sex_of(traits),
        date=first["timestamp"],
        last_seen=seen.last["timestamp"],
        traits=traits,
        found_by=found_by(traits),
        trait_events=len(telling),
        merged_ids=sorted(seen.merged_ids)[:MOST_MERGED],
        first_event=_first_event(first),
        first_told_at=now(),
    )
    if len(told) > len(traits):
        document["traits_cut"] = True
    if len(seen.merged_ids) > MOST_MERGED:
        document["merged_cut"] = True
    if seen.link:
        document["link"] = seen.link
        document["linked_at"] = document["first_told_at"]
    return document


def _first_event(event: EventDocument) -> FirstEvent:
    # MongoDB compares such documents field by field, so as `order_in_time` does
    return FirstEvent(
        at=event["timestamp"],
        received_at=event["received_at"],
        sequence=event["sequence"],
        event_id=event["event_id"],
        device=event["device"],
    )


def _as_mongodb_compares(first: FirstEvent) -> tuple[datetime, datetime, int, str, str]:
    return first["at"], first["received_at"], first["sequence"], first["event_id"], first["device"]


def _link_as_mongodb_compares(link: Link) -> tuple[datetime, str, str]:
    return link["at"], link["event_id"], link["person_id"]


def _changes(seen: Sighting, known: PersonSightings | None) -> bool:
    if known is None:  # just inserted, with all of it
        return False
    first = _first_event(seen.first)
    earlier = _as_mongodb_compares(first) < _as_mongodb_compares(known["first_event"])
    later = seen.last["timestamp"] > known["last_seen"]
    return earlier or later or _tells_who(seen, known) or not seen.merged_ids <= set(known.get("merged_ids", []))


def _tells_who(seen: Sighting, known: PersonSightings | None) -> bool:
    # by the link that holds, stored by now or before
    before = known.get("link") if known else None
    return seen.link is not None and (
        before is None or _link_as_mongodb_compares(seen.link) <= _link_as_mongodb_compares(before)
    )


def _linked_before(known: PersonSightings | None) -> str | None:
    link = known.get("link") if known else None
    return link["person_id"] if link else None


def _update(key: str, seen: Sighting) -> UpdateOne:
    # such updates give the same document in whatever order they come
    first = {"$literal": _first_event(seen.first)}
    fields: dict[str, object] = {
        "first_event": {"$min": ["$first_event", first]},
        "first_told_at": {"$cond": [{"$lt": [first, "$first_event"]}, "$$NOW", "$first_told_at"]},
        "last_seen": {"$max": ["$last_seen", seen.last["timestamp"]]},
    }
    if seen.merged_ids:
        merged = {"$setUnion": ["$merged_ids", {"$literal": sorted(seen.merged_ids)}]}
        fields["merged_cut"] = {
            "$cond": [{"$gt": [{"$size": merged}, MOST_MERGED]}, True, {"$ifNull": ["$merged_cut", "$$REMOVE"]}]
        }
        fields["merged_ids"] = {"$slice": [{"$sortArray": {"input": merged, "sortBy": 1}}, MOST_MERGED]}
    if seen.link:
        fields["link"] = {"$min": ["$link", {"$literal": seen.link}]}
        fields["linked_at"] = "$$NOW"
    return UpdateOne(
        {"_id": key}, [{"$set": fields}, {"$set": {"date": "$first_event.at", "device": "$first_event.device"}}]
    )


def _telling(seen: Sighting) -> list[EventDocument]:
    # a visitor's document tells only of their anonymous self
    return [event for event in seen.events if event.get("traits") and event["person_id"] == seen.person_id]


def _retell(database: Mongo, site_id: str, people: dict[str, Sighting]) -> None:
    # from all events that tell something of these people
    told = {key: seen for key, seen in people.items() if _telling(seen)}
    if not told:
        return
    ids = [seen.person_id for seen in told.values()]
    telling = {"site_id": site_id, "traits": {"$type": "object"}}
    theirs = ({**telling, "user_id": {"$in": ids}}, {**telling, "visitor_id": {"$in": ids}, "user_id": None})
    found = [event for each in theirs for event in stored_events.of(database).find(each)]
    left = [remnant for each in theirs for remnant in remnants.read(database, ToldEvent, each)]
    groups = by_person(with_remnants(found, left))
    updates = [
        _retelling(f"{site_id}:{person_id}", found)
        for person_id, found in groups.items()
        if f"{site_id}:{person_id}" in told
    ]
    if updates:
        users.of(database).bulk_write(updates, ordered=False)


def _retelling(key: str, events: list[ToldEvent]) -> UpdateOne:
    told = told_traits(events)
    traits = bounded_traits(told)
    cut = {"$set": {"traits_cut": True}} if len(told) > len(traits) else {"$unset": {"traits_cut": ""}}
    return UpdateOne(
        {"_id": key, "trait_events": {"$lte": len(events)}},
        {
            **cut,
            "$set": {
                "traits": traits,
                "found_by": found_by(traits),
                "sex": sex_of(traits),
                "trait_events": len(events),
                **cut.get("$set", {}),
            },
        },
    )
