"""How a rollup is written: whole days replaced at once, so that a reader sees all of a day or what was there before."""

from dataclasses import dataclass, replace
from typing import Any

from bson import ObjectId
from footfall.schemas.funnel import FunnelDocument, RollupRun
from footfall.schemas.metrics import DayDocument
from footfall.stores.mongo import client, database
from pymongo import DeleteOne
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern


@dataclass(frozen=True)
class DayRollup:
    """What was computed of one day; no `metrics` where nothing happened. `seen` is the token of what it replaces."""

    date: str
    seen: str | None
    metrics: DayDocument | None
    funnels: list[FunnelDocument]
    events: int
    people_unknown: int

    def without_documents(self) -> "DayRollup":
        """What is worth remembering of it once it is written."""
        return replace(self, metrics=None, funnels=[])


def replace_days(site_id: str, rollups: list[DayRollup]) -> list[DayRollup]:
    """Write days in one transaction, with a new version of the site's rollups; the answer is those that were written.

    A day that another run wrote meanwhile is left as it is: whose events are newer nobody can tell, and its mark stays.
    """

    def write(session: ClientSession) -> list[DayRollup]:
        ids = [f"{site_id}:{rollup.date}" for rollup in rollups]
        found = database()["daily_metrics"].find({"_id": {"$in": ids}}, {"date": 1, "token": 1}, session=session)
        tokens = {day["date"]: day["token"] for day in found}
        ours = [rollup for rollup in rollups if tokens.get(rollup.date) == rollup.seen]
        _replace(site_id, ours, session)
        database()["rollups"].update_one(
            {"_id": site_id}, {"$set": {"site_id": site_id, "version": str(ObjectId())}}, upsert=True, session=session
        )
        return ours

    with client().start_session() as session:
        return session.with_transaction(write, ReadConcern("snapshot"), WriteConcern("majority"))


def _replace(site_id: str, rollups: list[DayRollup], session: ClientSession) -> None:
    days = {"site_id": site_id, "date": {"$in": [rollup.date for rollup in rollups]}}
    database()["funnel_analytics"].delete_many(days, session=session)
    database()["daily_metrics"].delete_many(days, session=session)
    funnels = [dict(document) for rollup in rollups for document in rollup.funnels]
    metrics = [dict(rollup.metrics) for rollup in rollups if rollup.metrics]
    if funnels:
        database()["funnel_analytics"].insert_many(funnels, session=session)
    if metrics:
        database()["daily_metrics"].insert_many(metrics, session=session)


def unmark(site_id: str, rollups: list[DayRollup], marks: dict[str, Any]) -> None:
    """Delete the marks of days that are now up to date, unless something has marked them again meanwhile."""
    done = [rollup.date for rollup in rollups if rollup.date in marks and not rollup.people_unknown]
    if done:
        database()["stale_days"].bulk_write(
            [DeleteOne({"_id": f"{site_id}:{date}", "token": marks[date]}) for date in done], ordered=False
        )


def note_run(site_id: str, run: RollupRun) -> None:
    """Keep what the last run did, where /etl/status and the readers of rollups find it."""
    database()["rollups"].update_one({"_id": site_id}, {"$set": {"site_id": site_id, **run}}, upsert=True)
