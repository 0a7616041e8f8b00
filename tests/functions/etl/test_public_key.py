"""What somebody can do to a site who took the public write key from one of its pages."""

from datetime import timedelta
from typing import Any

import bson
import pytest
from footfall import quarantine_room
from footfall.quarantine_room import removed_of
from footfall.schemas.message import API_KEY_SOURCE, EventsMessage
from footfall.sessions.fold import fold_session
from pymongo.database import Database

from functions.etl.events import people, sessions
from functions.etl.events.handler import handler
from tests.functions.etl.test_events import only, run
from tests.support.builders import NOON, LambdaContext, a_message, a_site, an_event, at, sqs_event
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


def test_of_somebody_whose_document_is_full_the_order_is_stored_and_the_rest_quarantined_until_it_is_not(
    pipeline: Mongo,
) -> None:
    ann = {"_id": "demo:ann", "site_id": "demo", "person_id": "ann", "number": 900, "merged_ids": []}
    moments = {"at": NOON, "received_at": NOON, "sequence": 0, "event_id": "e", "device": "Other"}
    full = {**ann, "last_seen": NOON, "first_event": moments, "old": ""}
    left = 16 * 1024 * 1024 - len(bson.encode(full)) - 20
    pipeline["users"].insert_one({**full, "old": "x" * left})
    bob = an_event(visitorId="w", userId="bob")
    bought = said(minute=1, visitorId="a" * 250, userId="ann", total=20, eventId="bought")
    assert run(a_message([bob, bought, an_event(visitorId="x")])) == []
    assert only(pipeline["orders"].find())["user_id"] == "ann"
    assert {user["person_id"] for user in pipeline["users"].find()} >= {"ann", "bob", "w", "x"}
    assert pipeline["user_sessions"].count_documents({}) == 2
    kept = only(pipeline["quarantine"].find())
    assert (kept["reason"], kept["detail"][:16]) == ("document_too_large", "recompute_people")
    pipeline["users"].update_one({"_id": "demo:ann"}, {"$unset": {"old": ""}})
    asking = EventsMessage(site_id="demo", source="replay", received_at=NOON, replay=[kept["_id"].partition(":")[2]])
    (record,) = sqs_event([a_message([an_event(visitorId="x")])])["Records"]
    record["body"] = asking.model_dump_json()
    assert handler({"Records": [record]}, LambdaContext()) == {"batchItemFailures": []}
    assert pipeline["users"].find_one({"_id": "demo:ann"})["merged_ids"] == ["a" * 250]  # type: ignore[index]
    assert only(pipeline["quarantine"].find())["state"] == "replayed"
    lines = list(pipeline["ledger"].find())
    assert (sum(line["stored"] for line in lines), sum(line["quarantined"] for line in lines)) == (3, 0)


def test_a_step_that_fails_for_one_visitor_goes_on_for_all_others_and_the_message_comes_back(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fold(events: Any, *rest: Any) -> Any:
        if any(event["visitor_id"] == "odd" for event in events):
            raise KeyError("odd")
        return fold_session(events, *rest)

    monkeypatch.setattr(sessions, "fold_session", fold)
    names = ["ann", "bob", "odd", "eve", "zoe"]
    message = a_message([an_event(visitorId=name) for name in names])
    assert len(run(message)) == 1
    stored = {session["visitor_id"] for session in pipeline["user_sessions"].find()}
    assert stored == {*names} - {"odd"}
    monkeypatch.undo()


def test_traits_and_visitors_of_a_person_are_bounded_and_say_so(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_MERGED", 3)
    long = {f"trait{number}": "x" * 5_000 for number in range(6)}
    told = [
        an_event(eventType="identify", userId="ann", visitorId=f"v{number}{part}", traits={f"{name}-{number}": value})
        for number in range(5)
        for part, (name, value) in enumerate(long.items())
    ]
    for event in told:
        run(a_message([event]))
    ann = pipeline["users"].find_one({"_id": "demo:ann"})
    assert ann is not None
    assert (len(ann["traits"]), ann["traits_cut"], len(ann["merged_ids"]), ann["merged_cut"]) == (12, True, 3, True)


def test_pages_and_steps_of_a_session_are_bounded_and_say_so(pipeline: Mongo) -> None:
    run(a_message([an_event(pageType=f"page{number}", timestamp=at(number / 100)) for number in range(600)]))
    session = only(pipeline["user_sessions"].find())
    assert (len(session["pages_visited"]), len(session["steps"])) == (500, 100)
    assert session["cut"] == ["pages_visited", "steps"]
