"""What the tracker records of a visit by itself, seen at the collector."""

import time
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.builders import a_document
from tests.web.browsing import cover, events_of, open_page, send_now
from tests.web.servers import Collector, Shop

pytestmark = pytest.mark.xdist_group("tracker: tracking")  # a browser is started once for the module

TALL = '<div style="height:4000px">long</div>'
HALF_A_SECOND = 500
A_MOMENT = 400


def test_a_page_view_says_where_when_and_who(page: Page, shop: Shop, collector: Collector) -> None:
    page.goto(shop.page(path="/arrival") + "?x=1", referer="https://news.example.com/story")
    [event] = events_of(page, collector, "pageview")
    assert event["url"] == shop.url + "/arrival?x=1"
    assert event["path"] == "/arrival"
    assert event["title"] == "A page"
    assert event["referrer"] == "https://news.example.com/story"
    assert event["device"] == "Desktop"
    assert event["timestamp"].endswith("Z")
    for name in ("eventId", "visitorId", "sessionId"):
        assert UUID(event[name]).version == 4


def test_a_request_needs_no_preflight_and_names_its_key_and_the_time_of_sending(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page())
    [event] = events_of(page, collector, "pageview")
    [arrival] = collector.arrivals
    assert arrival.method == "POST"
    assert arrival.headers["content-type"].startswith("text/plain")
    assert arrival.body["writeKey"] == "wk_test"
    assert arrival.body["sentAt"] >= event["timestamp"]
    assert "cookie" not in arrival.headers


@pytest.mark.parametrize(
    ("width", "touch", "device"), [(390, True, "Mobile"), (820, True, "Tablet"), (600, False, "Desktop")]
)
def test_the_device_is_told_by_pointer_and_screen(
    browser: Browser, shop: Shop, collector: Collector, width: int, touch: bool, device: str
) -> None:
    size = {"width": width, "height": 1100}
    context = browser.new_context(viewport=size, screen=size, is_mobile=touch, has_touch=touch)  # type: ignore[arg-type]
    page = context.new_page()
    open_page(page, shop.page())
    assert events_of(page, collector, "pageview")[0]["device"] == device
    context.close()


def test_a_single_page_app_counts_each_address_once_its_title_has_followed(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(path="/first"))
    page.evaluate("history.pushState({}, '', '/second'); setTimeout(() => document.title = 'Second', 100)")
    page.wait_for_timeout(HALF_A_SECOND)
    page.evaluate("history.replaceState({}, '', '/third')")
    page.wait_for_timeout(HALF_A_SECOND)
    page.go_back()
    page.wait_for_timeout(HALF_A_SECOND)
    views = events_of(page, collector, "pageview", 4)
    assert [view["path"] for view in views] == ["/first", "/second", "/third", "/first"]
    assert views[1]["title"] == "Second"
    assert views[1]["referrer"] == shop.url + "/first"
    exits = collector.of("page_exit")
    assert [left["path"] for left in exits] == ["/first", "/second", "/third"]
    assert exits[0]["timestamp"] < views[1]["timestamp"]


def test_a_redirect_inside_an_app_and_a_jump_within_a_page_are_no_views(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(path="/first"))
    page.evaluate("history.pushState({}, '', '/between'); history.replaceState({}, '', '/there')")
    page.wait_for_timeout(HALF_A_SECOND)
    page.evaluate("location.hash = 'part'")
    page.wait_for_timeout(HALF_A_SECOND)
    send_now(page)
    collector.wait_for_type("pageview", 2)
    assert [view["path"] for view in collector.of("pageview")] == ["/first", "/there"]
    assert len(collector.of("page_exit")) == 1


def test_a_route_after_the_hash_is_a_page_and_an_empty_one_is_the_page_it_is_on(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(path="/app"))
    for route in ("#/", "#/search?q=lamp", "#part", "#!/thank-you"):
        page.evaluate("route => { location.hash = route }", route)
        page.wait_for_timeout(HALF_A_SECOND)
    page.evaluate("history.pushState({}, '', '#/cart')")
    page.wait_for_timeout(HALF_A_SECOND)
    views = events_of(page, collector, "pageview", 5)
    assert [urlsplit(view["url"]).fragment for view in views] == ["", "/search?q=lamp", "part", "!/thank-you", "/cart"]
    assert [a_document(**view)["path"] for view in views] == [
        "/app",
        "/app/search",
        "/app",
        "/app/thank-you",
        "/app/cart",
    ]
    assert [left["url"] for left in collector.of("page_exit")] == [view["url"] for view in views[:-1]]


def test_every_part_after_the_hash_is_a_page_where_the_tag_says_so(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(path="/app", **{"hash-routes": ""}))
    page.evaluate("location.hash = 'search'")
    page.wait_for_timeout(HALF_A_SECOND)
    views = events_of(page, collector, "pageview", 2)
    assert [urlsplit(view["url"]).fragment for view in views] == ["", "search"]


def test_a_click_tells_what_was_clicked_and_where(page: Page, shop: Shop, collector: Collector) -> None:
    body = '<button id="buy" style="position:absolute;left:100px;top:200px"><b>Buy</b> now</button>'
    open_page(page, shop.page(body))
    page.mouse.click(110, 210)
    [click] = events_of(page, collector, "click")
    assert click["element"] == "button#buy"
    assert click["properties"]["text"] == "Buy now"
    on_page = click["coordinates"].pop("page")
    assert click["coordinates"] == {"x": 110, "y": 210, "viewport": {"width": 1200, "height": 800}}
    assert on_page == {"x": 110, "y": 210, "width": 1200, "height": 800}


def test_a_click_with_the_keyboard_has_no_place(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page('<a class="big red wide" href="#there">There</a>'))
    page.focus("a")
    page.keyboard.press("Enter")
    [click] = events_of(page, collector, "click")
    assert click["element"] == "a.big.red"
    assert click["properties"]["href"] == shop.url + "/#there"
    assert "coordinates" not in click


def test_a_click_on_a_label_is_one_click(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page('<label>Gift wrap <input type="checkbox" name="wrap"></label><button>x</button>'))
    page.click("label")
    page.click("button")
    events_of(page, collector, "click", 2)
    assert [click["element"] for click in collector.of("click")] == ["label", "button"]


def test_scrolling_reports_each_quarter_once(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(TALL))
    for distance in (1000, -1000, 1500, 4000, -4000, 4000):
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(A_MOMENT)
    scrolls = events_of(page, collector, "scroll", 4)
    assert [scroll["value"] for scroll in scrolls] == [25, 50, 75, 100]


def test_a_hover_counts_on_marked_elements_when_it_lasts(page: Page, shop: Shop, collector: Collector) -> None:
    body = "".join(f'<p id="p{n}" {mark}>Text</p>' for n, mark in enumerate(('data-footfall-hover="Teapot"', "")))
    open_page(page, shop.page(body))
    for _ in range(2):
        page.hover("#p0")
        page.wait_for_timeout(A_MOMENT)
        page.hover("#p1")
        page.wait_for_timeout(A_MOMENT)
    page.hover("#p0")
    page.hover("#p1")
    hovers = events_of(page, collector, "hover", 2)
    assert [hover["element"] for hover in hovers] == ["p#p0", "p#p0"]
    assert hovers[0]["properties"]["label"] == "Teapot"
    assert 0.25 <= hovers[0]["duration"] < 5
    assert hovers[0]["coordinates"]["viewport"]["width"] == 1200


def test_form_use_names_fields_and_the_form(page: Page, shop: Shop, collector: Collector) -> None:
    body = """<form id="checkout" onsubmit="return false"><input name="email" type="email"><input id="town">
      <select name="country"><option>GB</select><button>Go</button></form>"""
    open_page(page, shop.page(body))
    page.fill("[name=email]", "jane@example.com")
    page.fill("#town", "Leeds")
    page.focus("select")
    page.focus("#town")
    page.click("button")
    [submit] = events_of(page, collector, "form_submit")
    assert [use["properties"] for use in collector.of("form")] == [
        {"form": "checkout", "field": "email", "type": "email"},
        {"form": "checkout", "field": "town", "type": "input"},
        {"form": "checkout", "field": "country", "type": "select"},
    ]
    assert submit["element"] == "form#checkout"
    assert submit["properties"] == {"form": "checkout"}


def test_errors_are_reported_once_each(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    page.evaluate(
        """() => { for (let n = 0; n < 3; n++) setTimeout(() => { throw new Error('gallery is gone for a@b.com') });
             Promise.reject(new Error('no stock')); }"""
    )
    page.wait_for_timeout(100)
    events_of(page, collector, "javascript_error", 2)
    messages = sorted(event["properties"]["message"] for event in collector.of("javascript_error"))
    assert messages == ["Uncaught Error: gallery is gone for *", "no stock"]


def test_three_quick_clicks_on_one_spot_are_a_rage_click(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page('<button id="broken">Next picture</button>'))
    page.click("#broken", click_count=5)
    assert len(events_of(page, collector, "click", 5)) == 5
    [rage] = collector.wait_for_type("rage_click")
    assert rage["element"] == "button#broken"
    assert rage["coordinates"]["viewport"] == {"width": 1200, "height": 800}


def test_clicks_of_one_instant_on_one_spot_all_count(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page('<button id="broken">Next picture</button>'))
    box = page.locator("#broken").bounding_box()
    assert box
    browser, now = page.context.new_cdp_session(page), page.evaluate("Date.now() / 1000")
    for kind in ("mousePressed", "mouseReleased") * 3:
        place = {"x": box["x"] + 5, "y": box["y"] + 5, "button": "left", "clickCount": 1}
        browser.send("Input.dispatchMouseEvent", {"type": kind, "timestamp": now, **place})
    assert len(events_of(page, collector, "click", 3)) == 3
    assert len(collector.wait_for_type("rage_click")) == 1


def test_slow_clicks_are_no_rage(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page("<button>Next</button>"))
    for _ in range(4):
        page.click("button")
        page.wait_for_timeout(1100)
    events_of(page, collector, "click", 4)
    assert collector.of("rage_click") == []


def test_leaving_a_page_tells_how_long_it_was_in_view(page: Page, shop: Shop, collector: Collector) -> None:
    shop.page(path="/next")
    began = time.monotonic()
    open_page(page, shop.page(path="/read"))
    page.wait_for_timeout(600)
    cover(page, True)
    page.wait_for_timeout(1500)
    cover(page, False)
    page.wait_for_timeout(600)
    open_page(page, shop.url + "/next")
    exits = events_of(page, collector, "page_exit")
    assert [left["path"] for left in exits] == ["/read"]
    assert 1.1 < exits[0]["duration"] < time.monotonic() - began - 1.4


def test_a_page_that_is_covered_and_never_comes_back_still_has_its_exit(
    context: BrowserContext, shop: Shop, collector: Collector
) -> None:
    page = context.new_page()
    page.clock.install()
    open_page(page, shop.page(path="/read"))
    page.clock.fast_forward("00:20")
    cover(page, True)
    collector.wait_for_type("pageview")
    later = context.new_page()  # the first tab is frozen: nothing more comes from it
    later.clock.install()
    open_page(later, shop.page(path="/later"))
    events_of(later, collector, "pageview", 2)
    assert collector.of("page_exit") == [], "the visit may yet go on"
    later.clock.fast_forward("31:00")
    [left] = events_of(later, collector, "page_exit")
    assert left["path"] == "/read"
    assert 20 <= left["duration"] < 60


def test_a_session_ends_after_thirty_idle_minutes_and_the_next_begins_with_a_view(
    page: Page, shop: Shop, collector: Collector
) -> None:
    page.clock.install()
    open_page(page, shop.page("<button>Buy</button>"))
    for minutes in ("29:00", "29:00", "31:00"):
        page.clock.fast_forward(minutes)
        page.click("button")
    events_of(page, collector, "click", 3)
    sessions = [click["sessionId"] for click in collector.of("click")]
    assert sessions[0] == sessions[1] != sessions[2]
    assert len({event["visitorId"] for event in collector.stored}) == 1
    second = [event["eventType"] for event in collector.stored if event["sessionId"] == sessions[2]]
    assert second == ["pageview", "click"]


def test_a_campaign_is_kept_for_the_whole_session(page: Page, shop: Shop, collector: Collector) -> None:
    shop.page(path="/landing")
    open_page(page, shop.url + "/landing?utm_source=newsletter&utm_medium=email&utm_campaign=spring")
    open_page(page, shop.page(path="/next"))
    views = events_of(page, collector, "pageview", 2)
    assert len({view["sessionId"] for view in views}) == 1
    for view in views:
        utm = {"source": "newsletter", "medium": "email", "campaign": "spring"}
        assert view["attribution"] == {"utmParams": utm}


def test_a_page_from_the_back_forward_cache_is_a_new_view(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(path="/first"))
    page.evaluate(
        """() => { dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
                   dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })); }"""
    )
    events_of(page, collector, "pageview", 2)
    kinds = [event["eventType"] for event in collector.stored]
    assert kinds == ["pageview", "page_exit", "pageview"]
