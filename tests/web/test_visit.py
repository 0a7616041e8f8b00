"""A person's visit to the demo shop, from the home page to the thanks: one session, the right funnel, nothing lost."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from footfall.clock import now
from footfall.events.page_types import page_type_of
from footfall.events.reading import read_event
from playwright.sync_api import Page
from pymongo import MongoClient

from cli.up import DEMO_SITE
from infra.local.stack import Stack
from tests.support.sites import make_site
from tests.web.browsing import send_now, wait_until_all_is_sent, waiting
from tests.web.servers import Answer, Collector, Json, Shop

pytestmark = pytest.mark.xdist_group("stack")

TYPED = {
    "email": "jane.doe@example.com",
    "name": "Jane Ermintrude Doe",
    "address": "17 Gooseberry Lane",
    "postcode": "YO1 7HH",
    "card": "4242424242424242",
    "expiry": "12/34",
    "code": "nine-eight-seven",
}
PAGES = ["home", "search", "product", "cart", "payment", "confirmation"]


def visit(
    page: Page, shop_url: str, midway: Callable[[], object] = lambda: None, reading: Callable[[], object] = lambda: None
) -> None:
    """Search for a teapot, buy two, open an account on the way and say thank you; `reading` happens on every page."""

    def arrive(pattern: str) -> None:
        page.wait_for_url(pattern)
        page.wait_for_function("typeof window.footfall?.track == 'function'")
        reading()

    page.goto(shop_url + "/?utm_source=newsletter&utm_medium=email&utm_campaign=tea")
    arrive("**/?utm*")
    page.fill("#query", "teapot")
    page.press("#query", "Enter")
    arrive("**/search.html*")
    page.click("#KIT-013")
    arrive("**/product.html*")
    page.fill("#quantity", "2")
    page.click("#add-to-cart")
    midway()
    page.click("text=Go to basket")
    arrive("**/cart.html")
    page.click("#to-checkout")
    arrive("**/payment.html")
    for field, text in TYPED.items():
        page.fill(f"#{field}", text)
    page.check("[name=account]")
    page.click("#pay")
    arrive("**/confirmation.html*")
    page.check("[name=rating][value='5']")
    page.fill("#text", "Quick and kind, thank you")
    page.click("#feedback button")


def happened(events: list[Json]) -> Counter[tuple[str, ...]]:
    """Returns what happened, without when; what depends on the speed of a hand is left out."""
    kept = (event for event in events if event["eventType"] not in ("hover", "scroll", "click", "form"))
    return Counter((event["eventType"], event.get("event", ""), event["path"]) for event in kept)


def test_a_visit_is_one_session_that_goes_through_the_funnel(page: Page, shop: Shop, collector: Collector) -> None:
    visit(page, shop.url)
    send_now(page)
    collector.wait_for_type("feedback")
    events = collector.stored
    views = [str(page_type_of(event["path"], [])) for event in events if event["eventType"] == "pageview"]
    assert views == PAGES
    assert len({event["sessionId"] for event in events}) == 1
    assert len({event["visitorId"] for event in events}) == 1
    assert {event["attribution"]["utmParams"]["campaign"] for event in events} == {"tea"}
    assert [event["event"] for event in events if event["eventType"] == "track"] == [
        "Products Searched",
        "Product Viewed",
        "Product Added",
        "Cart Viewed",
        "Checkout Started",
        "Payment Info Entered",
        "Order Completed",
    ]
    assert sum(event["eventType"] == "page_exit" for event in events) == len(PAGES) - 1
    assert len(collector.of("form_submit")) == 4, "search, basket, checkout and feedback"


def test_every_event_of_a_visit_is_one_that_the_server_takes(page: Page, shop: Shop, collector: Collector) -> None:
    visit(page, shop.url)
    send_now(page)
    collector.wait_for_type("feedback")
    for event in collector.stored:
        read_event(event)


def test_what_is_typed_at_the_checkout_stays_there(page: Page, shop: Shop, collector: Collector) -> None:
    visit(page, shop.url)
    send_now(page)
    collector.wait_for_type("feedback")
    sent = str([arrival.body for arrival in collector.arrivals])
    for text in TYPED.values():
        assert text not in sent


def test_a_network_that_is_cut_in_the_middle_loses_nothing(page: Page, shop: Shop, collector: Collector) -> None:
    visit(page, shop.url)
    send_now(page)
    collector.wait_for_type("feedback")
    whole = happened(collector.stored)
    page.evaluate("localStorage.clear(); sessionStorage.clear(); footfall.consent(false)")
    page.goto("about:blank")
    collector.arrivals.clear()

    page.goto(shop.url)
    page.evaluate("localStorage.clear()")
    visit(page, shop.url, midway=lambda: setattr(collector, "always", Answer(0)))
    assert len(waiting(page)) > 10, "the rest of the visit waits in the browser"
    assert collector.of("feedback") == []
    collector.always = Answer()
    send_now(page)
    wait_until_all_is_sent(page)
    assert happened(collector.stored) == whole
    assert len({event["sessionId"] for event in collector.stored}) == 1


@pytest.mark.stack
def test_a_visit_reaches_the_funnel_of_the_real_stack(page: Page, stack: Stack) -> None:
    site = {**DEMO_SITE, "site_id": "tracker-visit"}
    keys = make_site(stack, **site)
    with Shop(stack.url, keys["write_key"]) as shop:
        # Times are put right batch by batch, by how long each took to arrive: nobody reads a page faster than that.
        visit(page, shop.url, reading=lambda: wait_until_all_is_sent(page))
        send_now(page)
        wait_until_all_is_sent(page)
        page.goto("about:blank")
        assert stack.drain()
    stack.invoke("JobsRollupFunction", {})
    assert_one_session(stack, site["site_id"])
    assert_funnel(stack.url, keys["api_key"])


def assert_one_session(stack: Stack, site_id: str) -> None:
    """Asserts that the visit is stored as one converted session, and nothing is quarantined."""
    with MongoClient[dict[str, Any]](stack.stores.mongodb_uri) as client:
        database = client["footfall"]
        [session] = database["user_sessions"].find({"site_id": site_id})
        assert session["pages_visited"] == PAGES
        assert session["converted"]
        assert session["conversion_value"] == 2 * 999
        assert session["attribution"]["channel"] == "email"
        assert session["device"] == "Desktop"
        assert not session["bot"]
        assert database["quarantine"].count_documents({"site_id": site_id}) == 0


def assert_funnel(url: str, api_key: str) -> None:
    """Asserts that one person went through every step of the funnel."""
    day = now().date()
    query = {"from": (day - timedelta(days=1)).isoformat(), "to": day.isoformat(), "steps": ",".join(PAGES)}
    answer = httpx.get(f"{url}/api/funnel", params=query, headers={"x-api-key": api_key}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert [step["users"] for step in answer.json()["steps"]] == [1] * len(PAGES)


def test_the_shop_is_whole_without_a_tracker(page: Page, shop: Shop) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.route("**/config.js", lambda route: route.fulfill(status=404))
    page.goto(shop.url)
    page.fill("#query", "kite")
    page.press("#query", "Enter")
    page.wait_for_url("**/search.html*")
    page.wait_for_selector("#TOY-004")
    assert problems == []
