"""/api/analytics/carts through its Lambda handler."""

from datetime import timedelta
from typing import Any

import pytest
from footfall.questions import carts
from footfall.questions.how_much import TooBig

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import Mongo, an_order, happen, mark, person, roll_up, view

CARTS = "/api/analytics/carts"
RANGE = {"from": "2026-03-01", "to": "2026-03-02"}


def put(who: str, minutes: float = 0, *products: str, kind: str = "Product Added", **but: Any) -> dict[str, Any]:
    """Products of 9.99 put into a cart."""
    lines = [{"product_id": product, "price": "9.99"} for product in products]
    told = {"eventType": "track", "event": kind, "pageType": None, "properties": {"products": lines}}
    return {**view("", who, minutes, **told, **but), "timestamp": NOON + timedelta(minutes=minutes)}


def a_day(shop: Mongo) -> None:
    """Ann orders on another device, bob comes back, cid leaves two products, dan takes his out."""
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].insert_one(person(9, "cookie", link=link, linked_at=NOON))
    happen(
        shop,
        put("cookie", 0, "lamp", "cup"),
        put("ann", 5, "cup", kind="Product Removed"),
        put("bob", 0, "lamp", device="Desktop"),
        put("cid", 0, "lamp"),
        put("cid", 60, "lamp", "cup"),
        put("dan", 0, "lamp"),
        put("dan", 1, "lamp", kind="Product Removed"),
        put("dan", 2000, "lamp", kind="Cart Viewed"),
    )
    shop["orders"].insert_many(
        [
            an_order("o1", "ann", 999, placed_at=NOON + timedelta(hours=1)),
            an_order("o2", "bob", 999, placed_at=NOON + timedelta(hours=30)),
        ]
    )
    mark(shop, "2026-03-01", "2026-03-02")


def counts(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in ("started", "ordered", "abandoned", "recovered", "emptied", "open")}


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_carts_are_counted_by_what_became_of_them(shop: Mongo, rolled_up: bool) -> None:
    a_day(shop)
    if rolled_up:
        roll_up()
    answer = ask(handler, CARTS, RANGE)
    total = answer["overall"]
    assert counts(total) == {"started": 5, "ordered": 1, "abandoned": 2, "recovered": 1, "emptied": 1, "open": 0}
    assert (total["ordered_value"], total["abandoned_value"], total["recovered_value"]) == (9.99, 39.96, 9.99)
    assert total["started_value"] == 59.94
    assert (total["abandonment_rate"], total["recovery_rate"]) == (75.0, 33.33)
    assert [(day["date"], day["started"]) for day in answer["data"]] == [("2026-03-01", 4), ("2026-03-02", 1)]
    assert answer["products_left"] == [
        {"product_id": "lamp", "carts": 2, "quantity": 3, "value": 29.97},
        {"product_id": "cup", "carts": 1, "quantity": 1, "value": 9.99},
    ]
    on_desktop = ask(handler, CARTS, {**RANGE, "device": "Desktop"})["overall"]
    assert counts(on_desktop) == {"started": 1, "ordered": 0, "abandoned": 0, "recovered": 1, "emptied": 0, "open": 0}
    assert ask(handler, CARTS, {**RANGE, "window": "7d"})["overall"]["ordered"] == 2


def test_amounts_in_another_currency_are_no_value(shop: Mongo) -> None:
    happen(
        shop,
        view(
            "",
            "ann",
            eventType="track",
            event="add_to_cart",
            properties={"product_id": "cup", "price": 5, "currency": "USD"},
        ),
    )
    assert ask(handler, CARTS, RANGE)["products_left"] == [{"product_id": "cup", "carts": 1, "quantity": 1, "value": 0}]


def test_beyond_the_largest_products_all_others_are_one(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carts, "MOST_PRODUCTS", 1)
    happen(shop, put("ann", 0, "a", "b", "c"), put("bob", 0, "a"))
    left = ask(handler, CARTS, RANGE)["products_left"]
    assert [(one["product_id"], one["carts"], one["value"]) for one in left] == [("a", 2, 19.98), ("other", 2, 19.98)]


def test_a_site_without_carts_has_an_empty_answer_with_every_day(shop: Mongo) -> None:
    answer = ask(handler, CARTS, RANGE)
    assert set(counts(answer["overall"]).values()) == {0}
    assert (answer["overall"]["abandonment_rate"], len(answer["data"]), answer["products_left"]) == (0, 2, [])


@pytest.mark.parametrize(
    ("query", "field"), [({"window": "8d"}, "window"), ({"window": "soon"}, "window"), ({"x": "1"}, "x")]
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, CARTS, query) == (422, [field])


def test_too_many_events_are_looked_at_in_parts(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carts, "MOST_EVENTS", 1)
    happen(shop, put("ann", 0, "a"), put("ann", 1, "a"))
    with pytest.raises(TooBig, match="more than 1 events are of carts"):
        carts.answer("demo", carts.CartsQuestion.model_validate(RANGE))
