"""People through api/catalog's handler: profiles, purchases and interests."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from functions.etl.catalog import interests
from functions.etl.events import steps
from functions.etl.events.handler import handler as store_events
from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.builders import LambdaContext, a_message, an_event, at, sqs_event
from tests.support.importing import Pipeline, ask, make_changes, sent


@pytest.fixture
def pipeline(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """A site in GBP with its queues, and Ann, who bought twice and had something refunded."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, _message: None)
    interests._known.clear()
    with importing.open_pipeline(database, worker, monkeypatch) as pipeline:
        store(
            an_event(eventType="pageview", visitorId="v1", url="https://x.example/", timestamp=at(-5)),
            an_event(eventType="identify", visitorId="v1", userId="ann", traits={"plan": "gold"}, timestamp=at(0)),
            order("o1", -60 * 24 * 40, 40, "Lamps", 2),
            order("o2", 3, 25, None, 1),
            order("free", -10, 0, "Lamps", 1),
            order("abroad", -10, 50, "Lamps", 1, currency="USD"),
            an_event(
                eventType="Order Refunded",
                userId="ann",
                visitorId="v1",
                timestamp=at(9),
                properties={"order_id": "o1", "total": 10},
            ),
        )
        yield pipeline


def store(*events: Any) -> None:
    store_events(sqs_event([a_message(list(events), source="collect:secret")]), LambdaContext())


def order(order_id: str, minute: float, total: float, category: str | None, pieces: int, currency: str = "GBP") -> Any:
    line = {
        "product_id": "p",
        "price": total / pieces,
        "quantity": pieces,
        **({"category": category} if category else {}),
    }
    told = {"order_id": order_id, "total": total, "currency": currency, "products": [line]}
    return an_event(eventType="Order Completed", userId="ann", visitorId="v1", timestamp=at(minute), properties=told)


def get(path: str, status: int = 200) -> Any:
    code, answer = ask("GET", path)
    assert code == status, answer
    return answer


def test_a_profile_is_what_was_told_and_how_somebody_was_seen(pipeline: Pipeline) -> None:
    told = get("/api/users/ann")
    assert (told["user_id"], told["visitors"], told["traits"]) == ("ann", 1, {"plan": "gold"})
    assert told["first_seen"] == "2026-01-20T12:00:00Z"
    assert get("/api/users/v1")["user_id"] == "ann"
    assert get("/api/users/nobody", 404)["status"] == 404


def test_what_is_told_of_somebody_becomes_an_identify_event(pipeline: Pipeline) -> None:
    status, answer = ask("PUT", "/api/users/ann", {"traits": {"plan": "silver", "age": 30}})
    assert status == 202
    (message,) = sent(pipeline.events_queue)
    assert message.events[0]["eventId"] == answer["receipt"]
    store_events(sqs_event([message, message]), LambdaContext())
    assert get("/api/users/ann")["traits"] == {"plan": "silver", "age": 30}
    assert get("/api/users/ann")["visitors"] == 1


@pytest.mark.parametrize(
    "told",
    [{}, {"traits": {}}, {"traits": {"a": ["b"]}}, {"traits": {"a": 1e300}}, {"traits": {"a" * 200: 1}}, {"x": 1}],
)
def test_what_are_no_traits_is_refused(pipeline: Pipeline, told: Any) -> None:
    assert ask("PUT", "/api/users/ann", told)[0] == 422
    assert sent(pipeline.events_queue) == []


@pytest.mark.parametrize("user_id", ["null", "7.0", " x", "undefined"])
def test_an_id_that_names_nobody_is_refused(pipeline: Pipeline, user_id: str) -> None:
    status, answer = ask("PUT", f"/api/users/{user_id}", {"traits": {"plan": "gold"}})
    assert (status, [error["field"] for error in answer["errors"]]) == (422, ["user_id"])
    assert sent(pipeline.events_queue) == []


def test_purchases_are_a_users_orders_the_newest_first(pipeline: Pipeline) -> None:
    told = get("/api/users/ann/purchases")
    assert [each["order_id"] for each in told["orders"]][:1] == ["o2"]
    assert sorted(each["order_id"] for each in told["orders"]) == ["abroad", "free", "o1", "o2"]
    assert told["total"] == 4


def test_a_summary_adds_up_what_figures_count_and_says_what_is_left_out(pipeline: Pipeline) -> None:
    told = get("/api/users/ann/spending-summary")
    assert [told[name] for name in ("orders", "revenue", "refunds", "net_revenue")] == [2, 65.0, 10.0, 55.0]
    assert (told["average_order_value"], told["other_currencies"], told["free_orders"]) == (
        32.5,
        [{"currency": "USD", "orders": 1}],
        1,
    )
    assert [(each["month"], each["revenue"]) for each in told["by_month"]] == [("2026-01", 40.0), ("2026-03", 25.0)]
    assert [(each["category"], each["orders"], each["amount"]) for each in told["by_category"]] == [
        ("Lamps", 1, 40.0),
        ("unknown", 1, 25.0),
    ]


def test_somebody_without_orders_spent_nothing(pipeline: Pipeline) -> None:
    store(an_event(eventType="identify", userId="bob", timestamp=at(0)))
    told = get("/api/users/bob/spending-summary")
    assert (told["orders"], told["revenue"], told["by_month"], told["first_order_at"]) == (0, 0.0, [], None)
    assert get("/api/users/bob/purchases")["orders"] == []
    assert get("/api/users/bob/interests")["interests"] == []
    assert get("/api/users/nobody/interests", 404)["status"] == 404


def change(pipeline: Pipeline, method: str, path: str, body: Any = None) -> None:
    status, answer = ask(method, path, body)
    assert status == 202, answer
    assert make_changes(pipeline.catalog_queue, times=2) == []


def test_interests_are_told_changed_and_taken_back(pipeline: Pipeline) -> None:
    change(pipeline, "POST", "/api/users/ann/interests", {"category": "Garden  tools", "strength": 2})
    assert ask("POST", "/api/users/ann/interests", {"category": "garden tools"})[0] == 409
    change(pipeline, "PUT", "/api/users/ann/interests/Garden tools", {"strength": 5})
    (found,) = get("/api/users/ann/interests")["interests"]
    assert (found["category"], found["strength"], found["share"]) == ("Garden tools", 5, 0.0)
    change(pipeline, "DELETE", "/api/users/ann/interests/GARDEN TOOLS")
    assert get("/api/users/ann/interests")["interests"] == []
    assert ask("DELETE", "/api/users/ann/interests/Garden tools")[0] == 404
    assert ask("PUT", "/api/users/ann/interests/Lamps", {"strength": 1})[0] == 404


@pytest.mark.parametrize(
    "told", [{"category": " "}, {"category": "x", "strength": 6}, {"category": "x", "strength": 0}]
)
def test_what_is_no_interest_is_refused(pipeline: Pipeline, told: Any) -> None:
    assert ask("POST", "/api/users/ann/interests", told)[0] == 422


def test_an_interest_with_a_slash_in_its_name_is_changed_and_taken_back(pipeline: Pipeline) -> None:
    change(pipeline, "POST", "/api/users/ann/interests", {"category": "Home/Garden tools", "strength": 2})
    change(pipeline, "PUT", "/api/users/ann/interests/Home/Garden tools", {"strength": 5})
    assert [each["strength"] for each in get("/api/users/ann/interests")["interests"]] == [5]
    change(pipeline, "DELETE", "/api/users/ann/interests/HOME/garden tools")
    assert get("/api/users/ann/interests")["interests"] == []


def test_interests_are_analysed_from_purchases(pipeline: Pipeline) -> None:
    change(pipeline, "POST", "/api/users/ann/interests", {"category": "Garden"})
    change(pipeline, "POST", "/api/users/ann/interests/analyse")
    told = get("/api/users/ann/interests")["interests"]
    assert [(each["category"], each["strength"], each["bought"], each["share"]) for each in told] == [
        ("Garden", 3, 0, 0.0),
        ("Lamps", None, 2, 100.0),
    ]
    summary = get("/api/users/ann/interests/summary")
    assert (summary["told"], summary["found"], summary["bought"], summary["top"]) == (1, 1, 2, ["Garden", "Lamps"])
    assert get("/api/interest-categories")["categories"] == [
        {"name": "garden", "people": 1},
        {"name": "lamps", "people": 1},
    ]
    assert ask("POST", "/api/users/nobody/interests/analyse")[0] == 404
