"""Erased people in the archive: the files that hold their events are written anew without these."""

import tempfile
from collections.abc import Collection
from pathlib import Path

from footfall.lake import archive
from footfall.schemas.lake import ArchivedDay
from footfall.stores import lake
from footfall.stores.collections import archived_days
from footfall.stores.mongo import Mongo

from .archive import make_current, stored_as


def erase(database: Mongo, site_id: str, ids: Collection[str]) -> list[str]:
    """Remove the archived events of everybody with these ids; returns the days that had any, which are to be marked.

    `ids` are all that somebody was seen under, as visitor and as user. The files that held the events are removed at
    once. It can be done again after it ended anywhere; raises Damaged for a file that cannot be read.
    """
    days = archived_days.of(database).find({"site_id": site_id}).sort("start", 1).to_list()
    return [day["date"] for day in days if _erased(database, day, ids)]


def _erased(database: Mongo, day: ArchivedDay, ids: Collection[str]) -> bool:
    with archive.fetched(day["key"]) as file, tempfile.TemporaryDirectory() as folder:
        if not archive.holds(file, ids):
            return False
        kept = Path(folder) / "kept.parquet"
        content = archive.write(archive.texts_in(file, ids), kept)
        written = stored_as(day["site_id"], (day["date"], day["start"], day["end"]), kept, content)
    if not make_current(database, written, day["key"]):  # it was archived anew meanwhile
        found = archived_days.of(database).find_one({"_id": day["_id"]})
        return _erased(database, found, ids) if found else False
    lake.remove(day["key"])
    return True
