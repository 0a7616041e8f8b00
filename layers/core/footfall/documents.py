"""How many documents a site has: of a few thousand counted when they are asked for, of more as they were last hour.

Counting takes as long as there are documents, and none of these numbers tells what only the newest of them can.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from footfall.schemas.funnel import CountedDocuments
from footfall.stores import collections
from footfall.stores.collection import Collection
from footfall.stores.collections import COLLECTIONS, rollups
from footfall.stores.mongo import Mongo

MOST_COUNTED = 10_000
AN_HOUR = timedelta(hours=1)
_BOOKKEEPING = (  # how far the work is, and not what it has come to
    collections.sites,
    collections.audit,
    collections.exchange_rates,
    collections.counters,
    collections.catalog_receipts,
    collections.saved_segments,
    collections.day_versions,
    collections.stale_days,
    collections.ledger,
    collections.ledger_sums,
    rollups,
    collections.suspects,
)
COUNTED: Mapping[str, Collection[Any]] = {
    name: collection
    for name, collection in sorted(COLLECTIONS.items())
    if collection not in (*_BOOKKEEPING, collections.events)  # of events, days have their counts
}
"""The collections whose documents are counted, by name."""


def note_documents(database: Mongo, site_id: str, moment: datetime) -> None:
    """Count a site's documents of collections with many, unless that was done within the hour."""
    known = last_counted(database, site_id)
    if known and known["at"] > moment - AN_HOUR:
        return
    many = {name for name, count in few_documents(database, site_id).items() if count > MOST_COUNTED}
    documents = {name: COUNTED[name].count(database, {"site_id": site_id}) for name in sorted(many)}
    counted = CountedDocuments(at=moment, documents=documents)
    rollups.of(database).update_one({"_id": site_id}, {"$set": {"site_id": site_id, "counted": counted}}, upsert=True)


def few_documents(database: Mongo, site_id: str) -> dict[str, int]:
    """Returns how many documents of each collection a site has; of one with more than 10,000 one more than that."""
    most = MOST_COUNTED + 1
    return {name: found.count(database, {"site_id": site_id}, most=most) for name, found in COUNTED.items()}


def last_counted(database: Mongo, site_id: str) -> CountedDocuments | None:
    """Returns what was noted of a site's collections with many documents; None before the first time."""
    found = rollups.of(database).find_one({"_id": site_id})
    return found.get("counted") if found else None
