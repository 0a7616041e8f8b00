"""The public shop-funnel tables as the documents that etl/events stores of them, without going through it."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from footfall.sessions.fold import fold_session
from pymongo.database import Database

from tests.support.builders import NOON, a_document, a_site

PAGES = {
    "home": "home_page_table.csv",
    "search": "search_page_table.csv",
    "payment": "payment_page_table.csv",
    "confirmation": "payment_confirmation_table.csv",
}
SITE = a_site(site_id="shop", name="Shop", currency="GBP")
DOCUMENTS_PER_INSERT = 5_000
Document = dict[str, Any]


def load_shop_funnel(database: Database[Document], folder: Path, *, whole: bool = False) -> None:
    """Store the site, every user and their page views, and mark the days.

    `whole` stores all fields of the events, and identify events and sessions too.
    """
    database["sites"].insert_one({"_id": SITE.site_id, **SITE.model_dump()})
    seen = {page: {row["user_id"] for row in _rows(folder / name)} for page, name in PAGES.items()}
    users = _rows(folder / "user_table.csv")
    part: dict[str, list[Document]] = {"users": [], "events": [], "user_sessions": []}
    dates = set()
    for number, user in enumerate(users, start=1):
        dates.add(user["date"])
        pages = [page for page in PAGES if user["user_id"] in seen[page]]
        _add(part, user, number, pages, whole)
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


def _add(part: dict[str, list[Document]], user: dict[str, str], number: int, pages: list[str], whole: bool) -> None:
    user_id, midnight = user["user_id"], datetime.fromisoformat(user["date"]).replace(tzinfo=UTC)
    who = {"site_id": SITE.site_id, "visitor_id": user_id, "person_id": user_id, "device": user["device"]}
    views: list[Any] = [
        {
            **PAGE_VIEW,
            **who,
            **_named(user_id, page),
            "page_type": page,
            "timestamp": midnight + timedelta(seconds=place),
        }
        for place, page in enumerate(pages)
    ]
    part["users"].append(
        {"_id": f"{SITE.site_id}:{user_id}", "site_id": SITE.site_id, "person_id": user_id, "number": number}
    )
    part["events"] += views
    if whole:
        part["events"].append({**IDENTIFY, **who, **_named(user_id, "identify"), "timestamp": midnight})
        part["user_sessions"].append(dict(fold_session(views, NOON)))


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
