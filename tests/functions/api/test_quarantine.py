"""Receipts, quarantine and replay through the Lambda handler of api/pipeline, with real stores and queues behind it."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from footfall.quarantine import keep, quarantined
from footfall.questions.quarantine import SHOWN_CHARACTERS
from footfall.schemas.quarantine import Origin
from pymongo.database import Database

from functions.api.pipeline.handler import handler
from tests.support.asking import ask, refusal, request
from tests.support.builders import NOON, a_document, an_event
from tests.support.messages import put, waiting

Mongo = Database[dict[str, Any]]
Urls = dict[str, str]


def quarantine_events(
    database: Mongo, *events: Any, reason: str = "odd", minutes: int = 0, site_id: str = "demo"
) -> None:
    """Put events in quarantine as etl/events does."""
    origin = Origin(source="collect", received_at=NOON, ip="203.0.113.0", user_agent="agent")
    seen = NOON + timedelta(minutes=minutes)
    documents = [
        quarantined(site_id, "events", reason, "why", json.dumps(raw).encode(), origin, seen, b"key", raw["eventId"])
        for raw in events
    ]
    keep(database, documents)


def quarantine_rows(database: Mongo, import_id: str, *rows: bytes) -> None:
    """Put rows in quarantine as etl/imports does."""
    for line, row in enumerate(rows, 2):
        origin = Origin(import_id=import_id, file="orders.csv", line=line)
        keep(database, [quarantined("demo", "imports", "bad_number", "why", row, origin, NOON)])


def test_a_receipt_tells_when_an_event_was_stored(database: Mongo, queue_urls: Urls) -> None:
    database["events"].insert_one(dict(a_document(eventId="e")))
    found = ask(handler, "/collect/receipts/e")
    assert (found["status"], found["event_id"]) == ("stored", "e")
    assert found["stored_at"] == found["timestamp"] == NOON.isoformat().replace("+00:00", "Z")


def test_a_receipt_tells_that_an_event_came_again(database: Mongo, queue_urls: Urls) -> None:
    database["events"].insert_one({**a_document(eventId="e"), "repeated_at": NOON})
    assert ask(handler, "/collect/receipts/e")["status"] == "duplicate"


def test_a_receipt_tells_why_an_event_was_quarantined(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, an_event(eventId="bad"), reason="too_deep")
    found = ask(handler, "/collect/receipts/bad")
    assert (found["status"], found["reason"], found["detail"]) == ("quarantined", "too_deep", "why")


def test_a_receipt_of_a_stored_event_tells_of_another_body_under_its_id(database: Mongo, queue_urls: Urls) -> None:
    database["events"].insert_one(dict(a_document(eventId="e")))
    quarantine_events(database, an_event(eventId="e"), reason="id_conflict")
    found = ask(handler, "/collect/receipts/e")
    assert (found["status"], found["reason"]) == ("stored", "id_conflict")


@pytest.mark.parametrize("where", ["EVENTS_QUEUE_URL", "EVENTS_DEAD_LETTER_QUEUE_URL"])
def test_what_is_not_here_is_queued_while_anything_waits_and_unknown_after(
    database: Mongo, queue_urls: Urls, where: str
) -> None:
    assert ask(handler, "/collect/receipts/e")["status"] == "unknown"
    put(queue_urls[where], "anything")
    assert ask(handler, "/collect/receipts/e")["status"] == "queued"


def test_what_is_not_here_is_queued_while_the_ledger_says_that_something_waits(
    database: Mongo, queue_urls: Urls
) -> None:
    database["ledger"].insert_one({"site_id": "demo", "waiting": 1})
    assert ask(handler, "/collect/receipts/e")["status"] == "queued"
    assert ask(handler, "/collect/receipts/e", site_id="other")["status"] == "unknown"


def test_another_sites_events_are_unknown(database: Mongo, queue_urls: Urls) -> None:
    database["events"].insert_one(dict(a_document(eventId="e")))
    quarantine_events(database, an_event(eventId="bad"))
    for event_id in ("e", "bad"):
        found = ask(handler, f"/collect/receipts/{event_id}", site_id="other")
        assert {name for name, value in found.items() if value is not None} == {"event_id", "status"}
        assert found["status"] == "unknown"


def test_a_receipt_reads_indexes_alone(database: Mongo) -> None:
    quarantine_events(database, *[an_event() for _ in range(20)])
    query = {"site_id": "demo", "event_id": "nobody's", "state": "waiting"}
    plan = database["quarantine"].find(query).explain()["executionStats"]
    assert plan["totalDocsExamined"] == 0


def test_quarantine_tells_its_reasons_and_its_newest_inputs(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, an_event(eventId="a"), an_event(eventId="b"))
    quarantine_events(database, an_event(eventId="c"), reason="other", minutes=5)
    quarantine_events(database, an_event(eventId="x"), site_id="other")
    quarantine_rows(database, "i", b"a,b")
    database["quarantine"].update_one({"event_id": "b"}, {"$set": {"state": "replayed"}})

    answer = ask(handler, "/etl/quarantine", {"page_size": 1})

    assert {
        (found["stage"], found["reason"]): (found["waiting"], found["replayed"]) for found in answer["reasons"]
    } == {
        ("events", "odd"): (1, 1),
        ("events", "other"): (1, 0),
        ("imports", "bad_number"): (1, 0),
    }
    assert (answer["total"], answer["total_pages"]) == (3, 3)
    (newest,) = answer["items"]
    assert (newest["event_id"], newest["reason"], newest["attempts"]) == ("c", "other", 0)
    assert newest["origin"]["source"] == "collect"
    assert "203.0.113.0" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"reason": "odd"}, ["a"]),
        ({"stage": "imports"}, [None]),
        ({"since": (NOON + timedelta(minutes=1)).isoformat()}, ["c"]),
        ({"since": "2026-03-01"}, ["c", "a", None]),
        ({"since": "2026-03-02"}, []),
        ({"state": "replayed"}, []),
    ],
)
def test_quarantine_is_filtered(
    database: Mongo, queue_urls: Urls, wanted: dict[str, str], found: list[str | None]
) -> None:
    quarantine_rows(database, "i", b"a,b")
    quarantine_events(database, an_event(eventId="a"), minutes=0)
    quarantine_events(database, an_event(eventId="c"), reason="other", minutes=5)
    database["quarantine"].update_one({"event_id": "a"}, {"$set": {"first_seen": NOON + timedelta(seconds=1)}})
    assert [item["event_id"] for item in ask(handler, "/etl/quarantine", wanted)["items"]] == found


def test_the_original_is_shown_to_an_administrator_alone_and_only_its_beginning(
    database: Mongo, queue_urls: Urls
) -> None:
    quarantine_rows(database, "i", b"<script>\xff" + b"x" * 5_000)
    (seen,) = ask(handler, "/etl/quarantine", scopes="read admin")["items"]
    assert seen["original"].startswith("<script>\ufffdx")
    assert (len(seen["original"]), seen["original_bytes"]) == (SHOWN_CHARACTERS, 5_009)
    assert [item["original"] for item in ask(handler, "/etl/quarantine")["items"]] == [None]


def test_reasons_are_counted_from_an_index_alone(database: Mongo) -> None:
    quarantine_events(database, *[an_event() for _ in range(20)])
    counting = {"aggregate": "quarantine", "cursor": {}, "pipeline": [{"$match": {"site_id": "demo"}}]}
    counting["pipeline"] += [{"$group": {"_id": {"s": "$stage", "r": "$reason", "t": "$state"}}}]  # type: ignore[operator]
    plan = database.command("explain", counting, verbosity="executionStats")
    ran = plan["executionStats"] if "executionStats" in plan else plan["stages"][0]["$cursor"]["executionStats"]
    assert ran["totalDocsExamined"] == 0


@pytest.mark.parametrize(
    "wrong", [{"state": "gone"}, {"since": "yesterday"}, {"page_size": 101}, {"stage": "x"}, {"reason": "r" * 65}]
)
def test_a_wrong_question_is_refused_by_name(queue_urls: Urls, wrong: dict[str, Any]) -> None:
    assert refusal(handler, "/etl/quarantine", wrong) == (422, [*wrong])


def test_a_replay_asks_for_inputs_by_reason_at_its_rate(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, *[an_event() for _ in range(5)])
    quarantine_events(database, an_event(), reason="other")

    status, answer = request(handler, "POST", "/etl/replay", {"reason": "odd", "rate": 2, "limit": 4})

    assert (status, answer["matching"], answer["selected"]) == (202, 5, 4)
    assert (answer["messages"], answer["seconds"], answer["reasons"]) == (2, 2.0, {"odd": 4})
    (first,) = waiting(queue_urls["EVENTS_QUEUE_URL"])
    assert (first["site_id"], len(first["replay"]), first["events"]) == ("demo", 2, [])
    delayed = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue_urls["EVENTS_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert delayed["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"


def test_rows_are_replayed_import_by_import(database: Mongo, queue_urls: Urls) -> None:
    quarantine_rows(database, "one", b"a", b"b")
    quarantine_rows(database, "two", b"c")
    status, answer = request(handler, "POST", "/etl/replay", {"stage": "imports"})
    assert (status, answer["messages"]) == (202, 2)
    told = {found["import_id"]: len(found["replay"]) for found in waiting(queue_urls["IMPORTS_QUEUE_URL"])}
    assert told == {"one": 2, "two": 1}


def test_a_dry_run_tells_and_does_nothing(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, an_event(), an_event())
    quarantine_rows(database, "one", b"a")
    status, answer = request(handler, "POST", "/etl/replay", {"dry_run": "true"})
    assert (status, answer["dry_run"], answer["selected"]) == (202, True, 3)
    assert waiting(queue_urls["EVENTS_QUEUE_URL"]) + waiting(queue_urls["IMPORTS_QUEUE_URL"]) == []


def test_what_failed_before_can_be_left_out(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, an_event(eventId="tried"), an_event())
    database["quarantine"].update_one({"event_id": "tried"}, {"$inc": {"attempts": 1}})
    assert request(handler, "POST", "/etl/replay", {"dry_run": "true", "max_attempts": 0})[1]["selected"] == 1


@pytest.mark.parametrize(
    "wrong", [{"max_attempts": 2**63}, {"since": "0001-01-01T00:00:00+01:00"}, {"since": "yesterday"}]
)
def test_what_no_replay_can_be_chosen_by_is_refused_by_name(queue_urls: Urls, wrong: dict[str, Any]) -> None:
    status, problem = request(handler, "POST", "/etl/replay", wrong)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, [*wrong])


def test_a_replay_that_would_take_too_long_is_refused(database: Mongo, queue_urls: Urls) -> None:
    database["quarantine"].insert_many(
        [
            {"_id": f"demo:{number}", "site_id": "demo", "state": "waiting", "stage": "events", "first_seen": NOON}
            | {"reason": "odd", "original": b"x", "attempts": 0}
            for number in range(901)
        ]
    )
    status, problem = request(handler, "POST", "/etl/replay", {"rate": 1})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["rate"])
    assert waiting(queue_urls["EVENTS_QUEUE_URL"]) == []
