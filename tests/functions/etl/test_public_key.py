"""What somebody can do to a site who took the public write key from one of its pages."""

from datetime import timedelta
from typing import Any

import pytest
from footfall import quarantine_room
from footfall.quarantine_room import removed_of
from footfall.schemas.message import API_KEY_SOURCE
from pymongo.database import Database

from tests.functions.etl.test_events import only, run
from tests.support.builders import NOON, a_message, a_site, an_event
from tests.support.telling import DAY, said, tell
from tests.support.visits import know

Mongo = Database[dict[str, Any]]


def test_a_guessed_order_id_leaves_a_servers_order_as_it_is(pipeline: Mongo) -> None:
    tell(said(total="2184", currency="EUR", userId="ann"), source=API_KEY_SOURCE)
    before = only(pipeline["orders"].find())
    tell(said(minute=-DAY, total="1000002153", visitorId="eve"), said("order_updated", 1, total="0", visitorId="eve"))
    tell(said("order_refunded", 2, total="2184", visitorId="eve"), said("order_cancelled", 3, visitorId="eve"))
    after = only(pipeline["orders"].find())
    for name in ("total", "refunded", "status", "placed_at", "currency", "user_id", "told_by"):
        assert after[name] == before[name]
    assert ([one["source"] for one in after["contradictions"]], after["flags"]) == (
        ["public_key"] * 4,
        ["contradicted"],
    )


def test_an_event_older_than_the_public_key_is_believed_is_quarantined_and_marks_no_day(
    pipeline: Mongo,
) -> None:
    old = [an_event(timestamp=(NOON - timedelta(days=days)).isoformat()) for days in (399, 401, 20_000)]
    run(a_message(old))
    assert [found["reason"] for found in pipeline["quarantine"].find()] == ["too_old", "too_old"]
    assert pipeline["stale_days"].count_documents({}) == pipeline["events"].count_documents({}) == 1


@pytest.mark.parametrize("source", [API_KEY_SOURCE, "import:orders"])
def test_imports_and_secret_keys_tell_of_any_day(pipeline: Mongo, source: str) -> None:
    run(a_message([an_event(timestamp="1999-05-05T12:00:00Z")], source=source))
    assert only(pipeline["stale_days"].find())["date"] == "1999-05-05"


def test_a_site_says_how_far_back_its_public_key_is_believed(pipeline: Mongo) -> None:
    pipeline["sites"].insert_one({"_id": "short", **a_site(site_id="short", hot_days=35).model_dump()})
    old = [an_event(timestamp=(NOON - timedelta(days=days)).isoformat()) for days in (34, 36)]
    run(a_message(old, site_id="short"))
    assert (pipeline["events"].count_documents({}), pipeline["quarantine"].count_documents({})) == (1, 1)


def test_quarantine_is_bounded_and_says_what_made_room(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine_room, "MOST_INPUTS", 5)
    know(pipeline, a_site(site_id="other"))
    run(a_message([an_event(eventType=None, eventId="rare")], site_id="demo"))
    for number in range(9):
        old = an_event(timestamp="1999-05-05T12:00:00Z", eventId=f"old{number}")
        run(a_message([old], received_at=NOON + timedelta(minutes=number)))
    run(a_message([an_event(eventType=None)], site_id="other"))
    kept = [found["event_id"] for found in pipeline["quarantine"].find({"site_id": "demo"}).sort("first_seen", 1)]
    assert kept == ["rare", "old5", "old6", "old7", "old8"]
    assert removed_of(pipeline, "demo") == {"too_old": 5}
    assert (removed_of(pipeline, "other"), pipeline["quarantine"].count_documents({"site_id": "other"})) == ({}, 1)


def test_quarantine_is_bounded_in_bytes(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine_room, "MOST_BYTES", 30_000)
    for number in range(10):
        bulky = an_event(timestamp="1999-05-05T12:00:00Z", eventId=f"old{number}", properties={"text": "x" * 9_000})
        run(a_message([bulky]))
    assert pipeline["quarantine"].count_documents({}) == 3
    assert removed_of(pipeline, "demo") == {"too_old": 7}
