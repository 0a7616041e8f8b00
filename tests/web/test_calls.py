"""What a shop can tell the tracker: calls, attributes of elements, and settings of the script tag."""

import pytest
from footfall.events.commerce import commerce_type
from playwright.sync_api import Page

from tests.web.browsing import events_of, open_page
from tests.web.servers import Collector, Shop

pytestmark = pytest.mark.xdist_group("tracker: calls")  # a browser is started once for the module

STUB = "<script>window.footfall=window.footfall||function(){(footfall.q=footfall.q||[]).push(arguments)}</script>"


def test_calls_made_before_the_script_has_loaded_are_made_up_for(page: Page, shop: Shop, collector: Collector) -> None:
    calls = """<script>footfall('identify', 'C-7', { plan: 'gold' });
      footfall('productViewed', { product_id: 'KIT-013', price: 9.99 })</script>"""
    open_page(page, shop.page(head=STUB + calls))
    events_of(page, collector, "track")
    assert [event["eventType"] for event in collector.stored] == ["pageview", "identify", "track"]
    assert collector.of("identify")[0]["traits"] == {"plan": "gold"}
    assert collector.of("track")[0]["event"] == "Product Viewed"


def test_a_stub_that_nobody_has_called_is_no_hindrance(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(head=STUB))
    events_of(page, collector, "pageview")


def test_a_script_tag_that_is_there_twice_counts_once(page: Page, shop: Shop, collector: Collector) -> None:
    again = f'<script defer src="/footfall.js" data-key="wk_test" data-host="{collector.url}"></script>'
    open_page(page, shop.page(head=again))
    page.wait_for_timeout(300)
    events_of(page, collector, "pageview")
    assert len(collector.of("pageview")) == 1


def test_who_is_identified_is_named_in_every_event_from_then_on(page: Page, shop: Shop, collector: Collector) -> None:
    address = shop.page()
    open_page(page, address)
    page.evaluate("footfall.identify('C-7', { country: 'GB' })")
    open_page(page, address)
    page.evaluate("footfall.track('Thing')")
    events_of(page, collector, "track")
    assert [event.get("userId") for event in collector.stored] == [None, "C-7", "C-7", "C-7", "C-7"]
    assert len({event["visitorId"] for event in collector.stored}) == 1


NOBODY = ["undefined", "null", "NaN", "''", "'undefined'", "{}", "0", "'guest'", "'(null)'", "document.body"]


def test_a_placeholder_identifies_nobody(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    page.evaluate("".join(f"footfall.identify({value});" for value in NOBODY))
    page.evaluate("localStorage['_ff.u'] = 'undefined'; footfall.identify(undefined, { plan: 'gold' })")
    page.evaluate("footfall.identify('C-7'); footfall.identify(null); footfall.track('Thing')")
    events_of(page, collector, "track")
    assert [(event["eventType"], event.get("userId")) for event in collector.stored] == [
        ("pageview", None),
        ("identify", None),
        ("identify", "C-7"),
        ("track", "C-7"),
    ]


def test_another_user_of_the_same_browser_is_another_visitor(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    page.evaluate("footfall.identify('C-7'); footfall.identify('C-8'); footfall.reset(); footfall.track('Thing')")
    events_of(page, collector, "track")
    visits: dict[str, list[tuple[str, str | None]]] = {}
    for event in collector.stored:
        visits.setdefault(event["visitorId"], []).append((event["eventType"], event.get("userId")))
    assert list(visits.values()) == [
        [("pageview", None), ("identify", "C-7"), ("page_exit", "C-7")],
        [("pageview", None), ("identify", "C-8"), ("page_exit", "C-8")],
        [("pageview", None), ("track", None)],
    ]
    assert len({event["sessionId"] for event in collector.stored}) == 3


def test_every_commerce_helper_sends_a_name_that_the_server_knows(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    helpers: list[str] = page.evaluate(
        "Object.keys(footfall).filter(name => !'track page identify feedback consent reset'.split(' ').includes(name))"
    )
    assert {"productViewed", "productAdded", "cartViewed", "checkoutStarted", "orderCompleted"} <= set(helpers)
    page.evaluate("names => names.forEach(name => footfall[name]({ value: 1 }))", helpers)
    events_of(page, collector, "track", len(helpers))
    kinds = [commerce_type(event["event"]) for event in collector.of("track")]
    assert None not in kinds
    assert len(set(kinds)) == len(helpers)


def test_an_order_is_sent_as_it_was_given(page: Page, shop: Shop, collector: Collector) -> None:
    order = {"order_id": "SO-1", "total": 25.48, "currency": "GBP", "products": [{"product_id": "A", "quantity": 2}]}
    open_page(page, shop.page())
    page.evaluate("order => footfall.orderCompleted(order)", order)
    [event] = events_of(page, collector, "track")
    assert event["event"] == "Order Completed"
    assert event["properties"] == order


def test_feedback_has_its_text_and_its_rating(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    page.evaluate("footfall.feedback('Quick and kind', 5); footfall.feedback('Hm')")
    first, second = events_of(page, collector, "feedback", 2)
    assert (first["value"], first["properties"]) == (5, {"text": "Quick and kind"})
    assert "value" not in second


def test_a_marked_element_sends_its_event_with_its_attributes(page: Page, shop: Shop, collector: Collector) -> None:
    body = """<button data-footfall-event="Product Added" data-footfall-product-id="0123" data-footfall-price="9.99"
        data-footfall-quantity="2" data-footfall-hover><i>Add</i></button>
      <form id="news" data-footfall-event="Newsletter Wanted" data-footfall-list="spring" onsubmit="return false">
        <input name="x"><button id="go">Go</button></form>"""
    open_page(page, shop.page(body))
    page.click("i")
    page.click("input")
    page.click("#go")
    first, second = events_of(page, collector, "track", 2)
    assert first["event"] == "Product Added"
    assert first["properties"] == {"product_id": "0123", "price": 9.99, "quantity": 2}
    assert (second["event"], second["properties"]) == ("Newsletter Wanted", {"list": "spring"})


def test_a_call_that_goes_wrong_does_not_break_the_page(page: Page, shop: Shop, collector: Collector) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    open_page(page, shop.page())
    page.evaluate(
        """() => { const loop = {}; loop.loop = loop; footfall.track('Loop', loop); footfall('nothing');
             footfall.track(); footfall.track('Thing', { n: NaN, when: new Date(0), f() {} }) }"""
    )
    events_of(page, collector, "track")
    assert [event["event"] for event in collector.of("track")] == ["Thing"]
    assert collector.of("track")[0]["properties"] == {"n": None, "when": "1970-01-01T00:00:00.000Z"}
    assert sum(text.startswith("footfall:") for text in warnings) == 2


def test_a_page_can_be_counted_by_hand_with_its_type(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page("<button>Buy</button>", auto="false"))
    page.click("button")
    page.evaluate("history.pushState({}, '', '/other')")
    page.evaluate("footfall.page({ pageType: 'product', title: 'Teapot' })")
    events_of(page, collector, "pageview")
    page.goto("about:blank")
    page.wait_for_timeout(300)
    [event] = collector.stored
    assert (event["pageType"], event["title"], event["path"]) == ("product", "Teapot", "/other")


@pytest.mark.parametrize("auto", ["true", "pageview,click"])
def test_what_is_watched_can_be_listed(page: Page, shop: Shop, collector: Collector, auto: str) -> None:
    open_page(page, shop.page("<input name=a><button>Buy</button>", auto=auto))
    page.click("input")
    page.click("button")
    events_of(page, collector, "click", 2)
    page.goto("about:blank")
    collector.wait_for(lambda: auto != "true" or collector.of("page_exit"))
    kinds = {event["eventType"] for event in collector.stored}
    assert kinds == ({"pageview", "click", "form", "page_exit"} if auto == "true" else {"pageview", "click"})


def test_a_script_tag_without_a_key_says_so(page: Page, shop: Shop, collector: Collector) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    page.goto(shop.page(key=""))
    page.wait_for_timeout(200)
    assert "footfall: the script has no data-key" in warnings
    assert collector.arrivals == []


def test_without_a_host_events_go_where_the_script_came_from(page: Page, shop: Shop) -> None:
    with page.expect_request("**/collect") as sent:
        page.goto(shop.page(host=""))
    assert sent.value.url == shop.url + "/collect"


def test_a_page_loaded_ahead_counts_only_when_it_is_shown(page: Page, shop: Shop, collector: Collector) -> None:
    page.add_init_script("Object.defineProperty(document, 'prerendering', { value: true })")
    open_page(page, shop.page())
    page.wait_for_timeout(300)
    assert page.evaluate("localStorage.length") == 0
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    events_of(page, collector, "pageview")
