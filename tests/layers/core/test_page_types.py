"""Page types by path: the site's own rules, then what shops usually call their pages."""

import pytest
from footfall.events.page_types import page_type_of
from footfall.schemas.site import PageRule


@pytest.mark.parametrize(
    ("path", "page_type"),
    [
        ("/", "home"),
        ("", "home"),
        ("/index.html", "home"),
        ("/home/", "home"),
        ("/en", "home"),
        ("/de-AT/", "home"),
        ("/search.html", "search"),
        ("/catalogsearch/result/", "search"),
        ("/collections/lamps", "search"),
        ("/product-category/lamps/", "search"),
        ("/products/lamp-7", "product"),
        ("/collections/lamps/products/lamp-7", "product"),
        ("/en-gb/product.html", "product"),
        ("/cart.php", "cart"),
        ("/checkout/cart/", "cart"),
        ("/fr/panier", "cart"),
        ("/Checkout", "payment"),
        ("/checkouts/cn/abc", "payment"),
        ("/checkouts/abc/thank_you", "confirmation"),
        ("/checkout/order-received/81", "confirmation"),
        ("/checkout/onepage/success", "confirmation"),
        ("/thank-you", "confirmation"),
        ("/cartoons", None),
        ("/production", None),
        ("/searching-for-light", None),
        ("/payments-explained", None),
        ("/product-care", None),
        ("/checkout/thank-you", "confirmation"),
        ("/index.php/about", None),
        ("/about", None),
    ],
)
def test_usual_paths_have_their_types_and_words_that_only_begin_so_have_none(path: str, page_type: str | None) -> None:
    assert page_type_of(path, []) == page_type


def test_a_sites_own_rules_come_first_and_the_longest_counts() -> None:
    rules = [
        PageRule(prefix="/shop/", page_type="search"),
        PageRule(prefix="/shop/*/p-", page_type="product"),
        PageRule(prefix="/cart", page_type="bag"),
    ]
    found = {path: page_type_of(path, rules) for path in ("/shop/lamps", "/shop/lamps/p-12", "/shop/a/b/p-1", "/cart")}
    assert found == {"/shop/lamps": "search", "/shop/lamps/p-12": "product", "/shop/a/b/p-1": "search", "/cart": "bag"}
    assert page_type_of("/checkout", rules) == "payment"
    assert page_type_of(None, rules) is None


def test_a_rule_is_taken_at_its_word() -> None:
    assert page_type_of("/a.b", [PageRule(prefix="/a.b", page_type="x")]) == "x"
    assert page_type_of("/axb", [PageRule(prefix="/a.b", page_type="x")]) is None
