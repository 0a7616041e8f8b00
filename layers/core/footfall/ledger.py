"""The ledger's sums by day: those of lines settled long ago are kept, so that adding up does not grow with the lines.

A line is settled once, and then stays; ten minutes later no other can be settled before it. What was settled up to a
moment is therefore added up once, into one document, which remembers the moment: it is exact by being replaced whole.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Literal, get_args

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from footfall.schemas.ledger import LedgerFigures, LedgerSums
from footfall.stores.collections import ledger, ledger_sums
from footfall.stores.mongo import Condition, Mongo, Pipeline

Days = dict[str, Counter[str]]


class _DaySums(LedgerFigures):
    _id: str


Part = Literal["events", "stored", "duplicate", "quarantined", "waiting"]
PARTS: tuple[Part, ...] = get_args(Part)
STILL_COMING = timedelta(minutes=10)
"""Ten times as long as etl/events may work on what it settles."""
PATIENCE_MILLISECONDS = 2_000
FOLDING_MILLISECONDS = 60_000


def fold_ledger(database: Mongo, site_id: str, moment: datetime) -> bool:
    """Add what was settled ten minutes before a moment to the site's sums; returns False when another run just did."""
    known = ledger_sums.of(database).find_one({"_id": site_id})
    since, until = known["until"] if known else None, moment - STILL_COMING
    new = _sums(database, {"site_id": site_id, "settled_at": _between(since, until)}, FOLDING_MILLISECONDS)
    if not new:
        return True
    days = _added(_days_of(known), new)
    document = LedgerSums(
        _id=site_id, site_id=site_id, until=until, days={day: _figures(sums) for day, sums in days.items()}
    )
    if known:
        return ledger_sums.of(database).replace_one({"_id": site_id, "until": since}, document).matched_count == 1
    try:
        ledger_sums.of(database).insert_one(document)
    except DuplicateKeyError:
        return False
    return True


def ledger_days(database: Mongo, site_id: str) -> Days:
    """Returns a site's sums by day, of this moment; raises ExecutionTimeout when adding up takes over two seconds."""
    with database.client.start_session(snapshot=True) as session:
        known = ledger_sums.of(database).find_one({"_id": site_id}, session=session)
        since = _between(known["until"] if known else None, None)
        settled = _sums(database, {"site_id": site_id, "settled_at": since}, PATIENCE_MILLISECONDS, session)
        waiting = _sums(database, {"site_id": site_id, "waiting": {"$gt": 0}}, PATIENCE_MILLISECONDS, session)
    return _added(_added(_days_of(known), settled), waiting)


def _days_of(known: LedgerSums | None) -> Days:
    return {day: _counter(figures) for day, figures in known["days"].items()} if known else {}


def _figures(sums: Counter[str]) -> LedgerFigures:
    return LedgerFigures(
        events=sums["events"],
        stored=sums["stored"],
        duplicate=sums["duplicate"],
        quarantined=sums["quarantined"],
        waiting=sums["waiting"],
    )


def _between(since: datetime | None, until: datetime | None) -> Condition:
    first: dict[str, object] = {"$gte": since} if since else {"$type": "date"}
    return {**first, **({"$lt": until} if until else {})}


def _sums(database: Mongo, query: Condition, milliseconds: int, session: ClientSession | None = None) -> Days:
    sums: dict[str, object] = {part: {"$sum": f"${part}"} for part in PARTS}
    pipeline: Pipeline = [{"$match": query}, {"$group": {"_id": "$day", **sums}}]
    grouped = ledger.aggregate(database, _DaySums, pipeline, session=session, max_milliseconds=milliseconds)
    return {found["_id"]: _counter(found) for found in grouped}


def _counter(sums: LedgerFigures) -> Counter[str]:
    return Counter({part: sums[part] for part in PARTS})


def _added(some: Days, more: Days) -> Days:
    days = {day: Counter(figures) for day, figures in some.items()}
    for day, figures in more.items():
        days.setdefault(day, Counter()).update(figures)
    return days
