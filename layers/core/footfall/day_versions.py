"""Versions of days: remembered answers go by them."""

from collections.abc import Iterable

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from footfall.stores import collections
from footfall.stores.mongo import Mongo


def change_versions(database: Mongo, site_id: str, dates: Iterable[str], session: ClientSession | None = None) -> None:
    """Give days of a site another version: what was remembered of them is not what there is now."""
    writes = [
        UpdateOne(
            {"_id": f"{site_id}:{date}"},
            {"$set": {"site_id": site_id, "date": date, "version": str(ObjectId())}},
            upsert=True,
        )
        for date in dates
    ]
    if writes:
        collections.day_versions.of(database).bulk_write(writes, ordered=False, session=session)
