"""One page has one path, however its address is written."""

import pytest
from footfall.events.addresses import page_path, url_parts
from footfall.events.normalise import normalise
from footfall.schemas.site import PageRule
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_document, a_message, a_site, an_event

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("", "/"),
        ("/", "/"),
        ("/cart", "/cart"),
        ("/cart/", "/cart"),
        ("/cart//", "/cart"),
        ("//cart", "/cart"),
        ("/index.html", "/"),
        ("/INDEX.PHP", "/"),
        ("/de/Default.aspx", "/de"),
        ("/index.php/checkout/cart/", "/checkout/cart"),
        ("/my-index.html", "/my-index.html"),
        ("/b%C3%BCcher", "/bücher"),
        ("/b%c3%bccher/", "/bücher"),
        ("/bücher", "/bücher"),
        ("/bu\u0308cher", "/bücher"),
        ("/caf%E9", "/caf%E9"),
        ("/two%20words", "/two words"),
        ("/a%2fb%3Fc%23d%25e", "/a%2Fb%3Fc%23d%25e"),
        ("/%63art", "/cart"),
        ("/cart%20", "/cart"),
        ("/zero%00", "/zero%00"),
        ("/Cart", "/Cart"),
        ("/cart?utm_source=news&gclid=1&PHPSESSID=2", "/cart"),
        ("/cart&utm_source=news", "/cart"),
        ("/cart;jsessionid=1A2B?x=1", "/cart"),
        ("/cart;JSESSIONID=1A2B.node1/lines", "/cart/lines"),
        ("/(S(lit3py55t21z5v55vlm25s55))/cart.aspx", "/cart.aspx"),
        ("/lamp;colour=red", "/lamp;colour=red"),
        ("/a/./b/../c", "/a/c"),
        ("/.well-known/x", "/.well-known/x"),
        ("/cart#", "/cart"),
        ("/cart#lines", "/cart"),
        ("/cart#:~:text=lamp", "/cart"),
        ("/#/", "/"),
        ("/#!/", "/"),
        ("/#/cart/", "/cart"),
        ("/#!cart", "/cart"),
        ("/#!/cart", "/cart"),
        ("/#%2Fcart", "/cart"),
        ("/#/search?q=lamp", "/search"),
        ("/#/b%C3%BCcher#top", "/bücher"),
        ("/index.html#/cart", "/cart"),
        ("/de/#/cart", "/de/cart"),
    ],
)
def test_an_address_is_of_one_page(address: str, path: str) -> None:
    assert url_parts(SHOP + address).path == path
    assert a_document(url=SHOP + address)["path"] == path


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("HTTPS://WWW.Shop.Example:443/", "shop.example"),
        ("https://shop.example./", "shop.example"),
        ("https://münchen.example/", "xn--mnchen-3ya.example"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"),
        ("//shop.example/cart", "shop.example"),
        ("/cart", None),
        ("https://[/", None),
    ],
)
def test_a_host_has_one_spelling(url: str, host: str | None) -> None:
    assert url_parts(url).host == host


@given(st.text("/abé;.(S)ö?#! ", max_size=20))
def test_a_path_that_is_written_our_way_stays_so(text: str) -> None:
    once = page_path("/" + text)
    assert page_path(once) == once


@pytest.mark.parametrize(
    ("given", "url", "path"),
    [
        ("/cart/", f"{SHOP}/cart/", "/cart"),
        ("/cart?utm_source=x", f"{SHOP}/cart", "/cart"),
        ("/virtual/thanks", f"{SHOP}/checkout", "/virtual/thanks"),
        ("https://Shop.example/cart/?x=1", None, "/cart"),
        ("/", f"{SHOP}/#/cart", "/cart"),
        ("/index.html", f"{SHOP}/index.html#/cart", "/cart"),
        ("/#/cart", f"{SHOP}/", "/cart"),
        ("/cart", f"{SHOP}/#/cart", "/cart"),
        ("/virtual", f"{SHOP}/#/cart", "/virtual"),
        ("Home", None, "Home"),
    ],
)
def test_a_path_that_the_client_gives_counts_unless_it_leaves_out_the_route(
    given: str, url: str | None, path: str
) -> None:
    assert a_document(path=given, url=url)["path"] == path


def test_the_raw_address_stays() -> None:
    url = f"{SHOP}/B%C3%BCcher/index.html;jsessionid=1?utm_source=Newsletter%20#/x"
    assert a_document(url=url)["url"] == url


@pytest.mark.parametrize(
    ("address", "page_type"),
    [
        ("/#/", "home"),
        ("/#/search?q=lamp", "search"),
        ("/#/checkout/payment", "payment"),
        ("/#!/thank-you", "confirmation"),
        ("/de/#/cart", "cart"),
        ("/app/#/cart", "cart"),
        ("/about#/", None),
        ("/about#cart", None),
        ("/product/12-shirt.html#/1-size-s", "product"),
        ("/index.php/checkout/cart/", "cart"),
        ("/cart;jsessionid=1", "cart"),
        ("/%63heckout/", "payment"),
    ],
)
def test_pages_have_their_types_by_what_they_are(address: str, page_type: str | None) -> None:
    assert a_document(url=SHOP + address).get("page_type") == page_type


def test_every_part_after_the_hash_is_a_page_where_the_site_says_so() -> None:
    site = a_site(hash_routes=True)
    addresses = ["/#cart", "/#access_token=x", "/#", "/#checkout?step=2"]
    events = [normalise(an_event(url=SHOP + each), a_message([]), site, NOON) for each in addresses]
    assert [event.get("page_type") for event in events] == ["cart", "home", "home", "payment"]


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("/shop/", "/shop"),
        ("/shop/", "/shop/"),
        ("/shop/", "/shop/lamps"),
        ("/b%C3%BCcher", "/bücher/1"),
        ("/index.php/shop", "/shop"),
        ("/*/p/", "/lamps/p/"),
    ],
)
def test_a_rule_fits_however_it_is_written(prefix: str, address: str) -> None:
    site = a_site(page_rules=[PageRule(prefix=prefix, page_type="ours")])
    event = normalise(an_event(url=SHOP + address), a_message([]), site, NOON)
    assert event.get("page_type") == "ours"


def test_the_end_slash_of_a_rule_is_meant() -> None:
    site = a_site(page_rules=[PageRule(prefix="/shop/", page_type="ours")])
    assert normalise(an_event(url=f"{SHOP}/shopping"), a_message([]), site, NOON).get("page_type") is None
