"""What is asked of MongoDB about the pipeline."""

from collections import Counter
from datetime import date
from typing import Any

from footfall.ledger import ledger_days
from footfall.rates import percentage
from footfall.schemas.etl import RecentSession
from footfall.schemas.operations import (
    Connections,
    EventCounts,
    LatestRollup,
    Ledger,
    LedgerDay,
    RecentEvent,
)
from footfall.stores.collections import COLLECTIONS
from footfall.stores.mongo import database
from pymongo.errors import ExecutionTimeout

UNTOLD = dict.fromkeys(["locks", "metrics", "repl", "tcmalloc", "transactions", "wiredTiger"], 0)
"""What of its status MongoDB need not put together."""
COUNTED = tuple(
    sorted(set(COLLECTIONS) - {"sites", "counters", "stale_days", "ledger", "ledger_sums", "rollups", "suspects"})
)
RECENT_FIELDS = dict.fromkeys(RecentEvent.model_fields, True)
LEDGER_DAYS = 31
LEDGER_PARTS = ("stored", "duplicate", "quarantined", "waiting")


def event_counts(site_id: str) -> EventCounts:
    """How many events of each type a site has."""
    types = sorted(database()["events"].distinct("type", {"site_id": site_id}))
    by_type = {kind: _count("events", site_id, type=kind) for kind in types}
    return EventCounts(total_events=sum(by_type.values()), by_type=by_type)


def _count(collection: str, site_id: str, **matching: Any) -> int:
    """How many documents of a site match, by the count command: three times as fast as an aggregation."""
    return int(database().command("count", collection, query={"site_id": site_id, **matching})["n"])


def recent_events(site_id: str, limit: int) -> list[RecentEvent]:
    """A site's newest events by the time they happened."""
    newest = database()["events"].find({"site_id": site_id}, RECENT_FIELDS).sort("timestamp", -1).limit(limit)
    return [RecentEvent.model_validate(event) for event in newest]


def recent_sessions(site_id: str, limit: int) -> list[RecentSession]:
    """A site's newest sessions by their start."""
    fields = dict.fromkeys(RecentSession.model_fields, True)
    newest = database()["user_sessions"].find({"site_id": site_id}, fields).sort("started_at", -1).limit(limit)
    return [RecentSession.model_validate(session) for session in newest]


def collection_counts(site_id: str) -> dict[str, int]:
    """How many documents of a site each collection holds."""
    return {name: _count(name, site_id) for name in COUNTED}


def stale_days(site_id: str) -> int:
    """How many days of a site wait for jobs/rollup."""
    return _count("stale_days", site_id)


def latest_rollup(site_id: str) -> LatestRollup | None:
    """What jobs/rollup last did for a site."""
    found = database()["rollups"].find_one({"_id": site_id, "ran_at": {"$exists": True}})  # the first may be under way
    return LatestRollup.model_validate(found) if found else None


def ledger(site_id: str) -> Ledger | None:
    """What became of the events of every message that was read from the queue, in all and by the day of their receipt.

    None where adding up takes longer than two seconds.
    """
    try:
        sums = ledger_days(database(), site_id)
    except ExecutionTimeout:
        return None
    days = [LedgerDay(day=date.fromisoformat(day), **_figures(sums[day])) for day in sorted(sums, reverse=True)]
    return Ledger(**_figures(sum(sums.values(), Counter())), by_day=days[:LEDGER_DAYS])


def _figures(sums: Counter[str]) -> dict[str, int]:
    return {"received": sums["events"], **{part: sums[part] for part in LEDGER_PARTS}}


def connections() -> Connections:
    """How many connections MongoDB has, and how many it takes."""
    found = database().client.get_database("admin").command({"serverStatus": 1, **UNTOLD})["connections"]
    most = found["current"] + found["available"]
    return Connections(open=found["current"], most=most, used=percentage(found["current"], most))
