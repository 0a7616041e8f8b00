"""The controls of the pipeline through the pipeline's Lambda handler, with real stores and queues behind it."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from footfall import sites
from footfall.aws import queues
from footfall.quarantine import keep, quarantined
from footfall.questions.quarantine import SHOWN_CHARACTERS
from footfall.schemas.quarantine import Origin
from pymongo.database import Database

from functions.api.pipeline import drain
from functions.api.pipeline.handler import handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl_events
from functions.jobs.retention.handler import handler as retention
from tests.functions.api.conftest import Lambda
from tests.support.asking import ask, order, refusal
from tests.support.builders import NOON, LambdaContext, a_document, a_message, a_site, an_event
from tests.support.importing import taken

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


def waiting(url: str) -> list[dict[str, Any]]:
    """What is in a queue, which is empty afterwards."""
    return [json.loads(body) for body in taken(url)]


def put(url: str, *bodies: str, site_id: str = "demo") -> None:
    """Put messages in a queue."""
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId=site_id)


def test_a_receipt_tells_when_an_event_was_stored(database: Mongo, queue_urls: Urls) -> None:
    database["events"].insert_one(dict(a_document(eventId="e")))
    found = ask(handler, "/collect/receipts/e")
    assert (found["status"], found["event_id"]) == ("stored", "e")
    assert found["stored_at"] == found["timestamp"] == NOON.isoformat().replace("+00:00", "Z")


def test_a_receipt_tells_that_an_event_came_again(database: Mongo, queue_urls: Urls) -> None:
    database["events"].insert_one({**a_document(eventId="e"), "repeated_at": NOON})
    assert ask(handler, "/collect/receipts/e")["status"] == "duplicate"


def test_a_receipt_tells_why_an_event_was_quarantine_events(database: Mongo, queue_urls: Urls) -> None:
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

    status, answer = order(handler, "POST", "/etl/replay", {"reason": "odd", "rate": 2, "limit": 4})

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
    status, answer = order(handler, "POST", "/etl/replay", {"stage": "imports"})
    assert (status, answer["messages"]) == (202, 2)
    told = {found["import_id"]: len(found["replay"]) for found in waiting(queue_urls["IMPORTS_QUEUE_URL"])}
    assert told == {"one": 2, "two": 1}


def test_a_dry_run_tells_and_does_nothing(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, an_event(), an_event())
    quarantine_rows(database, "one", b"a")
    status, answer = order(handler, "POST", "/etl/replay", {"dry_run": "true"})
    assert (status, answer["dry_run"], answer["selected"]) == (202, True, 3)
    assert waiting(queue_urls["EVENTS_QUEUE_URL"]) + waiting(queue_urls["IMPORTS_QUEUE_URL"]) == []


def test_what_failed_before_can_be_left_out(database: Mongo, queue_urls: Urls) -> None:
    quarantine_events(database, an_event(eventId="tried"), an_event())
    database["quarantine"].update_one({"event_id": "tried"}, {"$inc": {"attempts": 1}})
    assert order(handler, "POST", "/etl/replay", {"dry_run": "true", "max_attempts": 0})[1]["selected"] == 1


@pytest.mark.parametrize(
    "wrong", [{"max_attempts": 2**63}, {"since": "0001-01-01T00:00:00+01:00"}, {"since": "yesterday"}]
)
def test_what_no_replay_can_be_chosen_by_is_refused_by_name(queue_urls: Urls, wrong: dict[str, Any]) -> None:
    status, problem = order(handler, "POST", "/etl/replay", wrong)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, [*wrong])


def test_a_replay_that_would_take_too_long_is_refused(database: Mongo, queue_urls: Urls) -> None:
    database["quarantine"].insert_many(
        [
            {"_id": f"demo:{number}", "site_id": "demo", "state": "waiting", "stage": "events", "first_seen": NOON}
            | {"reason": "odd", "original": b"x", "attempts": 0}
            for number in range(901)
        ]
    )
    status, problem = order(handler, "POST", "/etl/replay", {"rate": 1})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["rate"])
    assert waiting(queue_urls["EVENTS_QUEUE_URL"]) == []


def test_dead_letters_go_back_with_their_site(database: Mongo, queue_urls: Urls) -> None:
    bodies = [f"letter {number}" for number in range(12)]
    put(queue_urls["VECTORS_DEAD_LETTER_QUEUE_URL"], *bodies, site_id="other")

    status, answer = order(handler, "POST", "/etl/redrive", {"queue": "vectors", "limit": 11})
    assert (status, answer) == (200, {"queue": "vectors", "moved": 11, "left": 1})
    assert order(handler, "POST", "/etl/redrive", {"queue": "vectors"})[1]["moved"] == 1

    sqs = boto3.client("sqs")
    back: list[Any] = []
    while found := sqs.receive_message(
        QueueUrl=queue_urls["VECTORS_QUEUE_URL"], MaxNumberOfMessages=10, AttributeNames=["All"]
    ).get("Messages"):
        back += found
    assert sorted(message["Body"] for message in back) == sorted(bodies)
    assert {message["Attributes"]["MessageGroupId"] for message in back} == {"other"}


def test_a_dead_letter_that_cannot_be_sent_stays_one(
    database: Mongo, queue_urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(queue_urls["EVENTS_DEAD_LETTER_QUEUE_URL"], "letter")
    monkeypatch.setenv("EVENTS_QUEUE_URL", queue_urls["EVENTS_QUEUE_URL"] + "-gone")
    monkeypatch.setattr(queues, "ATTEMPTS", 1)
    status, _ = order(handler, "POST", "/etl/redrive", {"queue": "events"})
    left = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue_urls["EVENTS_DEAD_LETTER_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert (status, left["Attributes"]["ApproximateNumberOfMessagesNotVisible"]) == (503, "1")


def test_a_queue_that_is_none_is_refused_by_name(queue_urls: Urls) -> None:
    status, problem = order(handler, "POST", "/etl/redrive", {"queue": "jobs"})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["queue"])


def test_a_run_starts_what_waits_for_a_schedule(queue_urls: Urls, stores: None, invoked: list[Any]) -> None:
    put(queue_urls["EVENTS_QUEUE_URL"], "anything")
    assert order(handler, "POST", "/etl/run") == (202, {"status": "started", "jobs": ["sweep", "rollup"], "queued": 1})
    assert invoked == [("sweep", "Event", {}), ("rollup", "Event", {"site_id": "demo"})]


@pytest.fixture
def pipeline(database: Mongo, lambda_service: Lambda, monkeypatch: pytest.MonkeyPatch) -> Lambda:
    """The functions that are run by hand, where there is a site `demo`; what is announced is not listened to."""
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site().model_dump()})
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda *_: None)
    lambda_service.functions["etl-events"] = lambda event: etl_events(event, LambdaContext())
    lambda_service.functions["retention"] = lambda event: retention(event, LambdaContext())
    return lambda_service


def test_a_run_that_is_waited_for_processes_what_is_queued(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    messages = [a_message([an_event(), an_event()]) for _ in range(12)]
    put(queue_urls["EVENTS_QUEUE_URL"], *[body for message in messages for body in queues.pack(message)])

    status, answer = order(handler, "POST", "/etl/run-sync", {"batch_size": 11})

    assert (status, answer["events"], answer["failed"], answer["left"]) == (200, 22, 0, 1)
    assert [(step["step_name"], step["records_processed"]) for step in answer["steps"]] == [
        ("receive_messages", 11),
        ("process_events", 11),
        ("delete_messages", 11),
    ]
    assert all(step["execution_time"] > 0 for step in answer["steps"])
    assert database["events"].count_documents({}) == 22


def test_what_fails_in_a_run_is_left_in_the_queue(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    put(queue_urls["EVENTS_QUEUE_URL"], *queues.pack(a_message([an_event()])))
    pipeline.functions["etl-events"] = lambda event: {
        "batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]
    }
    answer = order(handler, "POST", "/etl/run-sync")[1]
    assert (answer["events"], answer["failed"], answer["left"]) == (0, 1, 1)


def test_what_there_is_no_time_for_is_left_in_the_queue(
    queue_urls: Urls, pipeline: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "PATIENCE_SECONDS", -1)
    put(queue_urls["EVENTS_QUEUE_URL"], *queues.pack(a_message([an_event()])))
    assert (order(handler, "POST", "/etl/run-sync")[1]["failed"], pipeline.calls) == (1, [])


def test_an_empty_queue_is_drained_at_once(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    answer = order(handler, "POST", "/etl/run-sync")[1]
    assert [step["records_processed"] for step in answer["steps"]] == [0, 0, 0]
    assert pipeline.calls == []


def test_events_of_a_type_are_processed_anew(database: Mongo, queue_urls: Urls) -> None:
    for number in range(3):
        event = a_document(eventId=f"e{number}", timestamp=(NOON + timedelta(minutes=number)).isoformat())
        database["events"].insert_one(dict(event))
    database["events"].insert_one(dict(a_document(eventId="click", eventType="click")))

    status, answer = order(handler, "POST", "/etl/process/pageview", {"since": NOON.isoformat(), "limit": 2})

    assert (status, answer) == (202, {"event_type": "pageview", "events": 2, "messages": 1})
    (message,) = waiting(queue_urls["EVENTS_QUEUE_URL"])
    assert message["reprocess"] == ["e2", "e1"]
    assert order(handler, "POST", "/etl/process/unheard-of")[0] == 404
    assert order(handler, "POST", "/etl/process/hover") == (202, {"event_type": "hover", "events": 0, "messages": 0})


def test_a_clean_up_is_done_by_the_job_and_told(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    database["events"].insert_one(dict(a_document()))
    status, answer = order(handler, "POST", "/etl/cleanup", {"retention_days": 1})
    assert (status, answer["removed"]["events"], answer["complete"]) == (200, 1, True)
    assert [(function, kind) for function, kind, _ in pipeline.calls] == [("retention", "RequestResponse")]


def test_a_function_that_fails_is_no_success(queue_urls: Urls, stores: None, lambda_service: Lambda) -> None:
    def fails(event: Any) -> Any:
        raise RuntimeError

    lambda_service.functions["retention"] = fails
    assert order(handler, "POST", "/etl/cleanup", {"retention_days": 1})[0] == 503


def test_a_parameter_that_is_misspelt_does_nothing(queue_urls: Urls, stores: None, invoked: list[Any]) -> None:
    status, problem = order(handler, "POST", "/etl/cleanup", {"retention_days": 1, "dryrun": "true"})
    assert (status, [error["field"] for error in problem["errors"]], invoked) == (422, ["dryrun"], [])


@pytest.mark.parametrize("days", ["0", "-1", "many", ""])
def test_a_number_of_days_that_is_none_removes_nothing(queue_urls: Urls, invoked: list[Any], days: str) -> None:
    status, problem = order(handler, "POST", "/etl/cleanup", {"retention_days": days})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["retention_days"])
    assert invoked == []


def test_recent_sessions_are_the_newest_of_the_site(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    later = (NOON + timedelta(hours=2)).isoformat()
    message = a_message([an_event(pageType="home"), an_event(visitorId="other", timestamp=later)])
    put(queue_urls["EVENTS_QUEUE_URL"], *queues.pack(message))
    order(handler, "POST", "/etl/run-sync")

    answer = ask(handler, "/etl/recent-sessions", {"limit": 1})
    assert (answer["count"], answer["sessions"][0]["visitor_id"]) == (1, "other")
    assert ask(handler, "/etl/recent-sessions")["sessions"][1]["entry_page"] == "home"
    assert ask(handler, "/etl/recent-sessions", site_id="third")["sessions"] == []


@pytest.mark.parametrize(
    "path", ["replay", "redrive?queue=events", "run", "run-sync", "process/pageview", "cleanup?retention_days=1"]
)
def test_controls_need_the_admin_scope(queue_urls: Urls, stores: None, invoked: list[Any], path: str) -> None:
    name, _, query = path.partition("?")
    given = dict(part.split("=") for part in query.split("&") if part)
    assert order(handler, "POST", f"/etl/{name}", given, scopes="collect read write")[0] == 403
    assert invoked == []
