"""When each key was last used, to the hour: so that who looks after a site sees which keys nobody needs any more."""

from contextlib import suppress

from cachetools import TTLCache
from footfall.clock import now
from footfall.identity import ApiKey
from footfall.stores.collections import key_uses
from footfall.stores.mongo import database
from pymongo.errors import PyMongoError

NOTED_SECONDS = 3_600.0
_noted: TTLCache[str, bool] = TTLCache(maxsize=10_000, ttl=NOTED_SECONDS)


def note_use(key: ApiKey) -> None:
    """Write down that a key is used, once an hour in each execution environment; a failure is no caller's concern."""
    use = f"{key.site_id}:{key.key_id}"
    if use in _noted:
        return
    _noted[use] = True
    change = {"$max": {"last_used_at": now()}, "$setOnInsert": {"site_id": key.site_id, "key_id": key.key_id}}
    with suppress(PyMongoError):
        key_uses.of(database()).update_one({"_id": use}, change, upsert=True)
