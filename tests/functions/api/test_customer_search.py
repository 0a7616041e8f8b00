"""Customers by how their id, e-mail address or name begins, and what one did and ordered."""

from typing import Any

import pytest

from functions.api.customers.handler import handler
from functions.etl.events import steps
from functions.etl.events.handler import handler as store_events
from functions.jobs.prepare.migrations import migrate
from tests.support.asking import ask, refusal
from tests.support.builders import LambdaContext, a_message, an_event, at, sqs_event
from tests.support.visits import Mongo

SEARCH = "/api/search/customers"
PEOPLE = {
    "u-1": {"email": "Ann.Lee@shop.example", "name": "Ann Lee"},
    "u-2": {"email": "bob@shop.example", "first_name": "Bob", "last_name": "Léger"},
    "U-3": {"name": "Annabel (Anna) Bobson"},
    "onlooker": {"email": "ann@visitor.example", "name": "Ann Only Looks"},
}


@pytest.fixture
def people(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> Mongo:
    """Three customers, and somebody who never ordered."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, _message: None)
    shop["users"].delete_many({})
    told = [
        an_event(eventType="identify", userId=who, visitorId=f"v-{who}", traits=traits, timestamp=at(1))
        for who, traits in PEOPLE.items()
    ]
    line = {"product_id": "p", "price": 5, "quantity": 1}
    orders = [
        an_event(
            eventType="Order Completed",
            userId=who,
            visitorId=f"v-{who}",
            timestamp=at(number),
            properties={"order_id": f"o{number}", "total": 5, "currency": "EUR", "products": [line]},
        )
        for number, who in enumerate([*list(PEOPLE)[:3], "u-1"])
    ]
    store_events(sqs_event([a_message([*told, *orders], source="collect:secret")]), LambdaContext())
    return shop


def found(query: str, **asked: Any) -> list[tuple[str, str]]:
    answer = ask(handler, SEARCH, {"query": query, **asked})
    return [(each["customer_id"], each["found_by"]) for each in answer["customers"]]


def test_customers_are_found_by_the_beginnings_of_what_is_known(people: Mongo) -> None:
    assert found("u-") == [("u-1", "id"), ("u-2", "id")]
    assert found("ANN.LEE@") == [("u-1", "email")]
    assert found("ann") == [("U-3", "name"), ("u-1", "email")]
    assert found("lee") == [("u-1", "name")]
    assert found("LEGER") == found("lég") == [("u-2", "name")]
    assert found("anna bob") == [("U-3", "name")]
    assert found("v-u-1") == [("u-1", "name")], "a visitor is whom they turned out to be"
    assert found("only") == [], "who never ordered is no customer"


def test_a_search_is_never_a_pattern(people: Mongo) -> None:
    for query in (".*", "u.1", "^u", "$where", "(", "\x00"):
        assert found(query) == []
    assert refusal(handler, SEARCH, {"query": " "}) == (422, ["query"])
    assert refusal(handler, SEARCH, {"query": ""}) == (422, ["query"])
    assert refusal(handler, SEARCH, {"query": "x" * 257}) == (422, ["query"])
    assert refusal(handler, SEARCH) == (422, ["query"])


def test_it_is_said_that_there_are_more(people: Mongo) -> None:
    assert ask(handler, SEARCH, {"query": "u-", "limit": 1})["more"] is True
    assert ask(handler, SEARCH, {"query": "u-", "limit": 2})["more"] is False


def test_another_sites_customers_are_not_found(people: Mongo) -> None:
    people["sites"].insert_one(
        {**(people["sites"].find_one({"_id": "demo"}) or {}), "_id": "other", "site_id": "other"}
    )
    assert ask(handler, SEARCH, {"query": "u-"}, site_id="other")["customers"] == []


def test_who_was_known_before_is_found_after_the_migration(people: Mongo) -> None:
    people["users"].update_many({}, {"$unset": {"found_by": True}})
    people["users"].drop_index("site_id_1_found_by_1__id_1")
    assert found("lee") == []
    migrate(people)
    assert found("lee") == [("u-1", "name")]


def test_what_one_customer_did_and_ordered_is_listed_the_newest_first(people: Mongo) -> None:
    told = ask(handler, "/api/customers/u-1/events", {"page_size": 2})
    assert [each["type"] for each in told["events"]] == ["order_completed", "identify"]
    assert (told["total"], told["events"][0]["products"]) == (3, ["p"])
    rest = ask(handler, "/api/customers/u-1/events", {"page_size": 2, "after": told["next"]})
    assert [each["type"] for each in rest["events"]] == ["order_completed"]
    orders = ask(handler, "/api/customers/u-1/orders", {"page_size": 1})
    assert ([each["order_id"] for each in orders["orders"]], orders["total"]) == (["o3"], 2)
    assert refusal(handler, "/api/customers/none/events")[0] == 404
    assert refusal(handler, "/api/customers/none/orders")[0] == 404
    assert ask(handler, "/api/customers/onlooker/orders")["orders"] == []
