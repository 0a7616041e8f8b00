"""jobs/retention on a real MongoDB: what is old goes, what is unprocessed stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.clock import now
from footfall.errors import NotFound
from pymongo.database import Database

from functions.jobs.retention.handler import handler
from tests.support.builders import LambdaContext, a_document, a_site

Mongo = Database[dict[str, Any]]


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """Sites that keep 30 days, and everything."""
    sites._known.clear()
    for site in (a_site(retention_days=30), a_site(site_id="keeps")):
        database["sites"].insert_one({"_id": site.site_id, **site.model_dump()})
    yield database
    sites._known.clear()


def days_ago(days: float) -> datetime:
    return now() - timedelta(days=days)


def store(shop: Mongo, *days: float, site_id: str = "demo") -> None:
    """Something of each kind that happened so many days ago."""
    for number in days:
        at, key = days_ago(number), f"{site_id}:{number}"
        shop["events"].insert_one({**a_document(), "_id": key, "site_id": site_id, "timestamp": at})
        shop["user_sessions"].insert_one({"_id": key, "site_id": site_id, "started_at": at})
        shop["feedback"].insert_one({"_id": key, "site_id": site_id, "timestamp": at})
        shop["daily_sessions"].insert_one({"_id": key, "site_id": site_id, "begins": at})
        for state in ("waiting", "replayed"):
            shop["quarantine"].insert_one({"_id": key + state, "site_id": site_id, "state": state, "first_seen": at})


def clean(**order: Any) -> list[dict[str, Any]]:
    """What the job answers of each site."""
    return list(handler(order, LambdaContext())["cleanups"])


def left(shop: Mongo, collection: str, site_id: str = "demo") -> int:
    return shop[collection].count_documents({"site_id": site_id})


def test_what_is_older_than_a_site_keeps_is_removed(shop: Mongo) -> None:
    store(shop, 1, 29, 32, 400)
    store(shop, 400, site_id="keeps")

    (answer,) = clean()

    twice = ("events", "user_sessions", "daily_sessions", "feedback", "quarantine")
    assert answer["removed"] == {**dict.fromkeys(twice, 2), "lake_periods": 0, "archived_days": 0}
    assert (answer["retention_days"], answer["complete"]) == (30, True)
    assert [left(shop, name) for name in ("events", "user_sessions", "feedback")] == [2, 2, 2]
    assert left(shop, "events", "keeps") == 1


def test_what_waits_in_quarantine_is_never_removed(shop: Mongo) -> None:
    store(shop, 400)
    clean()
    assert [found["state"] for found in shop["quarantine"].find()] == ["waiting"]


def test_a_day_whose_figures_wait_is_kept_until_they_are_made(shop: Mongo) -> None:
    store(shop, 40, 50)
    stale = days_ago(40).date().isoformat()
    shop["stale_days"].insert_one({"_id": f"demo:{stale}", "site_id": "demo", "date": stale})

    (answer,) = clean()
    assert (answer["removed"]["events"], answer["kept_days"]) == (1, [stale])
    shop["stale_days"].delete_many({})
    (answer,) = clean()
    assert (answer["removed"]["events"], answer["kept_days"]) == (1, [])


def test_one_site_can_be_cleaned_more_thoroughly_than_it_says(shop: Mongo) -> None:
    store(shop, 1, 10)
    store(shop, 10, site_id="keeps")
    (answer,) = clean(site_id="demo", retention_days=5)
    assert answer["removed"]["events"] == 1
    assert left(shop, "events", "keeps") == 1


def test_a_dry_run_tells_the_same_and_removes_nothing(shop: Mongo) -> None:
    store(shop, 10, 20)
    (told,) = clean(site_id="demo", retention_days=5, dry_run=True)
    assert left(shop, "events") == 2
    (done,) = clean(site_id="demo", retention_days=5)
    assert told["removed"] == done["removed"]


def test_what_does_not_fit_into_the_time_is_left_and_told(shop: Mongo) -> None:
    store(shop, 100)
    (answer,) = clean(site_id="demo", retention_days=5, seconds=1e-9)
    assert (answer["complete"], answer["removed"]["events"]) == (False, 0)


def test_a_site_that_is_not_there_is_not_found(shop: Mongo) -> None:
    with pytest.raises(NotFound):
        clean(site_id="nobody", retention_days=5)
