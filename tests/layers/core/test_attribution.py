"""What brought a visitor: who only sends them back did not, and a value has one spelling."""

from datetime import timedelta
from typing import cast

import pytest
from footfall.events.attribution import fold
from footfall.events.normalise import normalise
from footfall.schemas.event import Attribution
from footfall.schemas.session import SessionOrigin
from footfall.sessions.attribution import Credit, credits_of, is_direct
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_document, a_message, a_site, an_event

SHOP = "https://www.shop.example/thank-you"


def source_of(referrer: str | None, url: str | None = SHOP, **site: object) -> str | None:
    """Returns the source of a page view, `direct` being None."""
    event = normalise(an_event(url=url, referrer=referrer), a_message([]), a_site(**site), NOON)
    assert (event["attribution"]["channel"] == "direct") == ("source" not in event["attribution"])
    return event["attribution"].get("source")


@pytest.mark.parametrize(
    "referrer",
    [
        "https://www.paypal.com/",
        "https://www.paypal.com/webapps/hermes?token=EC-1",
        "https://www.sandbox.paypal.com/",
        "https://paypal.de/",
        "https://checkout.stripe.com/c/pay/cs_test",
        "https://hooks.stripe.com/3d_secure/",
        "https://pay.klarna.com/",
        "https://checkoutshopper-live.adyen.com/",
        "https://www.mollie.com/checkout/",
        "https://3ds2.checkout.com/",
        "https://payments.worldpay.com/",
        "https://squareup.com/",
        "https://shop.app/checkout",
        "https://pay.amazon.com/",
        "https://www.amazon.co.uk/ap/signin",
        "https://secure.ogone.com/",
        "https://sis.redsys.es/sis/realizarPago",
        "https://centinelapi.cardinalcommerce.com/",
        "https://acs2.bank.example/challenge",
        "https://3dsecure.bank.example/",
        "https://3ds-acs.bank.example/",
        "https://przelewy24.pl/",
        "android-app://com.paypal.android.p2pmobile/",
        "https://accounts.google.com/o/oauth2/auth",
        "https://appleid.apple.com/",
        "https://login.microsoftonline.com/common/oauth2",
        "https://www.facebook.com/v19.0/dialog/oauth",
        "https://tenant.eu.auth0.com/u/login",
        "https://tenant.okta.com/",
        "https://shop-pool.auth.eu-west-1.amazoncognito.com/login",
        "https://login.partner.example/",
        "https://sso.partner.example/",
        "https://checkout.shop.example/",
        "https://shop.example/",
        "https://blog.shop.example/",
        "https://WWW.SHOP.EXAMPLE/cart",
    ],
)
def test_who_sends_a_visitor_back_is_no_source(referrer: str) -> None:
    assert source_of(referrer) is None


@pytest.mark.parametrize(
    ("referrer", "source"),
    [
        ("https://www.google.com/", "google"),
        ("https://www.facebook.com/", "facebook"),
        ("https://l.facebook.com/l.php?u=x", "facebook"),
        ("https://www.amazon.co.uk/dp/B00", "amazon.co.uk"),
        ("https://www.apple.com/", "apple.com"),
        ("https://payments-news.example/", "payments-news.example"),
        ("https://stripes.example/", "stripes.example"),
        ("https://www.mypaypal.example/", "mypaypal.example"),
        ("https://linkedin.com/feed", "linkedin"),
        ("https://account.ing/", "account.ing"),
        ("https://other.example/", "other.example"),
    ],
)
def test_who_brings_a_visitor_is_a_source(referrer: str, source: str) -> None:
    assert source_of(referrer) == source


@pytest.mark.parametrize(
    ("url", "referrer", "own"),
    [
        ("https://pay.shop.co.uk/", "https://blog.shop.co.uk/", True),
        ("https://shop.co.uk/", "https://other.co.uk/", False),
        ("https://one.myshopify.com/", "https://two.myshopify.com/", False),
        ("https://shop.example/", "https://shop.example.org/", False),
        ("https://münchen.de/", "https://www.xn--mnchen-3ya.de/", True),
        ("https://192.168.1.10/", "https://10.0.1.10/", False),
    ],
)
def test_hosts_under_one_registered_domain_are_one_shop(url: str, referrer: str, own: bool) -> None:
    assert (source_of(referrer, url) is None) == own


@pytest.mark.parametrize("written", ["shop.de", "www.Shop.de", "*.shop.de", "https://shop.de/"])
def test_a_site_names_other_domains_of_its_own(written: str) -> None:
    for referrer in ("https://shop.de/", "https://www.shop.de/x", "https://pay.shop.de/"):
        assert source_of(referrer, own_domains=[written]) is None
        assert source_of(referrer, None, own_domains=[written]) is None
    assert source_of("https://workshop.de/", own_domains=[written]) == "workshop.de"


def test_where_a_sites_pages_send_from_is_its_own() -> None:
    assert source_of("https://shop.de/", origins=["https://shop.de"]) is None


@pytest.mark.parametrize(
    "written",
    [
        "newsletter",
        "Newsletter",
        "NEWSLETTER",
        "newsletter%20",
        "+newsletter",
        "%6Eewsletter",
        "%256Eewsletter",
        "news%E2%80%8Bletter",
        "%EF%BD%8Eewsletter",
    ],
)
def test_a_source_has_one_spelling(written: str) -> None:
    for query in (f"utm_source={written}", f"x=1&amp;utm_source={written}", f"UTM_Source={written}"):
        found = a_document(url=f"https://shop.example/?{query}")["attribution"]
        assert (found["source"], found["channel"]) == ("newsletter", "email")
    assert a_document(url=f"https://shop.example/#/sale?utm_source={written}")["attribution"]["source"] == "newsletter"
    assert a_document(url=f"https://shop.example/#utm_source={written}")["attribution"]["source"] == "newsletter"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Spring Sale", "spring sale"),
        (" Spring   Sale ", "spring sale"),
        ("Spring+Sale", "spring sale"),
        ("Spring%20Sale", "spring sale"),
        ("Spring%2BSale", "spring sale"),
        ("Spring%2520Sale", "spring sale"),
        ("FRÜHLING", "frühling"),
        ("100%", "100%"),
        ("spring_sale", "spring_sale"),
        ("c++", "c++"),
    ],
)
def test_a_value_that_the_client_gives_has_one_spelling(written: str, value: str) -> None:
    found = a_document(attribution={"utmParams": {"source": "x", "campaign": written}})["attribution"]
    assert found["campaign"] == value


@given(st.text("aA%20+é\u00a0\u200b", max_size=12))
def test_a_folded_value_stays_as_it_is(text: str) -> None:
    once = fold(text)
    assert "%" in once or "+" in once or fold(once) == once


def test_a_value_that_says_nothing_and_a_payment_provider_that_a_client_read_are_no_sources() -> None:
    for source in ("null", "(not set)", " ", "www.paypal.com"):
        found = a_document(attribution={"utmParams": {"source": source, "medium": ""}})["attribution"]
        assert found == {"channel": "direct"}


@pytest.mark.parametrize("name", ["campaign", "term", "content", "click_id"])
def test_a_visit_of_an_unknown_source_that_an_advertisement_marked_is_not_direct(name: str) -> None:
    assert is_direct({"channel": "direct"})
    assert not is_direct(cast(Attribution, {"channel": "direct", name: "x"}))


def test_a_visit_that_nothing_brought_is_credited_to_the_one_before_whatever_the_client_calls_them() -> None:
    brought, direct = Attribution(channel="email", source="news"), Attribution(channel="direct")

    def a_session(session_id: str, minutes: float, attribution: Attribution) -> SessionOrigin:
        began = NOON + timedelta(minutes=minutes)
        origin = {"session_id": session_id, "visitor_id": "v", "started_at": began, "own_attribution": attribution}
        return cast(SessionOrigin, origin)

    sessions = [
        a_session("z", 0, brought),
        a_session("a", 0, direct),
        a_session("y", 9, brought),
        a_session("b", 9, direct),
    ]
    credited = credits_of(sessions)
    assert credited == credits_of(sessions[::-1])
    assert credited["a"] == Credit(direct, NOON)
    assert credited["b"] == Credit(brought, NOON)
