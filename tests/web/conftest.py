"""A real Chromium, a shop and a collector."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support.chromium import browser
from tests.web.servers import Collector, Shop

__all__ = ["browser"]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browser: empty, with tabs that share their storage."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The first tab."""
    return context.new_page()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Remembers what is sent."""
    with Collector() as collector:
        yield collector


@pytest.fixture
def shop(collector: Collector) -> Iterator[Shop]:
    """Serves pages that send to the collector."""
    with Shop(collector.url) as shop:
        yield shop
