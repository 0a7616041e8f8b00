"""The browser SDKs of Segment and RudderStack as they are published, in a real Chromium, with another host and key."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pymongo import MongoClient

from tests.flow.conftest import Shop
from tests.support.chromium import browser
from tests.web.servers import Server

__all__ = ["browser"]
pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

PACKAGES = Path(__file__).parents[2] / "node_modules"
SEGMENT = PACKAGES / "@segment/analytics-next/dist/umd/index.js"
RUDDERSTACK = PACKAGES / "@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
LOADED = {
    SEGMENT: """window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: KEY, cdnURL: HOST })""",
    RUDDERSTACK: """window.analytics = new rudderanalytics.RudderAnalytics();
        analytics.load(KEY, HOST, { configUrl: HOST + "/sourceConfig" })""",
}
CALLS = """
    analytics.page("Home");
    analytics.track("Product Added", { product_id: "p", price: 12.5, quantity: 2, currency: "EUR" });
    analytics.identify("ann", { plan: "gold" });
    analytics.group("g1", { name: "Friends" });
    analytics.track("Order Completed", {
        order_id: "o1", total: 25, currency: "EUR", products: [{ product_id: "p", price: 12.5, quantity: 2 }],
    });
    analytics.alias("anna", "ann");
"""


class Pages(Server):
    """The page of a shop that has an SDK in it."""

    html = b""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Give the page, whatever is asked for."""
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.send_header("Content-Length", str(len(self.html)))
        request.end_headers()
        request.wfile.write(self.html)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of an empty browser that reaches this machine alone."""
    context = browser.new_context()
    context.route(lambda url: "127.0.0.1" not in url and "localhost" not in url, lambda route: route.abort())
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("sdk", [SEGMENT, RUDDERSTACK], ids=["segment", "rudderstack"])
def test_what_a_published_sdk_says_in_a_browser_is_stored_and_means_what_it_says(
    sdk: Path, shop: Shop, page: Page
) -> None:
    if not sdk.exists():
        pytest.skip("the SDK is not here (npm ci)")
    setting = f"const KEY = '{shop.write_key}', HOST = '{shop.stack.url}';"
    answers: list[tuple[int, str]] = []
    page.on("response", lambda response: answers.append((response.status, response.url)))
    with Pages() as pages:
        pages.html = (
            f"<!doctype html><title>A shop</title><script>{sdk.read_text()}</script>"
            f"<script>{setting}{LOADED[sdk]};{CALLS}</script>"
        ).encode()
        page.goto(f"{pages.url}/?utm_source=news&utm_medium=email")
        stored = _wait_for(shop, page, 6)
    assert [answer for answer in answers if answer[0] >= 400] == []
    kinds = {event["type"]: event for event in stored}
    assert set(kinds) == {"pageview", "product_added", "identify", "group", "order_completed", "alias"}
    assert len({event["visitor_id"] for event in stored if event["type"] != "alias"}) == 1
    assert (kinds["pageview"]["path"], kinds["pageview"]["attribution"]["source"]) == ("/", "news")
    assert (kinds["order_completed"]["user_id"], kinds["identify"]["traits"]["plan"]) == ("ann", "gold")
    assert kinds["alias"]["visitor_id"] == "ann"
    assert all("client_time" in event and "flags" not in event and not event["bot"] for event in stored)
    assert shop.get("/etl/status")["ledger"]["quarantined"] == 0


def _wait_for(shop: Shop, page: Page, events: int) -> list[dict[str, Any]]:
    # an SDK sends in its own time
    for _ in range(300):
        if shop.get("/etl/status")["ledger"]["stored"] >= events:
            break
        page.wait_for_timeout(100)
    with MongoClient[dict[str, Any]](shop.stack.stores.mongodb_uri) as client:
        return list(client["footfall"]["events"].find({"site_id": shop.site_id}))
