"""What is held of a person outside MongoDB: vectors, what Redis remembers, files, dead letters."""

from collections import Counter
from datetime import timedelta

from footfall.aws import objects
from footfall.chunks import chunks
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.imports.announcement import uploads_of
from footfall.models.artefacts import work_of
from footfall.observability import logger
from footfall.people.erasing import Subject
from footfall.settings import ArtefactsSettings, UploadsSettings, from_environment
from footfall.stores import vectors
from footfall.stores.collections import imports, training_runs
from footfall.stores.keys import is_of_site
from footfall.stores.mongo import Mongo
from footfall.stores.redis import ask
from redis import Redis

from .dead_letters import remove_from_dead_letters

AT_ONCE = 500
UNDER_WAY = ("queued", "running")
STUCK = timedelta(days=1)
"""What has not moved for so long never will."""


def remove(database: Mongo, subject: Subject) -> Counter[str]:
    """Remove it; returns how much of each. Raises Unavailable when a store does not answer; Redis may be away."""
    ids = sorted(subject.ids | subject.shared)
    removed = Counter[str]()
    for collection in vectors.COLLECTIONS:
        removed["vectors"] += vectors.erase(collection, subject.site_id, ids)
    removed["dead_letters"] = remove_from_dead_letters(subject)
    removed["files"] = _remove_files(database, subject.site_id)
    removed["remembered_answers"] = _forget(subject.site_id)
    return removed


def _remove_files(database: Mongo, site_id: str) -> int:
    # what runs needs its files; the second pass comes when it has ended
    removed = 0
    under_way = {"site_id": site_id, "state": {"$in": UNDER_WAY}, "updated_at": {"$gt": now() - STUCK}}
    if not imports.of(database).find_one(under_way, {"_id": 1}):
        removed += objects.remove_versions(from_environment(UploadsSettings).uploads_bucket, uploads_of(site_id))
    if not training_runs.of(database).find_one(under_way, {"_id": 1}):
        removed += objects.remove_versions(from_environment(ArtefactsSettings).artefacts_bucket, work_of(site_id))
    return removed


def _forget(site_id: str) -> int:
    try:
        return ask(lambda redis: _unlink_all(redis, site_id))
    except Unavailable as error:  # what it remembers ends by itself, at the latest after a day
        logger().warning("the cache was not emptied", extra={"detail": error.detail})
        return 0


def _unlink_all(redis: Redis, site_id: str) -> int:
    keys = (key for key in redis.scan_iter(match=f"*:{site_id}*", count=1_000) if is_of_site(key, site_id))
    return sum(int(redis.unlink(*some)) for some in chunks(keys, AT_ONCE))
