"""Segments of customers through the handler of api/customers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from footfall import sites
from pymongo.database import Database

from functions.api.customers.handler import handler
from tests.support.builders import LambdaContext, a_site
from tests.support.customers import a_customer, know_behaviour, publish

Mongo = Database[dict[str, Any]]


Json = dict[str, Any]


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """A database with the site `demo`, which sells in pounds."""
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site(currency="GBP").model_dump()})
    yield database
    sites._known.clear()


def ask(path: str, query: str = "", site_id: str = "demo", scopes: str = "read") -> tuple[int, Json]:
    """What the handler answers to a caller of that site: status and body."""
    answer = handler(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "x"},
            "requestContext": {
                "http": {"method": "GET", "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"},
                "authorizer": {"lambda": {"site_id": site_id, "scopes": scopes}},
                "stage": "$default",
            },
            "isBase64Encoded": False,
        },
        LambdaContext(),
    )
    return answer["statusCode"], json.loads(answer["body"])


def problem_field(answer: Json) -> str:
    return str(answer["errors"][0]["field"])


def test_every_rfm_segment_is_listed_with_what_it_amounts_to(shop: Mongo) -> None:
    publish(
        shop,
        a_customer("ann", monetary=30_000, frequency=3, recency=1),
        a_customer("bob", monetary=10_000, frequency=1, recency=4),
        a_customer("cat", monetary=10_000, frequency=1, recency=90, rfm_segment="At Risk"),
    )
    status, answer = ask("/api/segments")
    assert status == 200
    assert (answer["segment_type"], answer["total_customers"], answer["currency"]) == ("rfm", 3, "GBP")
    assert len(answer["segments"]) == 10
    assert answer["segments"][0] == {
        "name": "Champions",
        "description": "Bought lately, buy often and spend most",
        "customer_count": 2,
        "share": 66.67,
        "total_revenue": 400.0,
        "revenue_share": 80.0,
        "avg_monetary": 200.0,
        "average_order_value": 100.0,
        "avg_frequency": 2.0,
        "avg_recency": 2.5,
        "revenue": 400.0,
        "refunds": 1.0,
        "net_revenue": 399.0,
        "stability": None,
        "habits": [],
        "saved": None,
    }
    assert sum(segment["customer_count"] for segment in answer["segments"]) == 3


def test_behaviour_segments_say_what_sets_them_apart(shop: Mongo) -> None:
    know_behaviour(shop, "Frequent", "Night owls")
    publish(shop, a_customer("ann"))
    answer = ask("/api/segments", "segment_type=behaviour")[1]
    assert [(found["name"], found["customer_count"]) for found in answer["segments"]] == [
        ("Frequent", 1),
        ("Night owls", 0),
    ]
    assert answer["segments"][0]["description"] == "More than others: frequent"
    assert (answer["segments"][0]["stability"], answer["segments"][0]["habits"]) == (None, [])


def test_behaviour_segments_say_how_stable_they_are_and_what_their_customers_do_more_often(shop: Mongo) -> None:
    know_behaviour(shop, "Frequent", "Night owls")
    habit = {"kind": "page", "name": "search", "customers": 80, "others": 20, "lift": 3.9, "low": 2.1, "high": 7.3}
    told = {"details.segments.1.stability": 0.91, "details.segments.1.habits": [habit]}
    shop["models"].update_one({"_id": "demo:behaviour_segments:1"}, {"$set": told})
    found = {one["name"]: one for one in ask("/api/segments", "segment_type=behaviour")[1]["segments"]}
    assert (found["Night owls"]["stability"], found["Night owls"]["habits"]) == (0.91, [habit])
    assert found["Frequent"]["stability"] is None


def test_before_any_training_segments_are_empty(shop: Mongo) -> None:
    rfm, behaviour = ask("/api/segments")[1], ask("/api/segments", "segment_type=behaviour")[1]
    assert {segment["customer_count"] for segment in rfm["segments"]} == {0}
    assert (rfm["as_of"], behaviour["segments"]) == (None, [])


def test_an_unknown_kind_of_segment_is_refused_by_name(shop: Mongo) -> None:
    status, answer = ask("/api/segments", "segment_type=shoe")
    assert (status, problem_field(answer)) == (422, "segment_type")
