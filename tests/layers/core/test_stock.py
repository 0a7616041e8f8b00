"""Whether a product is in stock, as shops say it."""

import pytest
from footfall.events.stock import stock_told


@pytest.mark.parametrize(
    ("properties", "stock"),
    [
        ({"availability": "https://schema.org/OutOfStock"}, "out"),
        ({"availability": "http://schema.org/InStock"}, "in"),
        ({"availability": "out_of_stock"}, "out"),
        ({"availability": "Sold out"}, "out"),
        ({"availability": "in stock"}, "in"),
        ({"stock_status": "outofstock"}, "out"),
        ({"in_stock": False}, "out"),
        ({"inStock": True}, "in"),
        ({"available": "false"}, "out"),
        ({"stock": 0}, "out"),
        ({"stock_level": -2}, "out"),
        ({"inventory_quantity": 12.5}, "in"),
        ({"availability": "whenever", "stock": 0}, "out"),
        ({"availability": "preorder"}, None),
        ({"stock": "many"}, None),
        ({"stock": None, "available": ["yes"]}, None),
        ({"price": 0}, None),
        ({}, None),
        (None, None),
        ("out of stock", None),
    ],
)
def test_stock_is_told_in_the_words_of_shops(properties: object, stock: str | None) -> None:
    assert stock_told(properties) == stock
