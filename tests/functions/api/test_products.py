"""/api/analytics/products through its Lambda handler."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from footfall.activity.products import shares
from footfall.questions import products
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.api.metrics.handler import handler
from tests.oracle.reckoning.credit import split
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.shopping import a_line, online_retail
from tests.support.visits import Mongo, a_shop, an_order, happen, know, roll_up, view

PRODUCTS = "/api/analytics/products"
RANGE = {"from": "2026-03-01", "to": "2026-03-02"}
NAMES = {
    "Product List Viewed": "impressions",
    "select_item": "clicks",
    "Product Viewed": "views",
    "add_to_cart": "added",
    "Product Removed": "removed",
}
COUNTS = [*NAMES.values(), "orders", "quantity", "revenue", "refunded", "refunded_orders"]


def done(what: str, *lines: tuple[str, int | None], minutes: float = 0, **but: Any) -> dict[str, Any]:
    """Something done with products, each in its place of a list."""
    items = [{"product_id": product, "position": at, "list_id": "new"} for product, at in lines]
    told: dict[str, Any] = {"eventType": "track", "event": what, "pageType": None, "properties": {"products": items}}
    return view("", minutes=minutes, **told, **but)


def bought(order_id: str, *lines: tuple[str, int, int], refunded: int = 0, **but: Any) -> dict[str, Any]:
    """An order of products, so many at so many cents."""
    found = [a_line(product, quantity=count, total=count * price) for product, count, price in lines]
    total = sum(line["total"] for line in found)
    back = {"refunded": refunded, "refunded_at": NOON} if refunded else {}
    return an_order(order_id, "ann", total, lines=found, **back, **but)


def table(**query: Any) -> dict[str, dict[str, Any]]:
    data = ask(handler, PRODUCTS, RANGE | query)["data"]
    return {row["product_id"]: {name: row[name] for name in COUNTS} for row in data}


LINES = st.lists(st.tuples(st.sampled_from(["lamp", "cup"]), st.sampled_from([1, 2])), min_size=1, max_size=3)
BOUGHT = st.tuples(st.sampled_from(["lamp", "pot"]), st.integers(1, 3), st.integers(1, 99))
ORDERS = st.lists(st.tuples(st.lists(BOUGHT, min_size=1, max_size=3), st.integers(0, 3)), max_size=3)


@settings(max_examples=12, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(list(NAMES)), LINES), max_size=6), ORDERS, st.integers(0, 6))
def test_products_are_what_is_reckoned_by_hand(shop: Mongo, told: Any, orders: Any, rolled_up: int) -> None:
    for name in ("events", "user_sessions", "daily_metrics", "lake_periods", "rollups", "orders", "stale_days"):
        shop[name].delete_many({})
    forget_answers()
    events = [done(what, *lines, minutes=number) for number, (what, lines) in enumerate(told)]
    stored = [bought(f"o{number}", *lines, refunded=back) for number, (lines, back) in enumerate(orders)]
    if stored:
        shop["orders"].insert_many(stored)
    if events[:rolled_up]:
        happen(shop, *events[:rolled_up])
    roll_up()
    if events[rolled_up:]:
        happen(shop, *events[rolled_up:])
    assert table() == reckoned(told, orders)


def reckoned(told: Any, orders: Any) -> dict[str, dict[str, Any]]:
    """The table by hand."""
    expected: dict[str, Counter[str]] = {}
    for what, lines in told:
        for product, _ in lines:
            expected.setdefault(product, Counter())[NAMES[what]] += 1
    for lines, back in orders:
        parts = split(back, [count * price for _, count, price in lines])
        for product in {product for product, _, _ in lines}:
            row = expected.setdefault(product, Counter())
            ours = [at for at, line in enumerate(lines) if line[0] == product]
            row["orders"] += 1
            row["refunded_orders"] += any(parts[at] for at in ours)
            row["refunded"] += sum(parts[at] for at in ours)
            row["quantity"] += sum(lines[at][1] for at in ours)
            row["revenue"] += sum(lines[at][1] * lines[at][2] for at in ours)
    cents = {"revenue", "refunded"}
    return {
        product: {name: row[name] / 100 if name in cents else row[name] for name in COUNTS}
        for product, row in expected.items()
    }


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=5).filter(any))
def test_shares_are_exact_and_as_even_as_they_can_be(amount: int, weights: list[int]) -> None:
    assert shares(amount, weights) == split(amount, weights)


def test_places_of_lists_are_counted_where_they_are_told(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(
        shop,
        done("view_item_list", ("lamp", 1), ("cup", 2)),
        done("view_item_list", ("lamp", 1), ("cup", None)),
        done("select_item", ("lamp", 1)),
        done("Product Viewed", ("lamp", 1)),
    )
    answer = ask(handler, PRODUCTS, RANGE)
    places = [(one["list"], one["position"], one["impressions"], one["clicks"]) for one in answer["places"]]
    assert places == [("new", 1, 2, 1), ("new", 2, 1, 0)]
    assert answer["places"][0]["click_rate"] == 50.0
    monkeypatch.setattr(products, "MOST_PLACES", 1)
    answer = ask(handler, PRODUCTS, RANGE)
    assert (len(answer["places"]), answer["places_other"]) == (1, 1)


def test_filters_choose_events_and_products_and_the_orders_of_sessions(shop: Mongo) -> None:
    happen(shop, done("Product Viewed", ("lamp", None), device="Desktop"))
    happen(shop, done("Product Viewed", ("lamp", None), ("cup", None), visitorId="bob"))
    shop["orders"].insert_many([bought("o1", ("lamp", 1, 100)), bought("o2", ("cup", 2, 100))])
    entry = {"order_id": "o1", "told_id": "o1", "placed_at": NOON, "total": 100, "currency": "EUR"}
    shop["user_sessions"].update_one({"visitor_id": "ann"}, {"$set": {"orders": [entry]}})
    on_desktop = table(device="Desktop")
    assert {name: (row["views"], row["orders"]) for name, row in on_desktop.items()} == {"lamp": (1, 1)}
    cups = table(product="CUP")
    assert {name: (row["views"], row["orders"]) for name, row in cups.items()} == {"cup": (1, 1)}


def test_the_list_goes_on_behind_its_last_product(shop: Mongo) -> None:
    happen(shop, *(done("Product Viewed", (f"p{number % 5}", None), minutes=number) for number in range(8)))
    first = ask(handler, PRODUCTS, {**RANGE, "sort_by": "views", "page_size": 3})
    second = ask(handler, PRODUCTS, {**RANGE, "sort_by": "views", "page_size": 3, "after": first["next"]})
    assert [row["product_id"] for row in first["data"] + second["data"]] == ["p0", "p1", "p2", "p3", "p4"]
    assert (first["total"], second["next"]) == (5, None)


def test_beyond_the_longest_list_all_others_are_one(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "MOST_LISTED", 1)
    happen(shop, *(done("Product Viewed", (f"p{number // 2}", None), minutes=number) for number in range(5)))
    assert {name: row["views"] for name, row in table(sort_by="views").items()} == {"p0": 2, "other": 3}


def test_a_site_without_events_has_an_empty_list_with_its_range(shop: Mongo) -> None:
    answer = ask(handler, PRODUCTS, RANGE)
    assert (answer["data"], answer["places"], answer["total"]) == ([], [], 0)


@pytest.mark.parametrize(("query", "field"), [({"sort_by": "luck"}, "sort_by"), ({"no_such": "1"}, "no_such")])
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, PRODUCTS, query) == (422, [field])


@pytest.mark.shared_data
def test_what_online_retail_sold(shop: Mongo, shared_data: Any) -> None:
    know(shop, a_shop("home", "payment", currency="GBP"))
    orders = [order for order in online_retail(shared_data) if order["user_id"] and order["placed_at"]]
    days = timedelta(days=31)
    first = min(order["placed_at"] for order in orders if order["placed_at"])
    some = [order for order in orders if order["placed_at"] and order["placed_at"] < first + days]
    shop["orders"].insert_many([dict(order) for order in some])
    lines: Counter[str] = Counter()
    for order in some:
        for line in order["lines"]:
            lines[line["product_id"]] += int(line["quantity"])
    answer = ask(handler, PRODUCTS, {"from": "2010-12-01", "to": "2011-01-31", "sort_by": "quantity", "page_size": 5})
    found = {row["product_id"]: row["quantity"] for row in answer["data"]}
    assert found == dict(lines.most_common(5))
    assert answer["total"] == len(lines)
