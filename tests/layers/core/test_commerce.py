"""Segment's and Google's vocabularies of commerce, all names of them, and what their fields come to."""

from typing import Any

import pytest
from footfall.events.commerce import commerce_of, commerce_type
from footfall.money import minor_units
from footfall.orders.fold import fold_order
from footfall.schemas.event import EVENT_TYPES

from tests.support.builders import a_document

SEGMENT = """Products Searched, Product List Viewed, Product List Filtered, Promotion Viewed, Promotion Clicked,
Product Clicked, Product Viewed, Product Added, Product Removed, Cart Viewed, Checkout Started, Checkout Step Viewed,
Checkout Step Completed, Payment Info Entered, Order Updated, Order Completed, Order Refunded, Order Cancelled,
Coupon Entered, Coupon Applied, Coupon Denied, Coupon Removed, Product Added to Wishlist, Product Removed from Wishlist,
Wishlist Product Added to Cart, Product Shared, Cart Shared, Product Reviewed"""
GOOGLE = """add_payment_info add_shipping_info add_to_cart add_to_wishlist begin_checkout purchase refund search
remove_from_cart select_item select_promotion view_cart view_item view_item_list view_promotion view_search_results"""
NAMES = [*(name.strip() for name in SEGMENT.split(",")), *GOOGLE.split()]


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
    assert commerce_of(order, "EUR") == {
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
    [(2, 2), ("2", 2), (2.0, 2), (2.5, 1), (True, 1), (None, 1), ("two", 1), (float("inf"), 1), (1e300, 1), (-1, -1)],
)
def test_a_quantity_may_be_written_as_a_text(quantity: Any, understood: int) -> None:
    found = commerce_of({"product_id": "A", "price": "1.50", "quantity": quantity}, "EUR")
    assert (found["lines"][0]["quantity"], found["total"]) == (understood, 150 * understood)


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
