"""The public clickstream of a shop, as etl/events leaves it in MongoDB."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from footfall.sessions.fold import fold_session, is_session, split_by_gap
from pymongo.database import Database

from tests.support.builders import NOON
from tests.support.visits import person, view

Mongo = Database[dict[str, Any]]


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yields the file's rows."""
    with gzip.open(path, "rt", newline="") as lines:
        yield from csv.DictReader(lines)


def load_clickstream(database: Mongo, path: Path) -> None:
    """Store the clickstream's events, in the order of the file, its users and their sessions by gap."""
    kinds: dict[str, dict[str, Any]] = {}
    events: defaultdict[str, list[Any]] = defaultdict(list)
    for number, row in enumerate(rows_of(path)):
        kind = kinds.setdefault(row["event"], view("", eventType=row["event"]))
        who = {"visitor_id": row["user_id"], "person_id": row["user_id"], "sequence": number}
        named = {"_id": f"demo:{number}", "event_id": str(number)}
        moment = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
        events[row["user_id"]].append({**kind, **who, **named, "timestamp": moment})
    database["users"].insert_many([person(number, who) for number, who in enumerate(events, start=100)])
    database["events"].insert_many(chain.from_iterable(events.values()))
    visits = [visit for own in events.values() for visit in split_by_gap(own) if is_session(visit)]
    database["user_sessions"].insert_many([dict(fold_session(visit, NOON)) for visit in visits])
