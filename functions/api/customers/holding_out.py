"""Hold-outs that a shop begins, and removes."""

import secrets

from footfall.clock import now
from footfall.errors import Conflict
from footfall.questions.hold_outs import MOST_HOLD_OUTS, HoldOutIn, HoldOutOut, named
from footfall.schemas.holdout import StoredHoldOut
from footfall.stores.collections import hold_outs
from footfall.stores.mongo import answering, database
from pymongo.errors import DuplicateKeyError


@answering()
def begin(site_id: str, told: HoldOutIn) -> HoldOutOut:
    """Returns a hold-out that begins now; raises Conflict for a name twice and for one too many."""
    key = told.name.casefold()
    begun = StoredHoldOut(name=told.name, key=key, share=told.share, salt=secrets.token_hex(16), started_at=now())
    there_is_room = {
        "_id": site_id,
        f"hold_outs.{MOST_HOLD_OUTS - 1}": {"$exists": False},
        "hold_outs.key": {"$ne": key},
    }
    saved = {"$push": {"hold_outs": begun}, "$setOnInsert": {"site_id": site_id}}
    try:
        hold_outs.of(database()).update_one(there_is_room, saved, upsert=True)
    except DuplicateKeyError:
        raise Conflict(f"there are {MOST_HOLD_OUTS} hold-outs, or there is one of this name") from None
    return HoldOutOut.of(begun)


@answering()
def remove(site_id: str, name: str) -> HoldOutOut:
    """Remove a hold-out; returns it. Raises NotFound for none of that name."""
    found = named(site_id, name)
    hold_outs.of(database()).update_one({"_id": site_id}, {"$pull": {"hold_outs": {"key": found["key"]}}})
    return HoldOutOut.of(found)
