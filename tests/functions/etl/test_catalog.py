"""etl/catalog on a real MongoDB: what is asked twice is done once, and of two at once neither is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.aws.invocations import SqsRecord
from footfall.schemas.catalog import CatalogMessage, InterestChange, InterestReading, ProductChange
from footfall.schemas.message import SessionsMessage
from pymongo.database import Database

from functions.etl.catalog import interests, products
from functions.etl.catalog.handler import handler
from functions.etl.events.handler import handler as store_events
from tests.support.builders import LambdaContext, a_message, a_site, an_event, at, sqs_event
from tests.support.interrupting import before_next_call

Mongo = Database[dict[str, Any]]
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """A database with the sites `demo` and `other`."""
    sites._known.clear()
    interests._known.clear()
    database["sites"].insert_many([{"_id": name, **a_site(site_id=name).model_dump()} for name in ("demo", "other")])
    yield database
    sites._known.clear()
    interests._known.clear()


def product(name: str = "Lamp", product_id: str = "p", change_id: str = "1", minute: int = 0, **but: Any) -> Any:
    fields: Any = {"name": name, "price": 100, "currency": "EUR", **but.pop("fields", {})}
    at_minute = START + timedelta(minutes=minute)
    return ProductChange(change_id=change_id, at=at_minute, product_id=product_id, fields=fields, **but)


def told(site_id: str = "demo", **changes: Any) -> SqsRecord:
    body = CatalogMessage(site_id=site_id, **changes).model_dump_json()
    return SqsRecord(messageId=f"message of {site_id} {len(body)}", body=body, attributes={})


def behaved(*people: str) -> SqsRecord:
    body = SessionsMessage(site_id="demo", person_ids=list(people), sessions=[]).model_dump_json()
    return SqsRecord(messageId="behaved", body=body, attributes={})


def deliver(*records: SqsRecord) -> list[str]:
    answer = handler({"Records": list(records)}, LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def names(shop: Mongo, site_id: str = "demo") -> dict[str, str]:
    return {each["product_id"]: each["name"] for each in shop["products"].find({"site_id": site_id})}


def test_a_message_that_comes_twice_changes_nothing_the_second_time(shop: Mongo) -> None:
    record = told(products=[product(), product("Mug", "q", "2")])
    assert deliver(record) == []
    before = list(shop["products"].find())
    assert deliver(record, record) == []
    assert list(shop["products"].find()) == before
    assert shop["catalog_receipts"].count_documents({"state": "done"}) == 2


def test_an_older_change_that_comes_late_changes_nothing_but_what_it_cost(shop: Mongo) -> None:
    deliver(told(products=[product("New", minute=2, change_id="2")]))
    deliver(told(products=[product("Old", minute=1, change_id="1", fields={"price": 90})]))
    (found,) = shop["products"].find()
    assert (found["name"], found["price"], [one["price"] for one in found["prices"]]) == ("New", 100, [90, 100])


def test_what_was_removed_stays_away_from_older_changes_and_comes_back_by_newer_ones(shop: Mongo) -> None:
    gone = ProductChange(change_id="2", at=START + timedelta(minutes=2), product_id="p", fields={}, removed=True)
    deliver(told(products=[product(minute=1), gone]))
    deliver(told(products=[product("Late", minute=1, change_id="0")]))
    (found,) = shop["products"].find()
    assert (found["name"], "removed_at" in found) == (None, True)
    deliver(told(products=[product("Again", minute=3, change_id="3")]))
    (found,) = shop["products"].find()
    assert (found["name"], "removed_at" in found) == ("Again", False)


def test_of_two_who_write_the_same_product_at_once_neither_is_lost(shop: Mongo, monkeypatch: Any) -> None:
    def meanwhile() -> None:
        products.tell_products(a_site(), [product("B", minute=2, change_id="b", fields={"stock": 7})])

    before_next_call(products, "_write", meanwhile, monkeypatch)
    deliver(told(products=[product("A", minute=1, change_id="a", fields={"brand": "Acme"})]))
    (found,) = shop["products"].find()
    assert (found["name"], found["stock"], found["brand"]) == ("B", 7, "Acme")


def test_beyond_as_many_products_as_a_site_may_have_new_ones_are_refused(shop: Mongo, monkeypatch: Any) -> None:
    monkeypatch.setattr(products, "MOST_PRODUCTS", 2)
    deliver(told(products=[product(product_id="a", change_id="a"), product(product_id="b", change_id="b")]))
    deliver(
        told(
            products=[
                product("Changed", "a", "c", minute=1),
                product(product_id="d", change_id="d"),
                product(product_id="e", change_id="e", receipt=False),
            ]
        ),
        told("other", products=[product("Theirs")]),
    )
    assert names(shop) == {"a": "Changed", "b": "Lamp"}
    assert names(shop, "other") == {"p": "Theirs"}
    refused = {each["change_id"]: each["reason"] for each in shop["catalog_receipts"].find({"state": "refused"})}
    assert refused == {"d": "too_many_products"}
    (apart,) = shop["quarantine"].find()
    assert (apart["reason"], apart["stage"], b'"e"' in apart["original"]) == ("too_many_products", "catalog", True)


def test_a_message_that_cannot_be_read_is_set_apart_and_keeps_no_other_back(shop: Mongo) -> None:
    broken = SqsRecord(messageId="broken", body='{"site_id": "demo", "products": [{}]}', attributes={})
    assert deliver(broken, told(products=[product()])) == []
    assert names(shop) == {"p": "Lamp"}
    assert [each["reason"] for each in shop["quarantine"].find()] == ["unreadable_message"]


def test_a_message_that_fails_comes_back_alone(shop: Mongo, monkeypatch: Any) -> None:
    write = products.tell_products

    def failing(site: Any, changes: Any) -> set[str]:
        if any(change.product_id == "bad" for change in changes):
            raise ValueError
        return write(site, changes)

    monkeypatch.setattr("functions.etl.catalog.steps.tell_products", failing)
    bad = told(products=[product(product_id="bad")])
    assert deliver(bad, told(products=[product()])) == [bad["messageId"]]
    assert names(shop) == {"p": "Lamp"}


def test_what_there_is_no_time_for_comes_back_and_what_was_done_does_not(shop: Mongo, monkeypatch: Any) -> None:
    monkeypatch.setattr("functions.etl.catalog.handler.GROUP_BYTES", 1)
    left = iter([60_000, 1_000])
    context = LambdaContext()
    monkeypatch.setattr(context, "get_remaining_time_in_millis", lambda: next(left))
    first, second = told(products=[product()]), told(products=[product("Mug with a handle", "q", "2")])
    answer = handler({"Records": [first, second]}, context)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [second["messageId"]]
    assert names(shop) == {"p": "Lamp"}


def test_what_is_asked_of_a_site_that_is_gone_is_let_go(shop: Mongo) -> None:
    assert deliver(told("gone", products=[product()])) == []
    assert shop["products"].count_documents({}) == 0


def interest(category: str, strength: int | None = 3, change_id: str = "i", minute: int = 0) -> InterestChange:
    at_minute = START + timedelta(minutes=minute)
    return InterestChange(change_id=change_id, at=at_minute, user_id="ann", category=category, strength=strength)


def test_interests_follow_from_what_somebody_does_as_whatever_visitor(
    shop: Mongo, announced: list[SessionsMessage]
) -> None:
    deliver(
        told(products=[product(fields={"category": "Lamps"}), product("Rug", "r", "2", fields={"category": "Rugs"})])
    )
    line = {"product_id": "p", "price": 1, "quantity": 1}
    events = [
        an_event(eventType="Product Viewed", visitorId="v1", timestamp=at(0), properties={"products": [line]}),
        an_event(eventType="identify", visitorId="v1", userId="ann", timestamp=at(1)),
        an_event(eventType="Products Searched", visitorId="v1", timestamp=at(2), properties={"query": "blue RUGS"}),
        an_event(
            eventType="Order Completed",
            userId="ann",
            visitorId="v2",
            timestamp=at(3),
            properties={"order_id": "o", "total": 9, "currency": "EUR", "products": [line]},
        ),
    ]
    store_events(sqs_event([a_message(events)]), LambdaContext())
    assert deliver(*(behaved(*message.person_ids) for message in announced)) == []
    found = {each["person_id"]: each for each in shop["interests"].find()}
    assert {each["category"]: each["weight"] for each in found["ann"]["found"]} == {"Lamps": 5, "Rugs": 1}
    assert [who for who, each in found.items() if each["found"]] == ["ann"]


def test_a_product_that_left_the_catalogue_tells_no_category_that_events_do_not(
    shop: Mongo, announced: list[SessionsMessage]
) -> None:
    gone = ProductChange(change_id="2", at=START + timedelta(minutes=2), product_id="p", fields={}, removed=True)
    deliver(told(products=[product(fields={"category": "Lamps"}), gone]))
    lines: list[dict[str, Any]] = [{"product_id": "p"}, {"product_id": "q", "category": "Rugs"}]
    events = [
        an_event(eventType="Product Viewed", visitorId="ann", timestamp=at(number), properties={"products": [line]})
        for number, line in enumerate(lines)
    ]
    store_events(sqs_event([a_message(events)]), LambdaContext())
    deliver(behaved("ann"))
    assert [each["category"] for each in shop["interests"].find()[0]["found"]] == ["Rugs"]


def test_told_interests_stay_beside_those_that_are_found(shop: Mongo) -> None:
    deliver(told(interests=[interest("Garden", 5)]))
    deliver(told(readings=[InterestReading(change_id="r", at=START, user_id="ann")]), behaved("ann"))
    (found,) = shop["interests"].find()
    assert (found["categories"], found["found"]) == (["garden"], [])
    deliver(told(interests=[interest("garden", None, "j", 1)]))
    (found,) = shop["interests"].find()
    assert (found["categories"], [each["strength"] for each in found["told"]]) == ([], [None])


def test_an_interest_too_many_is_refused(shop: Mongo) -> None:
    deliver(told(interests=[interest(f"c{number}", 1, f"i{number}") for number in range(51)]))
    (found,) = shop["interests"].find()
    assert len(found["categories"]) == 50
    refused = [each["change_id"] for each in shop["catalog_receipts"].find({"state": "refused"})]
    assert refused == ["i50"]


def test_of_two_who_write_the_interests_of_one_person_at_once_neither_is_lost(shop: Mongo, monkeypatch: Any) -> None:
    def meanwhile() -> None:
        interests.tell_interests(a_site(), [interest("Lamps", 2, "b")])

    before_next_call(interests, "_replaced", meanwhile, monkeypatch)
    deliver(told(interests=[interest("Rugs", 4, "a")]))
    (found,) = shop["interests"].find()
    assert found["categories"] == ["lamps", "rugs"]
