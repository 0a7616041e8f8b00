"""The segments that a site has saved, as they are stored."""

from collections.abc import Iterable

from pymongo.client_session import ClientSession

from footfall.schemas.segment import SavedSegment
from footfall.stores.collections import saved_segments
from footfall.stores.mongo import Mongo


def segments_saved(database: Mongo, site_id: str, session: ClientSession | None = None) -> list[SavedSegment]:
    """Returns the segments that a site has saved, in the order they were."""
    found = saved_segments.of(database).find_one({"_id": site_id}, session=session)
    return found["segments"] if found else []


def segment_named(segments: Iterable[SavedSegment], name: str) -> SavedSegment | None:
    """Returns the saved segment of that name in any case, or None."""
    key = name.strip().casefold()
    return next((segment for segment in segments if segment["key"] == key), None)
