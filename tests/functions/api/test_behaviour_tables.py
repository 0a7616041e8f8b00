"""Sources and pages of the clickstream (../shared/data), against a reckoning from its rows."""

import csv
import gzip
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from footfall.sessions.fold import fold_session

from functions.api.metrics.handler import handler
from tests.support.asking import ask
from tests.support.builders import NOON
from tests.support.visits import Mongo, an_order, person, view

RANGE = {"from": "2024-01-01", "to": "2024-06-30"}
PAGES = {"home", "catalog", "search", "promo_page", "account_page", "review_page", "error_page"}
ORDERS = 470


class Row(NamedTuple):
    """A row of the file, by its place in it."""

    number: int
    user: str
    session: str
    event: str
    at: datetime
    channel: str


def rows_of(path: Path) -> list[Row]:
    with gzip.open(path, "rt", newline="") as lines:
        return [
            Row(
                number,
                row["user_id"],
                row["session_id"],
                row["event"],
                datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC),
                row["acquisition_channel"],
            )
            for number, row in enumerate(csv.DictReader(lines))
        ]


def sessions_in(rows: list[Row]) -> dict[str, list[Row]]:
    """The sessions in which a page was viewed, each in order."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.at, row.number)):
        found[row.session].append(row)
    return {name: own for name, own in found.items() if any(row.event in PAGES for row in own)}


def load(shop: Mongo, rows: list[Row]) -> None:
    """Store the rows: pages as page views, purchases as orders of 10.01, each session with its channel as source."""
    kinds: dict[str, dict[str, Any]] = {}
    documents: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        told: dict[str, Any] = (
            {"eventType": "pageview", "path": f"/{row.event}"} if row.event in PAGES else {"eventType": "click"}
        )
        kind = kinds.setdefault(row.event, view("", **told))
        who = {"visitor_id": row.user, "person_id": row.user, "session_id": row.session, "sequence": row.number}
        brought = {"attribution": {"source": row.channel, "channel": "referral"}}
        named = {"_id": f"demo:{row.number}", "event_id": str(row.number)}
        documents[row.session].append({**kind, **who, **named, **brought, "timestamp": row.at})
    users = dict.fromkeys(row.user for row in rows)
    shop["users"].insert_many([person(number, who) for number, who in enumerate(users, start=100)])
    shop["events"].insert_many([event for own in documents.values() for event in own])
    shop["user_sessions"].insert_many([dict(fold_session(documents[name], NOON)) for name in sessions_in(rows)])
    purchases = [row for row in rows if row.event == "purchase"]
    shop["orders"].insert_many([an_order(f"o{row.number}", row.user, 1_001, placed_at=row.at) for row in purchases])


@pytest.mark.shared_data
def test_the_clickstreams_sources_and_pages_are_what_its_rows_say(shop: Mongo, shared_data: Path) -> None:
    rows = rows_of(shared_data / "clickstream" / "ecom.csv.gz")
    load(shop, rows)
    sessions = sessions_in(rows)
    pages = {row["page"]: row for row in ask(handler, "/api/analytics/pages", {**RANGE, "page_size": 50})["data"]}
    views = Counter(f"/{row.event}" for row in rows if row.event in PAGES)
    assert {page: row["views"] for page, row in pages.items()} == dict(views)
    assert (views["/home"], views["/catalog"], views["/search"]) == (2762, 6521, 4011)
    seen = {name: [f"/{row.event}" for row in own if row.event in PAGES] for name, own in sessions.items()}
    assert {page: row["entrances"] for page, row in pages.items()} == _every(pages, (own[0] for own in seen.values()))
    assert {page: row["exits"] for page, row in pages.items()} == _every(pages, (own[-1] for own in seen.values()))
    for model in ("first", "last", "linear"):
        answer = ask(handler, "/api/analytics/traffic-sources", {**RANGE, "model": model, "window": "30d"})
        found = {row["value"]: row["sessions"] for row in answer["data"]}
        assert found == dict(Counter(own[0].channel for own in sessions.values()))
        credited = sum(row["conversions"] for row in answer["data"]) + answer["unattributed_orders"]
        revenue = sum(row["revenue"] for row in answer["data"]) + answer["unattributed_revenue"]
        assert (answer["orders"], round(credited, 4), round(revenue, 2)) == (ORDERS, ORDERS, 4_704.7)
        if model != "linear":
            assert {row["value"]: row["conversions"] for row in answer["data"]} == _credited(rows, sessions, model)


def _every(pages: Any, found: Any) -> dict[str, int]:
    counts = Counter(found)
    return {page: counts[page] for page in pages}


def _credited(rows: list[Row], sessions: dict[str, list[Row]], model: str) -> dict[str, int]:
    found = Counter(dict.fromkeys({own[0].channel for own in sessions.values()}, 0))
    by_user: defaultdict[str, list[Row]] = defaultdict(list)
    for own in sessions.values():
        by_user[own[0].user].append(own[0])
    for row in rows:
        if row.event == "purchase":
            begun = [
                one for one in by_user[row.user] if one.at <= row.at and (row.at - one.at).total_seconds() <= 2_592_000
            ]
            if begun:
                found[(min if model == "first" else max)(begun, key=lambda one: one.at).channel] += 1
    return dict(found)
