"""Room in quarantine: what a site may have there, and which inputs make room for newer ones."""

from typing import TypedDict

from footfall.stores.collections import counters, quarantine
from footfall.stores.mongo import Mongo

MOST_INPUTS = 10_000
MOST_BYTES = 32_000_000
"""So much a site may have; messages are up to 1 MB each."""
REMOVED = "quarantine removed:"


class Held(TypedDict):
    """What a site has in quarantine for one reason."""

    reason: str
    inputs: int
    bytes: int


class _Oldest(TypedDict):
    _id: str
    size: int


def make_room(database: Mongo, site_id: str) -> None:
    """Remove inputs of a site beyond what it may have, and count them: the oldest of the reason that has most."""
    held = _held(database, site_id)
    while held and (_too_many(held) or _too_large(held)):
        most = max(held, key=lambda one: (one["bytes"] if _too_large(held) else one["inputs"], one["reason"]))
        removed = _remove_oldest(database, site_id, most["reason"], _too_many(held), _too_large(held))
        _count(database, site_id, most["reason"], removed)
        held = _held(database, site_id)


def removed_of(database: Mongo, site_id: str) -> dict[str, int]:
    """Returns how many inputs of a site made room for newer ones, by their reason."""
    about = f"{site_id}:{REMOVED}"
    found = counters.of(database).find({"_id": {"$gte": about, "$lt": f"{about}\uffff"}, "site_id": site_id})
    return {counter["_id"].removeprefix(about): counter["value"] for counter in found}


def _held(database: Mongo, site_id: str) -> list[Held]:
    group = {"_id": "$reason", "inputs": {"$sum": 1}, "bytes": {"$sum": "$size"}}
    by_index = [("site_id", 1), ("reason", 1), ("first_seen", 1), ("size", 1)]
    return quarantine.aggregate(
        database,
        Held,
        [
            {"$match": {"site_id": site_id}},
            {"$group": group},
            {"$project": {"_id": 0, "reason": "$_id", "inputs": 1, "bytes": 1}},
        ],
        hint=by_index,
    ).to_list()


def _too_many(held: list[Held]) -> int:
    return max(sum(one["inputs"] for one in held) - MOST_INPUTS, 0)


def _too_large(held: list[Held]) -> int:
    return max(sum(one["bytes"] for one in held) - MOST_BYTES, 0)


def _remove_oldest(database: Mongo, site_id: str, reason: str, inputs: int, size: int) -> int:
    # until so many inputs and bytes are gone, or all of the reason
    gone: list[str] = []
    about = {"site_id": site_id, "reason": reason}
    for one in quarantine.read(database, _Oldest, about).sort("first_seen", 1):
        if inputs <= 0 and size <= 0:
            break
        gone.append(one["_id"])
        inputs, size = inputs - 1, size - one["size"]
    return quarantine.of(database).delete_many({"_id": {"$in": gone}}).deleted_count


def _count(database: Mongo, site_id: str, reason: str, removed: int) -> None:
    counted = {"$inc": {"value": removed}, "$setOnInsert": {"site_id": site_id}}
    counters.of(database).update_one({"_id": f"{site_id}:{REMOVED}{reason}"}, counted, upsert=True)
