"""Who does not want to be counted is not, and what was typed stays on the page."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.web.browsing import events_of, open_page, send_now
from tests.web.servers import Collector, Shop

pytestmark = pytest.mark.xdist_group("tracker: privacy")  # a browser is started once for the module

SIGNALS = {
    "Do Not Track": "Object.defineProperty(navigator, 'doNotTrack', { get: () => '1' })",
    "Global Privacy Control": "Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true })",
}
LONG_ENOUGH = 2600


def remembered(page: Page) -> list[str]:
    """Returns the names under which the tracker keeps something in the browser."""
    names: list[str] = page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('_ff.')).sort()")
    return names


def assert_nothing_happened(page: Page, collector: Collector, remembers: list[str] | None = None) -> None:
    """Asserts that nothing was sent, and nothing kept but what `remembers` names."""
    page.wait_for_timeout(LONG_ENOUGH)
    send_now(page)
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert collector.arrivals == []
    page.go_back()
    assert remembered(page) == (remembers or [])


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_browser_that_asks_not_to_be_tracked_is_not(
    page: Page, shop: Shop, collector: Collector, signal: str
) -> None:
    page.add_init_script(SIGNALS[signal])
    open_page(page, shop.page("<button>Buy</button>"))
    page.click("button")
    page.evaluate("footfall.track('Product Added', { product_id: 'A' }); footfall.identify('C-1')")
    assert_nothing_happened(page, collector)


def test_a_signal_of_the_browser_outweighs_consent(page: Page, shop: Shop, collector: Collector) -> None:
    page.add_init_script(SIGNALS["Global Privacy Control"])
    open_page(page, shop.page())
    page.evaluate("footfall.consent(true); footfall.track('Thing')")
    assert_nothing_happened(page, collector, remembers=["_ff.c"])


def test_where_consent_is_required_nothing_is_kept_or_sent_before_it(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page("<button>Buy</button>", consent="required"))
    page.click("button")
    page.evaluate("footfall.track('Thing'); footfall.identify('C-1')")
    assert_nothing_happened(page, collector)


def test_consent_begins_with_the_page_in_view_and_is_remembered(page: Page, shop: Shop, collector: Collector) -> None:
    address = shop.page("<button>Buy</button>", consent="required")
    open_page(page, address)
    page.click("button")
    page.evaluate("footfall.consent(true)")
    events_of(page, collector, "pageview")
    page.reload()
    page.wait_for_function("typeof window.footfall?.track == 'function'")
    events_of(page, collector, "pageview", 2)
    assert [event["eventType"] for event in collector.stored] == ["pageview", "page_exit", "pageview"]


def test_consent_taken_back_forgets_everything_and_is_remembered(
    context: BrowserContext, page: Page, shop: Shop, collector: Collector
) -> None:
    address = shop.page()
    open_page(page, address)
    page.evaluate("footfall.track('Thing'); footfall.consent(false); footfall.track('Thing')")
    assert remembered(page) == ["_ff.c"]
    other = context.new_page()
    open_page(other, address)
    assert_nothing_happened(other, collector, remembers=["_ff.c"])


def test_consent_can_be_given_before_the_script_has_loaded(page: Page, shop: Shop, collector: Collector) -> None:
    stub = "<script>window.footfall=window.footfall||function(){(footfall.q=footfall.q||[]).push(arguments)}</script>"
    call = "<script>footfall('consent', true)</script>"
    open_page(page, shop.page(head=stub + call, consent="required"))
    events_of(page, collector, "pageview")
    assert len(collector.of("pageview")) == 1


def test_what_is_typed_is_never_sent(page: Page, shop: Shop, collector: Collector) -> None:
    secrets = {
        "email": "jane.doe@example.com",
        "password": "hunter2-hunter2",
        "card": "4242424242424242",
        "note": "my private note",
        "search": "embarrassing thing",
    }
    fields = "".join(f'<label>{name} <input name="{name}"></label>' for name in secrets)
    body = f"""<form id="f" onsubmit="return false">{fields}<input type="hidden" name="csrf" value="csrf-value">
      <textarea name="long">prefilled letter</textarea><select name="s"><option>secret option</select>
      <button>Send</button></form><p contenteditable>typed diary</p>"""
    open_page(page, shop.page(body))
    for name, value in secrets.items():
        page.click(f"[name={name}]")
        page.keyboard.type(value)
        page.dispatch_event(f"[name={name}]", "change")
    for selector in ("textarea", "select", "p", "button"):
        page.click(selector)
    events_of(page, collector, "form_submit")
    page.goto("about:blank")
    collector.wait_for_type("page_exit")
    sent = str([arrival.body for arrival in collector.arrivals])
    for value in [*secrets.values(), "csrf-value", "prefilled letter", "secret option", "typed diary"]:
        assert value not in sent
    assert len(collector.of("form")) == 7


def test_addresses_lose_the_values_of_private_parameters(page: Page, shop: Shop, collector: Collector) -> None:
    shop.page(path="/next")
    shop.page('<a href="/next?email=jane@example.com&amp;colour=red">Next</a>', path="/reset")
    open_page(page, f"{shop.url}/reset?token=s3cr3t&page=2&userEmail=jane%40example.com&author=austen#access_token=abc")
    page.click("a")
    page.wait_for_url("**/next*")
    collector.wait_for_type("click")
    sent = str([arrival.body for arrival in collector.arrivals])
    assert "s3cr3t" not in sent
    assert "jane" not in sent
    assert "=abc" not in sent
    assert (
        collector.of("pageview")[0]["url"]
        == f"{shop.url}/reset?token=*&page=2&userEmail=*&author=austen#access_token=*"
    )
    assert collector.of("click")[0]["properties"]["href"] == f"{shop.url}/next?email=*&colour=red"


def test_words_on_buttons_are_blotted_out_where_they_tell_who(page: Page, shop: Shop, collector: Collector) -> None:
    body = """<button id="a">Account of jane@example.com</button><button id="b">Card 4242 4242 4242 4242</button>
      <div data-footfall-private><button id="c">Hello Jane</button></div>"""
    open_page(page, shop.page(body))
    for name in "abc":
        page.click(f"#{name}")
    clicks = events_of(page, collector, "click", 3)
    assert [click["properties"].get("text") for click in clicks] == ["Account of *", "Card *", None]


def test_other_domains_and_excluded_paths_are_not_counted(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(path="/elsewhere", domains="shop.example.com, www.example.com"))
    open_page(page, shop.page(path="/admin/orders", exclude="/admin,/preview"))
    page.evaluate("footfall.track('Thing')")
    assert_nothing_happened(page, collector)


def test_an_excluded_route_after_the_hash_is_not_counted(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page(path="/app", exclude="/account"))
    for route in ("#/account/7", "#!/account", "#/there"):
        page.evaluate("route => { location.hash = route }", route)
        page.wait_for_timeout(500)
    views = events_of(page, collector, "pageview", 2)
    assert [view["url"].partition("#")[2] for view in views] == ["", "/there"]


def test_an_excluded_part_of_an_app_is_left_out_but_the_way_there_is_not(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(path="/shop", domains="127.0.0.1", exclude="/account"))
    for path in ("/account/card", "/shop/2"):
        page.evaluate("path => history.pushState({}, '', path)", path)
        page.wait_for_timeout(500)
    events_of(page, collector, "pageview", 2)
    assert [(event["eventType"], event["path"]) for event in collector.stored] == [
        ("pageview", "/shop"),
        ("page_exit", "/shop"),
        ("pageview", "/shop/2"),
    ]
