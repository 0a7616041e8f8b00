"""The ledger's sums by day: those of lines settled long ago are kept, so that adding up does not grow with the lines.

A line is settled once, and then stays; ten minutes later no other can be settled before it. What was settled up to a
moment is therefore added up once, into one document, which remembers the moment: it is exact by being replaced whole.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

Mongo = Database[dict[str, Any]]
Days = dict[str, Counter[str]]
PARTS = ("events", "stored", "duplicate", "quarantined", "waiting")
STILL_COMING = timedelta(minutes=10)
"""Ten times as long as etl/events may work on what it settles."""
PATIENCE_MILLISECONDS = 2_000
FOLDING_MILLISECONDS = 60_000


def fold_ledger(database: Mongo, site_id: str, moment: datetime) -> bool:
    """Add what was settled ten minutes before a moment to the site's sums; False when another one did it just then."""
    known = database["ledger_sums"].find_one({"_id": site_id})
    since, until = known["until"] if known else None, moment - STILL_COMING
    new = _sums(database, {"site_id": site_id, "settled_at": _between(since, until)}, FOLDING_MILLISECONDS)
    if not new:
        return True
    days = _added(known["days"] if known else {}, new)
    document = {"_id": site_id, "site_id": site_id, "until": until, "days": days}
    if known:
        return database["ledger_sums"].replace_one({"_id": site_id, "until": since}, document).matched_count == 1
    try:
        database["ledger_sums"].insert_one(document)
    except DuplicateKeyError:
        return False
    return True


def ledger_days(database: Mongo, site_id: str) -> Days:
    """A site's sums by day, of this moment; raises ExecutionTimeout when adding up takes over two seconds."""
    with database.client.start_session(snapshot=True) as session:
        known = database["ledger_sums"].find_one({"_id": site_id}, session=session)
        since = _between(known["until"] if known else None, None)
        settled = _sums(database, {"site_id": site_id, "settled_at": since}, PATIENCE_MILLISECONDS, session)
        waiting = _sums(database, {"site_id": site_id, "waiting": {"$gt": 0}}, PATIENCE_MILLISECONDS, session)
    return _added(_added(known["days"] if known else {}, settled), waiting)


def _between(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    first = {"$gte": since} if since else {"$type": "date"}
    return {**first, **({"$lt": until} if until else {})}


def _sums(database: Mongo, query: dict[str, Any], milliseconds: int, session: ClientSession | None = None) -> Days:
    sums = {part: {"$sum": f"${part}"} for part in PARTS}
    grouped = database["ledger"].aggregate(
        [{"$match": query}, {"$group": {"_id": "$day", **sums}}], session=session, maxTimeMS=milliseconds
    )
    return {found.pop("_id"): Counter(found) for found in grouped}


def _added(some: dict[str, dict[str, int]] | Days, more: Days) -> Days:
    days = {day: Counter(figures) for day, figures in some.items()}
    for day, figures in more.items():
        days.setdefault(day, Counter()).update(figures)
    return days
