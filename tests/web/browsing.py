"""What a person, or a browser, does in these tests."""

from playwright.sync_api import Page

from tests.web.servers import Collector, Json


def send_now(page: Page) -> None:
    """Say that the network is back, which makes the tracker send at once."""
    page.evaluate("dispatchEvent(new Event('online'))")


def open_page(page: Page, address: str) -> None:
    """Open a page and wait until its tracker is there."""
    page.goto(address)
    page.wait_for_function("typeof window.footfall?.track == 'function'")


def events_of(page: Page, collector: Collector, event_type: str, count: int = 1) -> list[Json]:
    """Returns the events of a type, once there are so many at the collector."""
    send_now(page)
    return collector.wait_for_type(event_type, count)


def cover(page: Page, covered: bool) -> None:
    """Another window covers the page, or no longer does."""
    page.evaluate(
        """covered => {
            Object.defineProperty(document, 'hidden', { value: covered, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        covered,
    )


def waiting(page: Page) -> list[str]:
    """Returns the ids of the events that wait in the browser's storage."""
    names: list[str] = page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('_ff.q.')).sort()")
    return [name.split(".")[3] for name in names]


def wait_until_all_is_sent(page: Page) -> None:
    """Wait until nothing waits in the browser's storage."""
    page.wait_for_function("!Object.keys(localStorage).some(name => name.startsWith('_ff.q.'))")
