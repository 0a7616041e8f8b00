"""Segments that a shop saves, and removes."""

from footfall.clock import now
from footfall.errors import Conflict, NotFound
from footfall.people.saved_segments import segment_named, segments_saved
from footfall.questions.saved_segments import MOST_SEGMENTS, SegmentIn, SegmentOut, to_save
from footfall.sites import get_site
from footfall.stores.collections import saved_segments
from footfall.stores.mongo import answering, database
from pymongo.errors import DuplicateKeyError


@answering()
def save(site_id: str, told: SegmentIn) -> SegmentOut:
    """Returns a segment once it is saved; raises Invalid, or Conflict for a name twice and for one segment too many."""
    site = get_site(database(), site_id)
    segment = to_save(site, told, segments_saved(database(), site_id), now())
    there_is_room = {
        "_id": site_id,
        f"segments.{MOST_SEGMENTS - 1}": {"$exists": False},
        "segments.key": {"$ne": segment["key"]},
    }
    saved = {"$push": {"segments": segment}, "$setOnInsert": {"site_id": site_id}}
    try:
        saved_segments.of(database()).update_one(there_is_room, saved, upsert=True)
    except DuplicateKeyError:
        raise Conflict(f"there are {MOST_SEGMENTS} segments, or there is one of this name") from None
    return SegmentOut.of(segment)


@answering()
def remove(site_id: str, name: str) -> SegmentOut:
    """Remove a segment that was saved; returns it. Raises NotFound for none of that name."""
    segment = segment_named(segments_saved(database(), site_id), name)
    if segment is None:
        raise NotFound("no segment of this name was saved")
    saved_segments.of(database()).update_one({"_id": site_id}, {"$pull": {"segments": {"key": segment["key"]}}})
    return SegmentOut.of(segment)
