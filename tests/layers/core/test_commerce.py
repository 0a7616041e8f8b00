"""Segment's and Google's vocabularies of commerce, all names of them, and what their fields come to."""

import json
from typing import Any

import pytest
from footfall.events.commerce import action_type, commerce_type
from footfall.events.commerce_fields import read_commerce
from footfall.money import minor_units
from footfall.schemas.event import EVENT_TYPES, Commerce, Json

from tests.support.builders import a_document, fold_order

SEGMENT = """Products Searched, Product List Viewed, Product List Filtered, Promotion Viewed, Promotion Clicked,
Product Clicked, Product Viewed, Product Added, Product Removed, Cart Viewed, Checkout Started, Checkout Step Viewed,
Checkout Step Completed, Payment Info Entered, Order Updated, Order Completed, Order Refunded, Order Cancelled,
Coupon Entered, Coupon Applied, Coupon Denied, Coupon Removed, Product Added to Wishlist, Product Removed from Wishlist,
Wishlist Product Added to Cart, Product Shared, Cart Shared, Product Reviewed"""
GOOGLE = """add_payment_info add_shipping_info add_to_cart add_to_wishlist begin_checkout purchase refund search
remove_from_cart select_item select_promotion view_cart view_item view_item_list view_promotion view_search_results"""
NAMES = [*(name.strip() for name in SEGMENT.split(",")), *GOOGLE.split()]


def commerce_of(properties: Json, home: str = "EUR", kind: str = "order_completed") -> Commerce:
    return read_commerce(kind, properties, home, [])


def flags_of(properties: Json, home: str = "EUR", kind: str = "order_completed") -> list[str]:
    flags: list[str] = []
    read_commerce(kind, properties, home, flags)
    return flags


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_both_is_one_of_ours_however_it_is_written(name: str) -> None:
    ours = commerce_type(name)
    assert ours in EVENT_TYPES
    assert commerce_type(name.upper()) == commerce_type(name.lower().replace(" ", "_")) == commerce_type(ours) == ours


def test_googles_item_has_all_its_fields() -> None:
    item = {
        "item_id": "SKU_1",
        "item_name": "Tee",
        "affiliation": "Store",
        "coupon": "SUMMER",
        "discount": 2.22,
        "index": 3,
        "item_brand": "Google",
        "item_category": "Apparel",
        "item_category2": "Adult",
        "item_list_id": "related",
        "item_variant": "green",
        "price": 10.01,
        "quantity": 3,
    }
    order = {"transaction_id": "T_1", "value": 30.03, "tax": 4.9, "shipping": 5.99, "currency": "usd", "items": [item]}
    assert commerce_of(order) == {
        "currency": "USD",
        "order_id": "T_1",
        "total": 3003,
        "tax": 490,
        "shipping": 599,
        "lines": [
            {
                "product_id": "SKU_1",
                "name": "Tee",
                "category": "Apparel",
                "brand": "Google",
                "variant": "green",
                "quantity": 3,
                "unit_price": 1001,
                "total": 3003,
                "discount": 222,
                "coupon": "SUMMER",
                "list": "related",
                "position": 3,
            }
        ],
    }


def test_googles_data_layer_nests_them() -> None:
    pushed = {"ecommerce": {"transaction_id": "T_1", "currency": "EUR", "items": [{"item_name": "Tee", "price": 5}]}}
    found = commerce_of(pushed, "GBP")
    assert (found["order_id"], found["currency"], found["total"]) == ("T_1", "EUR", 500)
    assert found["lines"][0]["product_id"] == "Tee", "an item may have a name alone"


@pytest.mark.parametrize(
    ("quantity", "understood"),
    [(2, 2), ("2", 2), (2.0, 2), (None, 1), ("", 1), (-1, -1), (0.5, 0.5), ("0,5", 0.5), ("1.85", 1.85), ("2.0000", 2)],
)
def test_a_quantity_may_be_a_text_and_a_fraction(quantity: Any, understood: float) -> None:
    found = commerce_of({"product_id": "A", "price": "2", "quantity": quantity})
    assert (found["lines"][0]["quantity"], found["total"]) == (understood, 200 * understood)


@pytest.mark.parametrize("quantity", [True, "two", "1.250", "2 kg", float("inf"), 1e300, 0.12345678901234567])
def test_a_quantity_that_cannot_be_read_is_flagged_and_makes_no_total(quantity: Any) -> None:
    told = {"order_id": "o", "items": [{"item_id": "A", "price": 2, "quantity": quantity}]}
    found = commerce_of(told)
    assert flags_of(told) == ["quantity_unreadable"]
    assert "quantity" not in found["lines"][0]
    assert "total" not in found
    assert commerce_of({**told, "value": 7})["total"] == 700, "what the order says of itself is read all the same"


def test_a_line_is_rounded_once() -> None:
    lines = [
        {"product_id": "cheese", "price": 11.99, "quantity": 0.123},
        {"sku": "tea", "price": "0.0149", "qty": 1000},
    ]
    found = commerce_of({"products": lines})
    assert [line["total"] for line in found["lines"]] == [147, 1490]
    assert found["total"] == 1637


@pytest.mark.parametrize(
    ("currency", "minor"), [("EUR", 1500), ("XOF", 15), ("VND", 15), ("IQD", 15000), ("LYD", 15000)]
)
def test_every_currency_has_its_decimals(currency: str, minor: int) -> None:
    assert minor_units(15, currency) == minor


def test_shipping_tax_and_discount_stay_with_the_order() -> None:
    told = {"order_id": "o", "total": 30, "shipping": "4.50", "tax": 2, "discount": 1, "currency": "EUR"}
    order = fold_order("o", [a_document(eventType="purchase", properties=told)])
    assert (order["total"], order["shipping"], order["tax"], order["discount"]) == (3000, 450, 200, 100)
    assert "tax" not in fold_order("o", [a_document(eventType="purchase", properties={"order_id": "o", "total": 1})])


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Completed Order", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("order-complete", "order_completed"),
        ("Purchased", "order_completed"),
        ("Updated Order", "order_updated"),
        ("Refunded Order", "order_refunded"),
        ("Order Canceled", "order_cancelled"),
        ("Cancelled Order", "order_cancelled"),
        ("Viewed Product", "product_viewed"),
        ("Added Product", "product_added"),
        ("addToCart", "product_added"),
        ("Removed Product", "product_removed"),
        ("removeFromCart", "product_removed"),
        ("Clicked Product", "product_clicked"),
        ("productClick", "product_clicked"),
        ("Viewed Product Category", "product_list_viewed"),
        ("Searched Products", "product_searched"),
        ("Viewed Checkout Step", "checkout_step_viewed"),
        ("Completed Checkout Step", "checkout_step_completed"),
        ("Applied Coupon", "coupon_applied"),
        ("Denied Coupon", "coupon_denied"),
        ("Viewed Promotion", "promotion_viewed"),
        ("Added Product to Wishlist", "wishlist_product_added"),
        ("Order", None),
        ("View", None),
        ("Clicked", None),
        ("Newsletter Signup Completed", None),
        ("Ordered Product", None),
    ],
)
def test_older_names_and_other_spellings_are_the_same_events(name: str, ours: str | None) -> None:
    assert commerce_type(name) == ours


@pytest.mark.parametrize(
    ("ecommerce", "ours"),
    [
        ({"purchase": {"actionField": {"id": "1"}}}, "order_completed"),
        ({"refund": {"actionField": {"id": "1"}}}, "order_refunded"),
        ({"checkout": {"actionField": {"step": 1}}}, "checkout_started"),
        ({"currencyCode": "EUR", "add": {"products": []}, "impressions": [{}]}, "product_added"),
        ({"detail": {"products": [{"id": "x"}]}, "impressions": [{"id": "y"}]}, "product_viewed"),
        ({"impressions": [{"id": "y"}]}, "product_list_viewed"),
        ({"items": []}, None),
        ([], None),
    ],
)
def test_universal_analytics_says_what_happened_in_its_object(ecommerce: Any, ours: str | None) -> None:
    assert action_type({"ecommerce": ecommerce}) == ours


def test_universal_analytics_purchase_has_all_its_fields() -> None:
    field = {
        "id": "T1",
        "affiliation": "Shop",
        "revenue": "35.43",
        "tax": "4.90",
        "shipping": "5,99",
        "coupon": "SUMMER",
    }
    products = [{"id": "x", "name": "Tee", "price": "15.25", "brand": "G", "variant": "Gray", "quantity": 1}]
    pushed = {"ecommerce": {"currencyCode": "usd", "purchase": {"actionField": field, "products": products}}}
    found = commerce_of(pushed)
    assert {name: found[name] for name in ("order_id", "currency", "total", "tax", "shipping", "coupon")} == {
        "order_id": "T1",
        "currency": "USD",
        "total": 3543,
        "tax": 490,
        "shipping": 599,
        "coupon": "SUMMER",
    }
    assert found["lines"] == [
        {
            "product_id": "x",
            "name": "Tee",
            "category": None,
            "brand": "G",
            "variant": "Gray",
            "quantity": 1,
            "unit_price": 1525,
            "total": 1525,
        }
    ]


def test_tag_managers_first_fields_are_an_order_too() -> None:
    told = {"transactionId": "7", "transactionTotal": 38.26, "transactionTax": 1.29, "transactionShipping": 5}
    bought = {"transactionProducts": [{"sku": "DD44", "name": "T-Shirt", "price": 11.99, "quantity": 1}]}
    document = a_document(eventType="custom", eventName="pageLoaded", properties={**told, **bought})
    assert (document["type"], document["name"]) == ("order_completed", "pageLoaded")
    commerce = document["commerce"]
    assert [commerce["order_id"], commerce["total"], commerce["tax"], commerce["shipping"]] == ["7", 3826, 129, 500]
    assert commerce["lines"][0]["product_id"] == "DD44"


@pytest.mark.parametrize(
    "products",
    [
        [{"product_id": "A", "price": 5, "quantity": 2}],
        {"product_id": "A", "price": 5, "quantity": 2},
        {"0": {"product_id": "A", "price": 5, "quantity": 2}},
        {"A": {"price": 5, "quantity": 2}},
        '[{"product_id": "A", "price": 5, "quantity": 2}]',
        '{"0": {"product_id": "A", "price": "5.00", "quantity": "2"}}',
        ['{"product_id": "A", "price": 5, "quantity": 2}'],
    ],
)
def test_lines_come_in_many_shapes(products: Any) -> None:
    found = commerce_of({"order_id": "o", "products": products})
    assert [(line["product_id"], line["quantity"], line["total"]) for line in found["lines"]] == [("A", 2, 1000)]
    assert (found["total"], found["assumed"]) == (1000, ["currency", "total"])


@pytest.mark.parametrize("products", ["A, B", [[1]], '[{"a"', 7, True])
def test_lines_that_cannot_be_read_are_flagged(products: Any) -> None:
    assert "lines_unreadable" in flags_of({"order_id": "o", "total": 5, "products": products})


@pytest.mark.parametrize("empty", [None, "", " ", [], {}, "null", "undefined", "NaN", "n/a", False])
def test_a_filled_field_wins_over_an_empty_one(empty: Any) -> None:
    found = commerce_of({"order_id": empty, "transaction_id": 9, "total": empty, "revenue": empty, "value": "12.50"})
    assert (found["order_id"], found["total"]) == ("9", 1250)
    lines = {"products": empty, "items": [{"item_id": "A", "price": 3}]}
    assert commerce_of({"order_id": "o", "total": empty, **lines})["total"] == 300


def test_fields_of_a_total_have_an_order_and_nought_is_told() -> None:
    assert commerce_of({"value": 3, "revenue": 2, "total": 1})["total"] == 100
    assert commerce_of({"value": 3, "total": 0})["total"] == 0
    assert commerce_of({"refund_amount": 2, "total": 10}, kind="order_refunded")["total"] == 200


@pytest.mark.parametrize(
    ("told", "flag"),
    [
        ({"total": "a lot"}, "amount_unreadable"),
        ({"total": "NaN"}, "amount_unreadable"),
        ({"total": True}, "amount_unreadable"),
        ({"total": {"sum": 5}}, "amount_unreadable"),
        ({"total": 10**20}, "amount_unreadable"),
        ({"total": "1.234"}, "amount_ambiguous"),
        ({"products": [{"product_id": "A", "price": "?"}, {"product_id": "B", "price": 2}]}, "amount_unreadable"),
        ({"total": "£12", "currency": "EUR"}, "currency_unknown"),
    ],
)
def test_an_amount_that_cannot_be_read_is_flagged_and_never_nought(told: Json, flag: str) -> None:
    assert flags_of({"order_id": "o", **told}) == [flag]
    assert "total" not in commerce_of({"order_id": "o", **told})


@pytest.mark.parametrize(
    ("told", "currency"),
    [
        ({"currency": " eur "}, "EUR"),
        ({"currency": "€"}, "EUR"),
        ({"currency": "euro"}, "EUR"),
        ({"currency": "£"}, "GBP"),
        ({"currency": "kr"}, "XXX"),
        ({"currency": "$"}, "XXX"),
        ({"currency": "credits"}, "XXX"),
        ({"currency": 978}, "XXX"),
        ({"currency": "BTC"}, "BTC"),
        ({"total": "€ 5"}, "EUR"),
        ({"total": "5,00 zł"}, "PLN"),
        ({"total": "$5"}, "XXX"),
        ({"total": {"amount": "5.00", "currency_code": "SEK"}}, "SEK"),
        ({"items": [{"item_id": "A", "price": 5, "currency": "EUR"}]}, "EUR"),
        ({"items": [{"item_id": "A", "currency": "EUR"}, {"item_id": "A", "currency": "USD"}]}, "XXX"),
        ({"total": 5}, "GBP"),
        ({"total": 5, "currency": ""}, "GBP"),
    ],
)
def test_a_currency_is_read_or_unknown_and_the_sites_only_where_none_is_told(told: Json, currency: str) -> None:
    found = commerce_of({"total": 5, **told}, "GBP")
    assert (found["currency"], "currency_unknown" in flags_of({"total": 5, **told}, "GBP")) == (
        currency,
        currency in ("XXX", "BTC"),
    )
    assert ("currency" in found.get("assumed", [])) == (told.get("currency") in ("", None) and currency == "GBP")


def test_a_dollar_is_the_sites_own_where_it_has_dollars() -> None:
    assert commerce_of({"total": "$5"}, "CAD")["currency"] == commerce_of({"currency": "$"}, "CAD")["currency"] == "CAD"


def test_what_an_event_without_properties_says_is_read_too() -> None:
    document = a_document(eventType="purchase", order_id="o", value="4,245.42", currency="GBP")
    assert (document["commerce"]["total"], document["commerce"]["currency"]) == (424542, "GBP")
    assert a_document(eventType="purchase", order_id="o", value="x")["flags"] == ["amount_unreadable"]


def test_ids_in_json_text_and_long_ones_stay_two() -> None:
    told = [
        {"ecommerce": json.dumps({"purchase": {"actionField": {"id": int(f"12345678901234567890{end}")}}})}
        for end in "12"
    ]
    long = [{"order_id": "x" * 300 + end, "total": 1} for end in "ab"]
    for pair in (told, long):
        ids = [a_document(eventType="purchase", properties=one)["commerce"]["order_id"] for one in pair]
        assert len(set(ids)) == 2, ids
    assert a_document(eventType="purchase", properties=told[0])["commerce"]["order_id"] == "123456789012345678901"
