"""Channels, as Google Analytics 4 would have them, and what others get wrong."""

import pytest
from footfall.events.channels import channel_of

from tests.support.builders import a_document


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "channel"),
    [
        (None, None, None, "direct"),
        ("(direct)", "(none)", None, "direct"),
        ("google", "cpc", "Cross-network spring", "cross_network"),
        ("google", "cpc", "shopping-uk", "paid_shopping"),
        ("amazon.de", "paid", None, "paid_shopping"),
        ("Google", "CPC", None, "paid_search"),
        ("facebook", "paid_social", None, "paid_social"),
        ("youtube.com", "cpv-cpm", None, "paid_video"),
        ("adnetwork", "cpm", None, "display"),
        ("adnetwork", "banner", None, "display"),
        ("partner", "ppc", None, "paid_other"),
        ("weekly", "email", "e-shop news", "email"),
        ("newsletter", None, None, "email"),
        ("mail.google.com", None, None, "email"),
        ("deals", "affiliate", None, "affiliates"),
        ("sms", None, None, "sms"),
        ("app", "web-push", None, "push"),
        ("podcast", "audio", None, "audio"),
        ("etsy.com", None, None, "organic_shopping"),
        ("l.facebook.com", None, None, "organic_social"),
        ("t.co", None, None, "organic_social"),
        ("x", "social", None, "organic_social"),
        ("m.youtube.com", None, None, "organic_video"),
        ("chatgpt.com", None, None, "assistants"),
        ("gemini.google.com", None, None, "assistants"),
        ("news.google.co.uk", None, None, "organic_search"),
        ("com.google.android.googlequicksearchbox", None, None, "organic_search"),
        ("x.org", None, None, "referral"),
        ("my-google-blog.example", None, None, "referral"),
        ("workshop", "leaflet", "workshops", "referral"),
    ],
)
def test_the_first_rule_that_fits_says_the_channel(
    source: str | None, medium: str | None, campaign: str | None, channel: str
) -> None:
    assert channel_of(source, medium, campaign) == channel


@pytest.mark.parametrize(
    ("url", "referrer", "source", "channel"),
    [
        ("https://shop.example/?gclid=1", None, "google", "paid_search"),
        ("https://shop.example/?dclid=1", None, "google", "display"),
        ("https://shop.example/?fbclid=1", "https://l.facebook.com/", "facebook", "organic_social"),
        ("https://shop.example/?fbclid=1&utm_medium=cpc&utm_source=fb", None, "fb", "paid_social"),
        ("https://shop.example/?ttclid=1", None, "tiktok", "paid_social"),
        ("https://shop.example/?li_fat_id=1", None, "linkedin", "paid_social"),
        ("https://www.shop.example/", "https://checkout.shop.example/thanks", None, "direct"),
        ("https://m.shop.example/", "https://shop.example/", None, "direct"),
        ("https://shop.example/", "https://myshop.example/", "myshop.example", "referral"),
        ("https://shop.example/", "android-app://com.google.android.gm/", "com.google.android.gm", "email"),
    ],
)
def test_links_referrers_and_click_ids_tell_source_and_channel(
    url: str, referrer: str | None, source: str | None, channel: str
) -> None:
    found = a_document(url=url, referrer=referrer)["attribution"]
    assert (found.get("source"), found["channel"]) == (source, channel)
