"""What the tracker measures of a page in a real browser, seen at the collector."""

import pytest
from playwright.sync_api import Page

from tests.support.builders import a_document
from tests.web.browsing import cover, open_page
from tests.web.servers import Collector, Json, Shop

pytestmark = pytest.mark.xdist_group("tracker: vitals")  # a browser is started once for the module

LONG = "<h1>A page with a heading that is large</h1>"
SLOW = "<button onclick='const until = performance.now() + 150; while (performance.now() < until);'>slow</button>"
A_WHILE = 700


def exits(page: Page, collector: Collector, count: int = 1) -> list[Json]:
    """Returns what the exits tell of a page and of those before, once it is left."""
    page.goto("about:blank")
    return [event.get("vitals", {}) for event in collector.wait_for_type("page_exit", count)]


def test_an_exit_tells_how_a_page_loaded_and_answered(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(LONG + SLOW))
    page.wait_for_timeout(A_WHILE)
    page.click("button")
    page.wait_for_timeout(A_WHILE)
    [vitals] = exits(page, collector)
    assert 0 < vitals["ttfb"] <= vitals["lcp"] < 10_000
    assert 150 <= vitals["inp"] < 2_000
    assert vitals["cls"] == 0
    stored = a_document(eventType="page_exit", vitals=vitals)
    assert stored.get("vitals") == vitals
    assert "flags" not in stored


def test_what_moves_by_itself_is_told_and_what_an_input_moves_is_not(
    page: Page, shop: Shop, collector: Collector
) -> None:
    grow = "document.body.prepend(Object.assign(document.createElement('div'), {style: 'height:300px'}))"
    address = shop.page(f'<button onclick="{grow}">more</button><p style="height:400px">text</p>')
    for move in (lambda: page.click("button"), lambda: page.evaluate(grow)):
        open_page(page, address)
        page.wait_for_timeout(A_WHILE)
        move()
        page.wait_for_timeout(A_WHILE)
    by_input, by_itself = exits(page, collector, 2)
    assert by_input["cls"] == 0
    assert 0 < by_itself["cls"] < 1


def test_a_route_that_follows_without_a_load_has_no_loading_of_its_own(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(LONG + SLOW))
    page.wait_for_timeout(A_WHILE)
    page.click("button")
    page.wait_for_timeout(A_WHILE)
    page.evaluate("history.pushState({}, '', '/next')")
    page.wait_for_timeout(A_WHILE)
    first, second = exits(page, collector, 2)
    assert first.keys() == {"lcp", "ttfb", "inp", "cls"}
    assert second == {"cls": 0}


def test_loading_is_told_of_a_page_that_was_hidden_and_came_back_but_nothing_painted_later(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page("<p>small</p>"))
    page.wait_for_timeout(A_WHILE)
    loaded = page.evaluate("performance.now()")
    cover(page, covered=True)
    page.evaluate("document.body.innerHTML = '<h1 style=\"font-size:90px\">Much larger than before</h1>'")
    page.wait_for_timeout(A_WHILE)
    cover(page, covered=False)
    page.wait_for_timeout(A_WHILE)
    [vitals] = exits(page, collector)
    assert vitals["lcp"] < loaded


@pytest.mark.parametrize(("auto", "told"), [("pageview,exit", False), ("pageview,exit,vitals", True)])
def test_vitals_are_measured_where_the_tag_asks_for_them(
    page: Page, shop: Shop, collector: Collector, auto: str, told: bool
) -> None:
    open_page(page, shop.page(LONG, auto=auto))
    page.wait_for_timeout(A_WHILE)
    [vitals] = exits(page, collector)
    assert bool(vitals) == told


def test_a_browser_that_measures_nothing_tells_nothing(page: Page, shop: Shop, collector: Collector) -> None:
    page.add_init_script("delete window.PerformanceObserver; performance.getEntriesByType = () => []")
    open_page(page, shop.page(LONG))
    assert exits(page, collector) == [{}]


def test_loading_is_told_once_consent_is_given(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(LONG, consent="required"))
    page.wait_for_timeout(A_WHILE)
    page.evaluate("footfall.consent(true)")
    [vitals] = exits(page, collector)
    assert vitals["lcp"] > 0
