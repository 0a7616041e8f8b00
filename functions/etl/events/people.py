"""People: whom the events speak of, with updates that fold together in any order."""

from datetime import datetime
from typing import Any

from footfall.people.fold import Sighting, by_person, fold_traits, sex_of, sightings
from footfall.schemas.event import EventDocument
from footfall.schemas.person import FirstEvent, PersonDocument
from footfall.stores.mongo import duplicates
from pymongo import ReturnDocument, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

Mongo = Database[dict[str, Any]]
KNOWN = {"first_event": 1, "last_seen": 1, "link": 1, "merged_ids": 1}


def recompute(database: Mongo, site_id: str, events: list[EventDocument]) -> tuple[set[str], list[datetime]]:
    """Bring everybody that events speak of up to date.

    The answer is whom nobody saw before, and when the sessions began whose visitor has just turned out to be somebody:
    their days change hands.
    """
    people = {f"{site_id}:{person_id}": seen for person_id, seen in sightings(events).items()}
    known = {found["_id"]: found for found in database["users"].find({"_id": {"$in": list(people)}}, KNOWN)}
    strangers = {key: seen for key, seen in people.items() if key not in known}
    raced = _insert(database, site_id, strangers)
    changed = {key: seen for key, seen in people.items() if key in raced or _changes(seen, known.get(key))}
    if changed:
        database["users"].bulk_write([_update(key, seen) for key, seen in changed.items()], ordered=False)
    _retell(database, site_id, {key: seen for key, seen in people.items() if key in known or key in raced})
    linked = [seen.person_id for key, seen in people.items() if seen.link and _newly_linked(seen, known.get(key))]
    newcomers = {seen.person_id for key, seen in strangers.items() if key not in raced}
    return newcomers, _session_starts(database, site_id, linked)


def _insert(database: Mongo, site_id: str, strangers: dict[str, Sighting]) -> set[str]:
    """Store people never seen before; the answer is the keys of those that somebody else stored meanwhile."""
    if not strangers:
        return set()
    last = _reserve(database, site_id, len(strangers))
    numbers = range(last - len(strangers) + 1, last + 1)
    documents = [
        _document(key, site_id, number, seen) for number, (key, seen) in zip(numbers, strangers.items(), strict=True)
    ]
    try:
        database["users"].insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return {document["_id"] for document in duplicates(error)}
    return set()


def _reserve(database: Mongo, site_id: str, count: int) -> int:
    """Take the next `count` dense user ids of a site; the answer is the last of them."""
    counter = database["counters"].find_one_and_update(
        {"_id": f"{site_id}:users"},
        {"$inc": {"value": count}, "$setOnInsert": {"site_id": site_id}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return int(counter["value"]) if counter else 0


def _document(key: str, site_id: str, number: int, seen: Sighting) -> dict[str, Any]:
    telling = _telling(seen)
    first = seen.first
    traits = fold_traits(telling)
    document = PersonDocument(
        _id=key,
        site_id=site_id,
        person_id=seen.person_id,
        user_id=number,
        device=first["device"],
        sex=sex_of(traits),
        date=first["timestamp"],
        last_seen=seen.last["timestamp"],
        traits=traits,
        trait_events=len(telling),
        merged_ids=sorted(seen.merged_ids),
        first_event=_place(first),
    )
    if seen.link:
        document["link"] = seen.link
    return dict(document)


def _place(event: EventDocument) -> FirstEvent:
    """Where an event stands in time, as a document that MongoDB compares as `order_in_time` does, and its device."""
    return FirstEvent(
        at=event["timestamp"],
        received_at=event["received_at"],
        sequence=event["sequence"],
        event_id=event["event_id"],
        device=event["device"],
    )


def _changes(seen: Sighting, known: dict[str, Any] | None) -> bool:
    if known is None:  # just inserted, with all of it
        return False
    earlier = tuple(_place(seen.first).values()) < tuple(known["first_event"].values())
    later = seen.last["timestamp"] > known["last_seen"]
    return earlier or later or _newly_linked(seen, known) or not seen.merged_ids <= set(known["merged_ids"])


def _newly_linked(seen: Sighting, known: dict[str, Any] | None) -> bool:
    if seen.link is None:
        return False
    before = (known or {}).get("link")
    return before is None or tuple(seen.link.values()) < tuple(before.values())


def _update(key: str, seen: Sighting) -> UpdateOne:
    """An update that gives the same document in whatever order such updates come."""
    fields: dict[str, Any] = {
        "first_event": {"$min": ["$first_event", {"$literal": _place(seen.first)}]},
        "last_seen": {"$max": ["$last_seen", seen.last["timestamp"]]},
    }
    if seen.merged_ids:
        merged = {"$setUnion": ["$merged_ids", {"$literal": sorted(seen.merged_ids)}]}
        fields["merged_ids"] = {"$sortArray": {"input": merged, "sortBy": 1}}
    if seen.link:
        fields["link"] = {"$min": ["$link", {"$literal": seen.link}]}
    return UpdateOne(
        {"_id": key}, [{"$set": fields}, {"$set": {"date": "$first_event.at", "device": "$first_event.device"}}]
    )


def _telling(seen: Sighting) -> list[EventDocument]:
    """The events that tell traits of this person; a visitor's document tells only of their anonymous self."""
    return [event for event in seen.events if event.get("traits") and event["person_id"] == seen.person_id]


def _retell(database: Mongo, site_id: str, people: dict[str, Sighting]) -> None:
    """Recompute the traits of known people that these events tell something of, from all events that do."""
    told = {key: seen for key, seen in people.items() if _telling(seen)}
    if not told:
        return
    ids = [seen.person_id for seen in told.values()]
    telling = {"site_id": site_id, "traits": {"$type": "object"}}
    by_user = database["events"].find({**telling, "user_id": {"$in": ids}})
    by_visitor = database["events"].find({**telling, "visitor_id": {"$in": ids}, "user_id": None})
    groups = by_person([*by_user, *by_visitor])
    updates = [
        _retelling(f"{site_id}:{person_id}", found)
        for person_id, found in groups.items()
        if f"{site_id}:{person_id}" in told
    ]
    if updates:
        database["users"].bulk_write(updates, ordered=False)


def _retelling(key: str, events: list[EventDocument]) -> UpdateOne:
    traits = fold_traits(events)
    return UpdateOne(
        {"_id": key, "trait_events": {"$lte": len(events)}},
        {"$set": {"traits": traits, "sex": sex_of(traits), "trait_events": len(events)}},
    )


def _session_starts(database: Mongo, site_id: str, visitor_ids: list[str]) -> list[datetime]:
    if not visitor_ids:
        return []
    sessions = database["user_sessions"].find(
        {"site_id": site_id, "visitor_id": {"$in": visitor_ids}}, {"started_at": 1}
    )
    return [session["started_at"] for session in sessions]
