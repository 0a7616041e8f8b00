"""The controls of api/pipeline through its Lambda handler, with real stores and queues behind it."""

from datetime import timedelta
from typing import Any

import boto3
import pytest
from footfall import sites
from footfall.aws import queues
from pymongo.database import Database

from functions.api.pipeline import drain
from functions.api.pipeline.handler import handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as etl_events
from functions.jobs.retention.handler import handler as retention
from tests.functions.api.conftest import Lambda
from tests.support.asking import ask, request
from tests.support.builders import NOON, LambdaContext, a_document, a_message, a_site, an_event
from tests.support.messages import put, waiting

Mongo = Database[dict[str, Any]]
Urls = dict[str, str]


def test_dead_letters_go_back_with_their_site(database: Mongo, queue_urls: Urls) -> None:
    bodies = [f"letter {number}" for number in range(12)]
    put(queue_urls["VECTORS_DEAD_LETTER_QUEUE_URL"], *bodies, site_id="other")

    status, answer = request(handler, "POST", "/etl/redrive", {"queue": "vectors", "limit": 11}, scopes="operator")
    assert (status, answer) == (200, {"queue": "vectors", "moved": 11, "left": 1})
    assert request(handler, "POST", "/etl/redrive", {"queue": "vectors"}, scopes="operator")[1]["moved"] == 1

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
    status, _ = request(handler, "POST", "/etl/redrive", {"queue": "events"}, scopes="operator")
    left = boto3.client("sqs").get_queue_attributes(
        QueueUrl=queue_urls["EVENTS_DEAD_LETTER_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert (status, left["Attributes"]["ApproximateNumberOfMessagesNotVisible"]) == (503, "1")


def test_a_queue_that_is_none_is_refused_by_name(queue_urls: Urls) -> None:
    status, problem = request(handler, "POST", "/etl/redrive", {"queue": "jobs"}, scopes="operator")
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["queue"])


def test_a_run_starts_what_waits_for_a_schedule(queue_urls: Urls, stores: None, invoked: list[Any]) -> None:
    put(queue_urls["EVENTS_QUEUE_URL"], "anything")
    assert request(handler, "POST", "/etl/run") == (
        202,
        {"status": "started", "jobs": ["sweep", "rollup"], "queued": 1},
    )
    assert invoked == [("sweep", "Event", {"site_id": "demo"}), ("rollup", "Event", {"site_id": "demo"})]


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

    status, answer = request(handler, "POST", "/etl/run-sync", {"batch_size": 11}, scopes="operator")

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
    answer = request(handler, "POST", "/etl/run-sync", scopes="operator")[1]
    assert (answer["events"], answer["failed"], answer["left"]) == (0, 1, 1)


def test_what_there_is_no_time_for_is_left_in_the_queue(
    queue_urls: Urls, pipeline: Lambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "PATIENCE_SECONDS", -1)
    put(queue_urls["EVENTS_QUEUE_URL"], *queues.pack(a_message([an_event()])))
    assert (request(handler, "POST", "/etl/run-sync", scopes="operator")[1]["failed"], pipeline.calls) == (1, [])


def test_an_empty_queue_is_drained_at_once(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    answer = request(handler, "POST", "/etl/run-sync", scopes="operator")[1]
    assert [step["records_processed"] for step in answer["steps"]] == [0, 0, 0]
    assert pipeline.calls == []


def test_events_of_a_type_are_processed_anew(database: Mongo, queue_urls: Urls) -> None:
    for number in range(3):
        event = a_document(eventId=f"e{number}", timestamp=(NOON + timedelta(minutes=number)).isoformat())
        database["events"].insert_one(dict(event))
    database["events"].insert_one(dict(a_document(eventId="click", eventType="click")))

    status, answer = request(handler, "POST", "/etl/process/pageview", {"since": NOON.isoformat(), "limit": 2})

    assert (status, answer) == (202, {"event_type": "pageview", "events": 2, "messages": 1})
    (message,) = waiting(queue_urls["EVENTS_QUEUE_URL"])
    assert message["reprocess"] == ["e2", "e1"]
    assert request(handler, "POST", "/etl/process/unheard-of")[0] == 404
    assert request(handler, "POST", "/etl/process/hover") == (202, {"event_type": "hover", "events": 0, "messages": 0})


def test_a_clean_up_is_done_by_the_job_and_told(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    database["events"].insert_one(dict(a_document()))
    status, answer = request(handler, "POST", "/etl/cleanup", {"retention_days": 1, "confirm": "true"})
    assert (status, answer["removed"]["events"], answer["complete"]) == (200, 1, True)
    assert [(function, kind) for function, kind, _ in pipeline.calls] == [("retention", "RequestResponse")]
    assert database["events"].count_documents({}) == 0


def test_a_clean_up_that_is_not_confirmed_only_tells(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    database["events"].insert_one(dict(a_document()))
    status, answer = request(handler, "POST", "/etl/cleanup", {"retention_days": 1})
    assert (status, answer["removed"]["events"], answer["dry_run"]) == (200, 1, True)
    assert database["events"].count_documents({}) == 1


def test_a_function_that_fails_is_no_success(queue_urls: Urls, stores: None, lambda_service: Lambda) -> None:
    def fails(event: Any) -> Any:
        raise RuntimeError

    lambda_service.functions["retention"] = fails
    assert request(handler, "POST", "/etl/cleanup", {"retention_days": 1})[0] == 503


def test_a_parameter_that_is_misspelt_does_nothing(queue_urls: Urls, stores: None, invoked: list[Any]) -> None:
    status, problem = request(handler, "POST", "/etl/cleanup", {"retention_days": 1, "confirmed": "true"})
    assert (status, [error["field"] for error in problem["errors"]], invoked) == (422, ["confirmed"], [])


@pytest.mark.parametrize("days", ["0", "-1", "many", ""])
def test_a_number_of_days_that_is_none_removes_nothing(queue_urls: Urls, invoked: list[Any], days: str) -> None:
    status, problem = request(handler, "POST", "/etl/cleanup", {"retention_days": days})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["retention_days"])
    assert invoked == []


def test_recent_sessions_are_the_newest_of_the_site(database: Mongo, queue_urls: Urls, pipeline: Lambda) -> None:
    later = (NOON + timedelta(hours=2)).isoformat()
    message = a_message([an_event(pageType="home"), an_event(visitorId="other", timestamp=later, sessionId=7)])
    put(queue_urls["EVENTS_QUEUE_URL"], *queues.pack(message))
    request(handler, "POST", "/etl/run-sync", scopes="operator")

    answer = ask(handler, "/etl/recent-sessions", {"limit": 1})
    assert (answer["count"], answer["sessions"][0]["visitor_id"]) == (1, "other")
    assert answer["sessions"][0]["client_session_id"] == "7"
    assert ask(handler, "/etl/recent-sessions")["sessions"][1]["entry_page"] == "home"
    assert ask(handler, "/etl/recent-sessions", site_id="third")["sessions"] == []


@pytest.mark.parametrize(
    "path", ["replay", "redrive?queue=events", "run", "run-sync", "process/pageview", "cleanup?retention_days=1"]
)
def test_controls_need_the_admin_scope(queue_urls: Urls, stores: None, invoked: list[Any], path: str) -> None:
    name, _, query = path.partition("?")
    given = dict(part.split("=") for part in query.split("&") if part)
    assert request(handler, "POST", f"/etl/{name}", given, scopes="collect read write")[0] == 403
    assert invoked == []
