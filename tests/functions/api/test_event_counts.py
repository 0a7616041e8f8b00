"""How many events a site has, before, between and after rollups, whatever was stored and removed meanwhile."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from footfall.clock import now
from footfall.questions import event_counts
from footfall.questions.event_counts import EventCounts
from pymongo.database import Database

from functions.jobs.retention.handler import handler as clean_up
from tests.support.builders import NOON, LambdaContext, a_document, a_site
from tests.support.visits import a_shop, happen, know, mark, roll_up, view

Mongo = Database[dict[str, Any]]


def right(database: Mongo) -> EventCounts:
    """What counting every event gives."""
    found = Counter(event["type"] for event in database["events"].find({"site_id": "demo"}))
    return EventCounts(total_events=found.total(), by_type=dict(sorted(found.items())))


def views(*days: float) -> list[dict[str, Any]]:
    """Views so many days before noon of 1 March 2026, and a click of a bot with each."""
    clicks = [{**view("home", "ann", 1 - 1440 * day, eventType="click"), "bot": True} for day in days]
    return [*(view("home", "ann", -1440 * day) for day in days), *clicks]


def test_events_are_counted_before_and_after_the_figures_of_their_days(shop: Mongo) -> None:
    happen(shop, *views(0, 1, 2, 5))
    assert event_counts.answer("demo") == right(shop)
    roll_up()
    assert event_counts.answer("demo") == right(shop)
    assert right(shop).by_type == {"click": 4, "pageview": 4}


def test_days_that_wait_are_counted_anew_and_others_are_not(shop: Mongo) -> None:
    happen(shop, *views(0, 1, 2, 5))
    roll_up()
    happen(shop, *views(1.1, 9))
    assert event_counts.answer("demo") == right(shop)
    shop["events"].delete_one({"timestamp": NOON - timedelta(days=2)})
    assert event_counts.answer("demo").total_events == right(shop).total_events + 1, "nobody marked its day"
    mark(shop, "2026-02-27")
    assert event_counts.answer("demo") == right(shop)


def test_many_days_that_wait_here_and_there_are_all_counted(shop: Mongo) -> None:
    happen(shop, *views(*range(60)))
    roll_up()
    mark(shop, *((NOON - timedelta(days=day)).date().isoformat() for day in range(0, 60, 2)))
    assert event_counts.answer("demo") == right(shop)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_days_are_those_of_the_sites_time_zone(shop: Mongo, zone: str) -> None:
    know(shop, a_shop("home", "search", time_zone=zone))
    happen(shop, *views(0, 0.3, 0.6, 0.9, 1.2, 1.5))
    roll_up()
    assert event_counts.answer("demo") == right(shop)


def test_what_a_site_no_longer_keeps_is_not_counted(shop: Mongo) -> None:
    ago = (now().date() - NOON.date()).days
    happen(shop, *views(40, 20, 19, 5, 1))
    roll_up()
    know(shop, a_site(retention_days=ago + 19))
    assert clean_up({}, LambdaContext())["cleanups"][0]["removed"]["events"] == 4
    assert event_counts.answer("demo") == right(shop)
    assert right(shop).total_events == 6


def test_a_site_that_nobody_knows_has_no_events(shop: Mongo) -> None:
    shop["events"].insert_one({**a_document(), "_id": "other:e", "site_id": "other"})
    assert event_counts.answer("other").total_events == 1
    assert event_counts.answer("third") == EventCounts(total_events=0, by_type={})
