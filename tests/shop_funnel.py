"""The public shop-funnel tables as the documents that etl/events would have stored of them, without the road there."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from footfall.sessions.fold import derived_session_id, fold_session
from pymongo.database import Database

from tests.builders import NOON, a_document, a_site

PAGES = {
    "home": "home_page_table.csv",
    "search": "search_page_table.csv",
    "payment": "payment_page_table.csv",
    "confirmation": "payment_confirmation_table.csv",
}
SITE = a_site(site_id="shop", name="Shop", currency="GBP")
DOCUMENTS_PER_INSERT = 5_000
Document = dict[str, Any]


def load_shop_funnel(database: Database[Document], folder: Path) -> None:
    """Store the site, every user, one identify event for each, their page views and sessions, and mark the days."""
    database["sites"].insert_one({"_id": SITE.site_id, **SITE.model_dump()})
    seen = {page: {row["user_id"] for row in _rows(folder / name)} for page, name in PAGES.items()}
    users = _rows(folder / "user_table.csv")
    part: dict[str, list[Document]] = {"users": [], "events": [], "user_sessions": []}
    dates = set()
    for number, user in enumerate(users, start=1):
        dates.add(user["date"])
        pages = [page for page in PAGES if user["user_id"] in seen[page]]
        for collection, documents in _documents(user, number, pages).items():
            part[collection] += documents
        if number % DOCUMENTS_PER_INSERT == 0:
            _insert(database, part)
    _insert(database, part)
    database["stale_days"].insert_many(
        [
            {"_id": f"{SITE.site_id}:{date}", "site_id": SITE.site_id, "date": date, "token": number}
            for number, date in enumerate(sorted(dates))
        ]
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as lines:
        yield from csv.DictReader(lines)


def _documents(user: dict[str, str], number: int, pages: list[str]) -> dict[str, list[Document]]:
    midnight = datetime.fromisoformat(user["date"]).replace(tzinfo=UTC)
    who = {
        "site_id": SITE.site_id,
        "visitor_id": user["user_id"],
        "person_id": user["user_id"],
        "device": user["device"],
    }
    views: list[Any] = [
        {
            **PAGE_VIEW,
            **who,
            **_named(user["user_id"], page),
            "page_type": page,
            "timestamp": midnight + timedelta(seconds=place),
        }
        for place, page in enumerate(pages)
    ]
    identify = {**IDENTIFY, **who, **_named(user["user_id"], "identify"), "timestamp": midnight}
    session = fold_session(derived_session_id(views[0]), True, views, NOON)
    key = f"{SITE.site_id}:{user['user_id']}"
    person = {"_id": key, "site_id": SITE.site_id, "person_id": user["user_id"], "user_id": number}
    return {"users": [person], "events": [identify, *views], "user_sessions": [dict(session)]}


def _named(user_id: str, name: str) -> Document:
    event_id = f"{user_id}-{name}"
    return {"_id": f"{SITE.site_id}:{event_id}", "event_id": event_id}


def _insert(database: Database[Document], part: dict[str, list[Document]]) -> None:
    for collection, documents in part.items():
        if documents:
            database[collection].insert_many(documents, ordered=False)
            documents.clear()


PAGE_VIEW = dict(a_document(eventType="pageview"))
IDENTIFY = dict(a_document(eventType="identify"))
