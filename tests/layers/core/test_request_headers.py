"""Country, language and screen of an event: as it says, else as its request's headers do, where a browser sent it."""

from typing import Any

import pytest
from footfall.events.languages import language_of, preferred_language
from footfall.events.normalise import normalise
from footfall.events.screens import CLASSES, screen_class
from footfall.schemas.event import EventDocument
from footfall.schemas.message import API_KEY_SOURCE

from tests.support.builders import NOON, a_message, a_site, an_event

CHROME = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36"
FROM_ITALY = {"user_agent": CHROME, "country": "IT", "accept_language": "it-IT,it;q=0.9,en;q=0.5"}


def stored(event: dict[str, Any] | None = None, **message: Any) -> EventDocument:
    return normalise(an_event(**(event or {})), a_message([], **{**FROM_ITALY, **message}), a_site(), NOON)


def told(document: EventDocument) -> tuple[str | None, str | None]:
    return document.get("country"), document.get("language")


def test_a_browsers_request_tells_country_and_language() -> None:
    assert told(stored()) == ("IT", "it")
    assert told(stored(country=None, accept_language=None)) == (None, None)
    assert told(stored(country="T1", accept_language="*")) == (None, None)
    assert "flags" not in stored(country="T1", accept_language="*")


def test_what_the_event_says_counts_before_its_request() -> None:
    assert told(stored({"context": {"locale": "pt-BR", "location": {"country": "Brazil"}}})) == ("BR", "pt")
    assert told(stored({"properties": {"country": "DEU"}})) == ("DE", "it")


def test_what_the_event_says_and_cannot_be_read_is_left_out_and_flagged() -> None:
    document = stored({"context": {"locale": "Italian (Italy)", "country": "Atlantis"}})
    assert told(document) == (None, None)
    assert set(document["flags"]) == {"country_unreadable", "language_unreadable"}
    assert told(stored({"context": {"locale": "", "country": "(not set)"}})) == ("IT", "it")


@pytest.mark.parametrize(
    "message", [{"source": API_KEY_SOURCE}, {"user_agent": "python-requests/2.32"}, {"user_agent": None}]
)
def test_a_servers_request_tells_nothing_of_the_visitor(message: dict[str, Any]) -> None:
    assert told(stored(**message)) == (None, None)
    passed_on = {"context": {"userAgent": "Mozilla/5.0 (another's)"}}
    assert told(stored(passed_on)) == (None, None)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("it", "it"), ("pt-BR", "pt"), ("it_IT.UTF-8", "it"), ("zh-Hant-TW", "zh"), ("IW", "he"), ("fil-PH", "fil")],
)
def test_a_language_is_the_first_part_of_its_tag(tag: str, language: str) -> None:
    assert language_of(tag) == language


@pytest.mark.parametrize("tag", ["", "*", "und", "C", "English", "x-klingon", "it it", "it" + "x" * 400, "ἑλλ"])
def test_what_is_no_tag_is_no_language(tag: str) -> None:
    assert language_of(tag) is None


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, fr;q=0.9", "fr"),
        ("*, es;q=0.1", "es"),
        ("nl;q=0, en;q=0.1", "en"),
        ("sv;q=high", "sv"),
        ("*", None),
        (",;,;q=1", None),
    ],
)
def test_the_language_that_is_wanted_most_counts(header: str, language: str | None) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        ({"width": 390, "height": 844}, "compact"),
        ({"width": 768}, "medium"),
        (1024, "expanded"),
        ("1440", "large"),
        ("1920x1080", "extra-large"),
        ({"width": "800"}, "medium"),
        (0, None),
        (-5, None),
        (10**9, None),
        ("wide", None),
        ({}, None),
        ([390], None),
        (None, None),
        (True, None),
    ],
)
def test_a_screen_is_of_the_class_of_its_width(screen: object, size: str | None) -> None:
    assert screen_class(screen) == size
    assert size in (None, *CLASSES)


def test_an_android_apps_screen_is_told_in_its_own_pixels() -> None:
    screen = {"width": 1080, "height": 2340, "density": 2.75}
    app = {"context": {"screen": screen, "userAgent": "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)"}}
    page = {"context": {"screen": {**screen, "width": 393}}}
    assert stored(app)["screen"] == "compact"
    assert stored(page)["screen"] == "compact"
    assert stored({"context": {"screen": {"width": 1280, "density": 2}}})["screen"] == "large"


def test_the_tracker_tells_the_width_of_the_screen() -> None:
    assert stored({"screenWidth": 1280})["screen"] == "large"
    assert stored({"screenWidth": "1280.0"})["screen"] == "large"
    odd = stored({"screenWidth": "wide"})
    assert ("screen" in odd, odd["flags"]) == (False, ["screen_width_invalid"])


def test_the_referrers_host_is_kept_where_it_is_anothers() -> None:
    url = {"url": "https://shop.example/p/1"}
    assert stored({**url, "referrer": "https://www.blog.example/post?x=1"})["referrer_host"] == "blog.example"
    for own in ("https://shop.example/", "https://checkout.shop.example/", "https://www.paypal.com/pay", "nonsense"):
        assert "referrer_host" not in stored({**url, "referrer": own})
