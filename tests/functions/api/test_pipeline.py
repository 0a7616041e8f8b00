"""api/pipeline through its Lambda handler, with real stores and queues behind it."""

import json
import socket
import time
from datetime import timedelta
from typing import Any

import boto3
import pytest
from footfall import documents
from footfall.aws import queues
from footfall.questions import pipeline_status
from pymongo.database import Database

from functions.api.pipeline.handler import handler
from tests.support.builders import NOON, LambdaContext, a_document, a_site

Mongo = Database[dict[str, Any]]


def ask(
    path: str,
    method: str = "GET",
    query: str = "",
    site_id: str = "demo",
    scopes: str = "read admin",
    body: str | None = None,
) -> tuple[int, dict[str, Any]]:
    """What the handler answers to a caller of that site, as the gateway passes on their question: status and body."""
    answer = handler(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "x"},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": "203.0.113.77", "protocol": "HTTP/1.1"},
                "authorizer": {"lambda": {"site_id": site_id, "scopes": scopes, "key_id": "k"}},
                "stage": "$default",
            },
            "body": body,
            "isBase64Encoded": False,
        },
        LambdaContext(),
    )
    return answer["statusCode"], json.loads(answer["body"])


def store(database: Mongo, *events: dict[str, Any], site_id: str = "demo") -> None:
    """Store events whose values do not matter unless given."""
    documents = [{**a_document(), **event, "site_id": site_id} for event in events]
    database["events"].insert_many([{**document, "_id": f"{site_id}:{document['event_id']}"} for document in documents])


def test_everything_answers_when_all_is_well(database: Mongo, queue_urls: dict[str, str]) -> None:
    status, health = ask("/api/health")

    assert (status, health["status"]) == (200, "ok")
    assert set(health["dependencies"]) == {"mongodb", "sqs", "redis", "milvus"}
    assert all(found["latency_ms"] > 0 for found in health["dependencies"].values())
    assert {name for name, found in health["dependencies"].items() if found["needed"]} == {"mongodb", "sqs"}
    assert health["last_training"] is None
    assert 0 <= health["cache_hit_rate"] <= 100
    connections = health["mongodb_connections"]
    assert 0 < connections["open"] < connections["most"]
    assert 0 < connections["used"] < 100


def test_without_redis_and_milvus_it_works_less_well(
    database: Mongo, queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{closed_port()}/0")
    monkeypatch.setenv("MILVUS_URI", f"http://127.0.0.1:{closed_port()}")

    status, health = ask("/api/health")

    assert (status, health["status"]) == (200, "degraded")
    assert health["dependencies"]["redis"] == {"status": "unavailable", "needed": False, "latency_ms": None}
    assert health["dependencies"]["milvus"]["status"] == "unavailable"
    assert health["cache_hit_rate"] is None


def test_without_mongodb_it_does_not_work_and_says_so_in_time(
    stores: None, queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", f"mongodb://127.0.0.1:{closed_port()}/")
    began = time.monotonic()

    status, health = ask("/api/health")

    assert (status, health["status"]) == (503, "unavailable")
    assert health["dependencies"]["sqs"]["status"] == "ok"
    assert time.monotonic() - began < 6


def test_health_tells_what_waits_and_how_long(database: Mongo, queue_urls: dict[str, str]) -> None:
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=queue_urls["EVENTS_QUEUE_URL"], MessageBody="a")
    sqs.send_message(QueueUrl=queue_urls["EVENTS_QUEUE_URL"], MessageBody="b")
    sqs.send_message(QueueUrl=queue_urls["VECTORS_DEAD_LETTER_QUEUE_URL"], MessageBody="c")
    sqs.receive_message(QueueUrl=queue_urls["EVENTS_QUEUE_URL"], MaxNumberOfMessages=1)
    time.sleep(1.1)

    waiting = ask("/api/health")[1]["queues"]

    assert (waiting["events"]["waiting"], waiting["events"]["in_flight"]) == (1, 1)
    assert 1 < waiting["events"]["oldest_seconds"] < 60
    assert waiting["imports"] == {"waiting": 0, "in_flight": 0, "oldest_seconds": None, "dead_letters": 0}
    assert waiting["vectors"]["dead_letters"] == 1


def test_events_are_counted_exactly_and_by_site(database: Mongo, stores: None) -> None:
    store(database, *[{"event_id": f"p{number}", "type": "pageview"} for number in range(3)])
    store(database, {"event_id": "o", "type": "order_completed", "bot": True}, {"event_id": "c", "type": "custom"})
    store(database, {"event_id": "x"}, site_id="other")

    assert ask("/events/count") == (
        200,
        {"total_events": 5, "by_type": {"custom": 1, "order_completed": 1, "pageview": 3}},
    )
    assert ask("/events/count", site_id="third")[1] == {"total_events": 0, "by_type": {}}


def test_counting_reads_the_index_alone(database: Mongo, stores: None) -> None:
    store(database, *[{"event_id": f"p{number}", "type": "order_completed"} for number in range(20)])
    command = {"count": "events", "query": {"site_id": "demo", "type": "order_completed"}}

    plan = database.command("explain", command, verbosity="executionStats")["executionStats"]

    assert plan["totalDocsExamined"] == 0


def test_recent_events_are_the_newest_without_address_and_agent(database: Mongo, stores: None) -> None:
    moments = [NOON + timedelta(minutes=number) for number in range(5)]
    store(database, *[{"event_id": f"e{number}", "timestamp": moment} for number, moment in enumerate(moments)])
    store(database, {"event_id": "x", "timestamp": NOON + timedelta(days=1)}, site_id="other")

    status, answer = ask("/events/recent", query="limit=2")

    assert (status, answer["count"]) == (200, 2)
    assert [event["event_id"] for event in answer["events"]] == ["e4", "e3"]
    assert not {"ip", "user_agent", "properties", "traits"} & set(answer["events"][0])


@pytest.mark.parametrize("limit", ["0", "101", "many", "-1", "1e3"])
def test_a_limit_out_of_bounds_is_refused_by_name(stores: None, limit: str) -> None:
    status, problem = ask("/events/recent", query=f"limit={limit}")

    assert status == 422
    assert [error["field"] for error in problem["errors"]] == ["limit"]


def test_status_tells_how_far_the_pipeline_is(database: Mongo, queue_urls: dict[str, str]) -> None:
    store(database, {"event_id": "a"}, {"event_id": "b"})
    store(database, {"event_id": "x"}, site_id="other")
    database["stale_days"].insert_many(
        [{"_id": "demo:2026-03-01", "site_id": "demo"}, {"_id": "other:2026-03-01", "site_id": "other"}]
    )
    database["rollups"].insert_one(
        {"_id": "demo", "site_id": "demo", "ran_at": NOON, "days": 2, "events": 9, "left": 1, "milliseconds": 12}
    )

    status, answer = ask("/etl/status")

    assert status == 200
    assert answer["collections"]["events"] == 2
    assert answer["collections"]["orders"] == 0
    assert answer["stale_days"] == 1
    assert answer["latest_rollup"] == {
        "ran_at": NOON.isoformat().replace("+00:00", "Z"),
        "days": 2,
        "events": 9,
        "left": 1,
        "milliseconds": 12,
    }
    assert set(answer["queues"]) == {"imports", "catalog", "events", "interests", "realtime", "vectors"}


def test_many_documents_are_shown_as_they_were_counted_last_hour(
    database: Mongo, queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_COUNTED", 3)
    monkeypatch.setattr(pipeline_status, "MOST_COUNTED", 3)
    a_day = {"site_id": "demo", "funnel": "default", "date": "2026-03-01"}
    database["funnel_analytics"].insert_many([dict(a_day) for _ in range(5)])
    database["users"].insert_many([{"site_id": "demo", "number": number} for number in range(3)])
    assert shown() == (5, 3, None), "nobody has counted yet"
    documents.note_documents(database, "demo", NOON)
    database["funnel_analytics"].insert_one(dict(a_day))
    database["users"].delete_one({})
    assert shown() == (5, 2, "2026-03-01T12:00:00Z")
    documents.note_documents(database, "demo", NOON + timedelta(minutes=59))
    assert shown() == (5, 2, "2026-03-01T12:00:00Z")
    documents.note_documents(database, "demo", NOON + timedelta(minutes=61))
    assert shown() == (6, 2, "2026-03-01T13:01:00Z")


def shown() -> tuple[int, int, str | None]:
    """What the status says of documents of funnels and of people, and when they were counted."""
    answer = ask("/etl/status")[1]
    return answer["collections"]["funnel_analytics"], answer["collections"]["users"], answer["counted_at"]


def test_the_ledger_adds_up_in_all_and_by_day(database: Mongo, queue_urls: dict[str, str]) -> None:
    lines = [
        a_line("demo", "2026-03-01", stored=3, duplicate=1),
        a_line("demo", "2026-03-01", quarantined=2),
        a_line("demo", "2026-03-02", waiting=5),
        a_line("other", "2026-03-02", stored=9),
    ]
    database["ledger"].insert_many(lines)

    ledger = ask("/etl/status")[1]["ledger"]

    newest, day_before = ledger.pop("by_day")
    assert ledger == {"received": 11, "stored": 3, "duplicate": 1, "quarantined": 2, "waiting": 5}
    assert newest == {
        "day": "2026-03-02",
        "received": 5,
        "stored": 0,
        "duplicate": 0,
        "quarantined": 0,
        "waiting": 5,
    }
    assert (day_before["day"], day_before["received"], day_before["stored"]) == ("2026-03-01", 6, 3)


def a_line(site_id: str, day: str, **outcome: int) -> dict[str, Any]:
    """What the ledger says of one message of that day."""
    parts = {"stored": 0, "duplicate": 0, "quarantined": 0, "waiting": 0, **outcome}
    settled = {} if parts["waiting"] else {"settled_at": NOON}
    return {"site_id": site_id, "day": day, "events": sum(parts.values()), **parts, **settled}


def test_the_ledger_reads_an_index_alone(database: Mongo) -> None:
    database["ledger"].insert_many([a_line("demo", f"2026-03-{day:02}", stored=day) for day in range(1, 29)])
    match = {"$match": {"site_id": "demo", "settled_at": {"$type": "date"}}}
    sums = [match, {"$group": {"_id": "$day", "stored": {"$sum": "$stored"}}}]
    command = {"aggregate": "ledger", "pipeline": sums, "cursor": {}}

    plan = database.command("explain", command, verbosity="executionStats")
    ran = plan["executionStats"] if "executionStats" in plan else plan["stages"][0]["$cursor"]["executionStats"]

    assert (ran["totalDocsExamined"], ran["totalKeysExamined"]) == (0, 28)


def test_there_is_a_ledger_where_events_expire(database: Mongo, queue_urls: dict[str, str]) -> None:
    database["sites"].insert_one({"_id": "demo", **a_site(retention_days=30).model_dump()})
    database["ledger"].insert_one(a_line("demo", "2026-01-01", stored=4))

    assert ask("/etl/status")[1]["ledger"]["received"] == 4


def test_status_is_unavailable_without_sqs(
    database: Mongo, queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    queues.sqs.cache_clear()

    status, problem = ask("/etl/status")

    assert (status, problem["detail"]) == (503, "SQS does not answer")


def test_daily_figures_are_recomputed_by_the_rollup(stores: None, invoked: list[Any]) -> None:
    assert ask("/etl/calculate-daily-metrics", "POST", "target_date=2026-02-28") == (
        202,
        {"status": "started", "target_date": "2026-02-28"},
    )
    assert ask("/etl/calculate-daily-metrics", "POST")[0] == 202
    assert invoked == [
        ("rollup", "Event", {"site_id": "demo", "date": "2026-02-28"}),
        ("rollup", "Event", {"site_id": "demo"}),
    ]


@pytest.mark.parametrize("day", ["2015-02-30", "tomorrow", "20260301", ""])
def test_a_day_that_is_none_starts_nothing(stores: None, invoked: list[Any], day: str) -> None:
    status, problem = ask("/etl/calculate-daily-metrics", "POST", f"target_date={day}")

    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["target_date"])
    assert invoked == []


def test_daily_figures_are_recomputed_for_an_administrator_alone(stores: None, invoked: list[Any]) -> None:
    assert ask("/etl/calculate-daily-metrics", "POST", scopes="collect read write")[0] == 403
    assert invoked == []


def closed_port() -> int:
    """A port of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("path", ["/etl/replay", "/etl/redrive", "/etl/calculate-daily-metrics"])
def test_what_is_said_in_a_body_is_refused_and_not_passed_over(path: str) -> None:
    status, answer = ask(path, "POST", body='{"dry_run": true}')
    assert (status, answer["errors"][0]["field"]) == (422, "body")
