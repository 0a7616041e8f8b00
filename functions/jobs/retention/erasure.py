"""Erased people in the archive: the files that hold their events are written anew without these."""

import tempfile
from pathlib import Path

from footfall.lake import archive
from footfall.people.erasing import Subject
from footfall.schemas.lake import ArchivedDay
from footfall.stores import lake
from footfall.stores.collections import archived_days
from footfall.stores.mongo import Mongo

from .archive import make_current, stored_as


def erase(database: Mongo, subject: Subject) -> list[str]:
    """Remove a person's archived events; returns the days that had any, which are to be marked.

    The files that held the events are removed at once. It can be done again after it ended anywhere; raises Damaged for
    a file that cannot be read.
    """
    days = archived_days.of(database).find({"site_id": subject.site_id}).sort("start", 1).to_list()
    return [day["date"] for day in days if _erased(database, day, subject)]


def _erased(database: Mongo, day: ArchivedDay, subject: Subject) -> bool:
    with archive.fetched(day["key"]) as file, tempfile.TemporaryDirectory() as folder:
        if not archive.holds(file, subject.ids, subject.shared):
            return False
        kept = Path(folder) / "kept.parquet"
        content = archive.write(archive.texts_in(file, subject.ids, subject.shared), kept)
        written = stored_as(day["site_id"], (day["date"], day["start"], day["end"]), kept, content)
    if not make_current(database, written, day["key"]):  # it was archived anew meanwhile
        found = archived_days.of(database).find_one({"_id": day["_id"]})
        return _erased(database, found, subject) if found else False
    lake.remove(day["key"])
    return True
