"""One source has one name, whatever host it is told by; every other host stays what it is."""

import pytest
from footfall.events.sources import source_named

from tests.support.builders import a_document

SHOP = "https://shop.example/"


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("google", "google google.com www.google.com google.de www.google.co.uk google.com.br google.co.jp"),
        ("google", "com.google.android.googlequicksearchbox"),
        ("bing", "bing bing.com www.bing.com www2.bing.com cn.bing.com"),
        ("yahoo", "yahoo.com search.yahoo.com de.search.yahoo.com r.search.yahoo.com yahoo.co.jp"),
        ("yandex", "yandex.ru yandex.com.tr ya.ru"),
        ("duckduckgo", "duckduckgo.com html.duckduckgo.com"),
        ("ecosia", "ecosia.org www.ecosia.org"),
        ("facebook", "facebook facebook.com m.facebook.com l.facebook.com lm.facebook.com de-de.facebook.com"),
        ("pinterest", "pinterest.com pinterest.de www.pinterest.co.uk"),
        ("youtube", "youtube.com m.youtube.com"),
    ],
)
def test_hosts_of_one_source_have_its_name(name: str, hosts: str) -> None:
    assert {source_named(host) for host in hosts.split()} == {name}


@pytest.mark.parametrize(
    "host",
    [
        *(
            "docs.google.com",
            "mail.google.com",
            "gemini.google.com",
            "sites.google.com",
            "google.shop",
            "google.example",
        ),
        *("google.shop.example", "mygoogle.com", "brave.de", "bing.shop", "threads.store", "yahoo.shop.co.uk"),
        *(
            "amazon.de",
            "etsy.com",
            "chatgpt.com",
            "shop.example",
            "newsletter",
            "x.org",
            "co.uk",
            "com",
            "192.0.2.1",
        ),
        *("notya.ru", "ya.ru.example", "a..google.com", ".google.com", "google.com."),
    ],
)
def test_a_host_of_something_else_stays_a_host(host: str) -> None:
    assert source_named(host) == host


@pytest.mark.parametrize(
    ("url", "referrer"),
    [
        (SHOP, "https://www.google.de/search?q=lamp"),
        (f"{SHOP}?utm_source=google", None),
        (f"{SHOP}?utm_source=Google.com&utm_medium=organic", None),
        (f"{SHOP}?gclid=1", None),
    ],
)
def test_however_a_visit_tells_it_comes_from_google_it_is_one_source(url: str, referrer: str | None) -> None:
    assert a_document(url=url, referrer=referrer)["attribution"]["source"] == "google"
