"""No event is lost between the page and the collector, whatever the network does; and none is sent for ever."""

import json
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.web.browsing import events_of, open_page, send_now, wait_until_all_is_sent, waiting
from tests.web.servers import Answer, Collector, Json, Shop

pytestmark = pytest.mark.xdist_group("tracker: delivery")  # a browser is started once for the module

PLENTY = 1200
BEACON_LIMIT = 64 * 1024


def track_many(page: Page, count: int, padding: int = 0) -> None:
    """Tracks so many numbered events at once."""
    page.evaluate(
        """([count, padding]) => {
            for (let n = 0; n < count; n++) footfall.track('Thing', { n, text: 'é'.repeat(padding) });
        }""",
        [count, padding],
    )


def numbers(events: list[Json]) -> list[int]:
    """Returns the numbers of such events, in their order."""
    return [event["properties"]["n"] for event in events if event.get("event") == "Thing"]


def test_events_leave_the_queue_once_they_are_taken(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    wait_until_all_is_sent(page)
    assert len(collector.arrivals) == 1, "within two seconds, by itself"
    assert [event["eventType"] for event in collector.taken] == ["pageview"]


def test_events_made_offline_survive_a_reload_and_go_when_the_network_is_back(
    context: BrowserContext, page: Page, shop: Shop, collector: Collector
) -> None:
    address = shop.page()
    open_page(page, address)
    events_of(page, collector, "pageview")
    context.set_offline(True)
    track_many(page, 3)
    collector.always = Answer(0)
    context.set_offline(False)
    page.reload()
    page.wait_for_function("typeof window.footfall?.track == 'function'")
    made = waiting(page)
    assert len(made) >= 5, "three things, an exit and a view"
    collector.always = Answer()
    send_now(page)
    collector.wait_for(lambda: numbers(collector.stored) == [0, 1, 2])
    collector.wait_for(lambda: {event["eventId"] for event in collector.stored} >= set(made))
    wait_until_all_is_sent(page)


def test_an_answer_that_is_lost_means_the_same_events_again_with_the_same_ids(
    page: Page, shop: Shop, collector: Collector
) -> None:
    collector.answers.append(Answer(0))
    open_page(page, shop.page())
    track_many(page, 2)
    events_of(page, collector, "track", 2)
    first, second = collector.arrivals[0], collector.arrivals[-1]
    assert first.status == 0
    assert {event["eventId"] for event in first.events} <= {event["eventId"] for event in second.events}
    once = {event["eventId"]: event for event in first.events}
    assert all(event == once[event["eventId"]] for event in second.events if event["eventId"] in once)
    assert first.body["sentAt"] < second.body["sentAt"]


def test_attempts_come_ever_further_apart(page: Page, shop: Shop, collector: Collector) -> None:
    collector.always = Answer(500)
    open_page(page, shop.page())
    collector.wait_for(lambda: len(collector.arrivals) >= 4)
    times = [arrival.at for arrival in collector.arrivals]
    first, second, third = (later - earlier for earlier, later in pairwise(times[:4]))
    assert first > 0.4
    assert second > 0.9
    assert third > 1.9


def test_the_collector_s_wish_to_be_left_alone_is_granted_by_every_page(
    page: Page, shop: Shop, collector: Collector
) -> None:
    for status in (503, 429):
        collector.answers.append(Answer(status, {"Retry-After": "3"}))
    address = shop.page()
    open_page(page, address)
    send_now(page)
    collector.wait_for(lambda: len(collector.arrivals) == 1)
    page.wait_for_function("localStorage['_ff.r']")
    open_page(page, address)
    send_now(page)
    collector.wait_for(lambda: len(collector.arrivals) == 3)
    times = [arrival.at for arrival in collector.arrivals]
    assert times[1] - times[0] >= 2.9
    assert times[2] - times[1] >= 2.9
    assert len(collector.of("pageview")) == 2


def test_a_batch_that_is_refused_is_dropped_with_a_warning(page: Page, shop: Shop, collector: Collector) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    collector.answers.append(Answer(403))
    open_page(page, shop.page())
    send_now(page)
    wait_until_all_is_sent(page)
    track_many(page, 1)
    events_of(page, collector, "track")
    assert "footfall: 1 events refused with 403" in warnings
    assert collector.of("pageview") == []


def test_an_event_that_is_rejected_from_a_batch_is_told_to_the_developer(
    page: Page, shop: Shop, collector: Collector
) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    collector.answers.append(Answer(rejected=[{"index": 0, "code": "unprocessable_entity", "message": "too long"}]))
    open_page(page, shop.page())
    events_of(page, collector, "pageview")
    page.wait_for_timeout(100)
    assert any(text.startswith("footfall: events rejected") for text in warnings)
    assert waiting(page) == []


def test_a_batch_that_is_too_large_is_split_until_it_fits(page: Page, shop: Shop, collector: Collector) -> None:
    collector.most_bytes = 5_000
    open_page(page, shop.page())
    track_many(page, 90)
    events_of(page, collector, "track", 90)
    assert numbers(collector.stored) == list(range(90))
    assert any(arrival.status == 413 for arrival in collector.arrivals)
    assert len(collector.taken) == len(collector.stored)


def test_an_event_too_large_for_any_request_does_not_hold_up_the_rest(
    page: Page, shop: Shop, collector: Collector
) -> None:
    collector.most_bytes = 50_000
    open_page(page, shop.page())
    track_many(page, 1, padding=40_000)
    page.evaluate("footfall.track('Thing', { n: 1 })")
    collector.wait_for(lambda: numbers(collector.stored) == [1])
    wait_until_all_is_sent(page)


def test_no_request_is_larger_than_what_may_outlive_a_page(page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    track_many(page, 700)
    events_of(page, collector, "track", 700)
    assert numbers(collector.stored) == list(range(700))
    assert max(arrival.size for arrival in collector.arrivals) < BEACON_LIMIT
    assert max(len(arrival.events) for arrival in collector.arrivals) <= 500


def test_the_queue_keeps_the_newest_thousand(page: Page, shop: Shop, collector: Collector) -> None:
    collector.always = Answer(503, {"Retry-After": "3000"})
    open_page(page, shop.page())
    send_now(page)
    page.wait_for_function("localStorage['_ff.r']")
    track_many(page, PLENTY)
    assert len(waiting(page)) == 1000
    collector.always = Answer()
    page.evaluate("delete localStorage['_ff.r']")
    send_now(page)
    collector.wait_for(lambda: len(collector.stored) == 1000)
    assert numbers(collector.stored) == list(range(PLENTY - 1000, PLENTY))


def test_the_exit_is_sent_by_beacon(context: BrowserContext, page: Page, shop: Shop, collector: Collector) -> None:
    open_page(page, shop.page())
    send_now(page)
    wait_until_all_is_sent(page)
    track_many(page, 1)
    page.close(run_before_unload=True)
    collector.wait_for_type("page_exit")
    beacon = collector.arrivals[-1]
    assert beacon.by_beacon
    assert beacon.headers["content-type"].startswith("text/plain")
    assert beacon.body["writeKey"] == "wk_test"
    assert [event["eventType"] for event in beacon.events] == ["track", "page_exit"]


def test_what_a_beacon_carried_stays_queued_until_an_answer_says_so(
    page: Page, shop: Shop, collector: Collector
) -> None:
    open_page(page, shop.page(path="/first"))
    events_of(page, collector, "pageview")
    collector.answers.append(Answer(0))
    open_page(page, shop.page(path="/second"))
    collector.wait_for(lambda: len(collector.arrivals) == 2)
    assert collector.arrivals[1].by_beacon
    assert collector.arrivals[1].status == 0
    events_of(page, collector, "page_exit")
    assert [event["path"] for event in collector.stored] == ["/first", "/first", "/second"]


def test_a_browser_that_takes_no_beacon_is_asked_with_a_lasting_request(
    page: Page, shop: Shop, collector: Collector
) -> None:
    page.add_init_script("navigator.sendBeacon = () => false")
    open_page(page, shop.page())
    events_of(page, collector, "pageview")
    page.goto("about:blank")
    collector.wait_for_type("page_exit")
    assert not any(arrival.by_beacon for arrival in collector.arrivals)


def test_tabs_lose_nothing_and_come_to_rest(context: BrowserContext, shop: Shop, collector: Collector) -> None:
    collector.always = Answer(0)
    address = shop.page()
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        open_page(tab, address)
    for tab in tabs:
        tab.evaluate("footfall.track('Thing', { n: 1 })")
    collector.always = Answer()
    for tab in tabs:
        send_now(tab)
    collector.wait_for(lambda: len(collector.stored) == 6)
    for tab in tabs:
        wait_until_all_is_sent(tab)
    sent = len(collector.arrivals)
    tabs[0].wait_for_timeout(2500)
    assert len(collector.arrivals) == sent, "the tabs have come to rest"
    assert len({event["visitorId"] for event in collector.stored}) == 1
    assert len({event["sessionId"] for event in collector.stored}) == 1


def test_tabs_of_a_browser_without_locks_come_to_rest(
    context: BrowserContext, shop: Shop, collector: Collector
) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    collector.always = Answer(0)
    address = shop.page()
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        open_page(tab, address)
    collector.always = Answer()
    for tab in tabs:
        send_now(tab)
    collector.wait_for(lambda: len(collector.stored) == 3)
    wait_until_all_is_sent(tabs[0])
    tabs[0].wait_for_timeout(1000)  # without locks, other tabs may be under way with the same
    sent = len(collector.arrivals)
    tabs[0].wait_for_timeout(2500)
    assert len(collector.arrivals) == sent


def test_a_tab_sends_what_a_closed_one_left_behind(context: BrowserContext, shop: Shop, collector: Collector) -> None:
    collector.always = Answer(0)
    address = shop.page()
    first, second = context.new_page(), context.new_page()
    open_page(first, address)
    open_page(second, address)
    track_many(first, 5)
    first.close()
    collector.always = Answer()
    send_now(second)
    collector.wait_for(lambda: numbers(collector.stored) == [0, 1, 2, 3, 4])


def test_without_storage_and_locks_events_are_still_sent(page: Page, shop: Shop, collector: Collector) -> None:
    page.add_init_script(
        """Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } });
           Object.defineProperty(navigator, 'locks', { value: undefined });
           Object.defineProperty(crypto, 'randomUUID', { value: undefined });"""
    )
    open_page(page, shop.page())
    track_many(page, 2)
    events_of(page, collector, "track", 2)
    page.wait_for_timeout(2500)
    assert len(collector.taken) == 3
    assert all(event["eventId"][14] == "4" for event in collector.taken)


def test_a_full_storage_loses_nothing_of_this_page(page: Page, shop: Shop, collector: Collector) -> None:
    page.add_init_script(
        "Storage.prototype.setItem = undefined; for (let n = 1e6; n >= 1; n /= 2)"
        "{ try { for (;;) localStorage['fill' + Math.random()] = 'x'.repeat(n) } catch {} }"
    )
    open_page(page, shop.page())
    track_many(page, 3)
    events_of(page, collector, "track", 3)
    assert numbers(collector.stored) == [0, 1, 2]
    assert len({event["sessionId"] for event in collector.stored}) == 1


def test_texts_of_all_scripts_arrive_as_they_were(page: Page, shop: Shop, collector: Collector) -> None:
    text = "Größe 42 – 茶壶 🫖"
    open_page(page, shop.page(f'<button aria-label="{"🫖" * 60}">x</button>', head=f"<title>{text}</title>"))
    page.evaluate(f"footfall.track('Thing', {{ text: {json.dumps(text)} }})")
    page.click("button")
    [click] = events_of(page, collector, "click")
    click["properties"]["text"].encode()  # no half of a surrogate pair
    assert collector.of("track")[0]["properties"]["text"] == text
