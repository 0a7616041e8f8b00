"""The demo shop's server."""

from collections.abc import Iterator

import httpx
import pytest

from infra.local.demo_shop import DemoShop


@pytest.fixture
def shop() -> Iterator[DemoShop]:
    with DemoShop("http://collector.example", "wk_1") as shop:
        yield shop


def test_its_pages_are_served_with_their_kind_and_never_kept(shop: DemoShop) -> None:
    for path, kind in {"/": "text/html", "/cart.html?a=b": "text/html", "/shop.css": "text/css"}.items():
        answer = httpx.get(shop.url + path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.headers["content-type"] == kind


def test_its_configuration_names_the_key_and_the_collector(shop: DemoShop) -> None:
    assert httpx.get(shop.url + "/config.js").text == (
        'window.FOOTFALL = {"key": "wk_1", "host": "http://collector.example"}'
    )


@pytest.mark.parametrize(
    "path", ["/nothing.html", "/js", "/..%2f..%2fREADME.md", "/%2e%2e/tracker/footfall.js", "//etc/hosts"]
)
def test_nothing_but_the_shop_is_served(shop: DemoShop, path: str) -> None:
    assert httpx.get(shop.url + path).status_code == 404


def test_it_only_answers_reading(shop: DemoShop) -> None:
    assert httpx.head(shop.url).status_code == 200
    assert httpx.post(shop.url, content=b"x").status_code == 405


def test_a_port_that_is_taken_is_refused(shop: DemoShop) -> None:
    with pytest.raises(OSError, match="in use"):
        DemoShop("http://collector.example", "wk_1", int(shop.url.rpartition(":")[2]))
