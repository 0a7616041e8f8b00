from typing import Any

import pytest
from footfall.errors import Invalid
from footfall.events.commerce_fields import read_commerce
from footfall.events.normalise import SPELLINGS, normalise, read_event
from footfall.money import minor_units
from footfall.schemas.event import IncomingEvent, Json
from footfall.schemas.site import PageRule
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.builders import NOON, a_document, a_message, a_site, an_event


def test_segment_names_are_aliases() -> None:
    raw = {
        "type": "track",
        "event": "Product Added",
        "messageId": "m-1",
        "anonymousId": "anonymous",
        "userId": "known",
        "context": {
            "campaign": {"name": "spring", "source": "news", "medium": "email"},
            "page": {"url": "https://shop.example/p"},
        },
        "properties": {"product_id": "p1", "price": 2.5, "quantity": 3},
    }
    stored = normalise(raw, a_message([]), a_site(currency="GBP"), NOON)
    assert (stored["_id"], stored["type"], stored["person_id"]) == ("demo:m-1", "product_added", "known")
    assert (stored["attribution"]["campaign"], stored["attribution"]["channel"]) == ("spring", "email")
    assert stored["commerce"] is not None
    assert stored["commerce"]["lines"][0]["total"] == 750


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"eventType": "purchase"}, "order_completed"),
        ({"eventType": "track", "event": "Order Completed"}, "order_completed"),
        ({"eventType": "order_completed"}, "order_completed"),
        ({"eventType": "add_to_cart"}, "product_added"),
        ({"eventType": "page"}, "pageview"),
        ({"eventType": "click"}, "click"),
        ({"eventType": "Newsletter Signup"}, "custom"),
        ({"eventType": "custom", "eventName": "wishlist"}, "custom"),
    ],
)
def test_every_vocabulary_becomes_one(sent: dict[str, str], stored: str) -> None:
    assert a_document(**sent)["type"] == stored


def test_an_alias_links_the_id_before_to_the_one_after() -> None:
    stored = a_document(eventType="alias", visitorId=None, previousId="before", userId="after")
    assert (stored["visitor_id"], stored["person_id"]) == ("before", "after")


def test_a_groups_traits_are_nobodys() -> None:
    assert a_document(eventType="group", traits={"plan": "team"}).get("traits") is None


def test_a_custom_event_keeps_its_name() -> None:
    assert a_document(eventType="Newsletter Signup")["name"] == "Newsletter Signup"


NAMES = st.sampled_from([*SPELLINGS, "colour", "Type"])
SAID = st.dictionaries(NAMES, st.none() | st.text(max_size=3) | st.integers(0, 9) | st.just({"a": 1}), max_size=9)


@given(SAID)
def test_an_event_is_read_as_its_model_says_whatever_its_fields_are_called(said: Json) -> None:
    raw = {"eventType": "click", "visitorId": "v", **said}
    try:
        model = IncomingEvent.model_validate(raw)
    except ValidationError as error:
        with pytest.raises(Invalid) as found:
            read_event(raw)
        places = [".".join(map(str, problem["loc"])) for problem in error.errors()]
        assert [problem.field for problem in found.value.problems] == places
        return
    if not (model.visitor_id or model.user_id):
        return
    fields = {name: getattr(model, name) for name in IncomingEvent.model_fields}
    assert {**IncomingEvent(event_type="click").model_dump(), **read_event(raw).event} == fields
    stored = normalise({**raw, "eventId": "e", "properties": {}}, a_message([]), a_site(), NOON)
    extra = IncomingEvent.model_validate({**raw, "eventId": "e", "properties": {}}).model_extra
    assert stored.get("properties", {}) == extra


def test_unknown_fields_are_properties() -> None:
    assert a_document(colour="red", properties={"size": 3})["properties"] == {"colour": "red", "size": 3}


@pytest.mark.parametrize(
    ("path", "page_type"),
    [
        ("/", "home"),
        ("/search?q=x", "search"),
        ("/products/7", "product"),
        ("/checkout", "payment"),
        ("/about", None),
        ("/sale/1", "offer"),
    ],
)
def test_the_page_type_comes_from_the_sites_rules_then_the_usual_paths(path: str, page_type: str | None) -> None:
    site = a_site(page_rules=[PageRule(prefix="/sale", page_type="offer")])
    stored = normalise(an_event(url=f"https://www.shop.example{path}"), a_message([]), site, NOON)
    assert stored.get("page_type") == page_type


@pytest.mark.parametrize(
    ("agent", "device", "bot"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130", "Desktop", False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Mobile/15E148", "Mobile", False),
        ("Mozilla/5.0 (Linux; Android 14; SM-X710) Safari", "Tablet", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "Other", True),
    ],
)
def test_the_device_is_read_from_the_user_agent(agent: str, device: str, bot: bool) -> None:
    stored = normalise(an_event(), a_message([], user_agent=agent), a_site(), NOON)
    assert (stored["device"], stored["bot"]) == (device, bot)


@pytest.mark.parametrize(
    ("url", "referrer", "channel"),
    [
        ("https://shop.example/?gclid=1", None, "paid_search"),
        ("https://shop.example/", "https://www.google.com/", "organic_search"),
        ("https://shop.example/", "https://shop.example/cart", "direct"),
        ("https://shop.example/", "https://blog.example/", "referral"),
        ("https://shop.example/?utm_source=x&utm_medium=social", None, "organic_social"),
        ("https://[broken", None, "direct"),
    ],
)
def test_the_channel_is_told_by_where_the_visit_came_from(url: str, referrer: str | None, channel: str) -> None:
    assert a_document(url=url, referrer=referrer)["attribution"]["channel"] == channel


@pytest.mark.parametrize(
    ("but", "field"),
    [
        ({"eventType": ""}, "eventType"),
        ({"eventType": 7}, "eventType"),
        ({"visitorId": "x" * 300}, "visitorId"),
        ({"properties": [1]}, "properties"),
        ({"visitorId": None}, "visitorId"),
        ({"duration": "long"}, "duration"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(but: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_event(an_event(**but))
    assert caught.value.problems[0].field.startswith(field)
    assert "x" * 300 not in caught.value.detail


@pytest.mark.parametrize(
    ("amount", "minor"),
    [(12.5, 1250), ("8911407.904", 891140790), ("1e30", None), (True, None), ("abc", None), ("NaN", None), (0.125, 12)],
)
def test_money_is_exact_minor_units(amount: Any, minor: int | None) -> None:
    assert minor_units(amount, "GBP") == minor


def test_money_follows_its_currency() -> None:
    assert (minor_units(1500, "JPY"), minor_units("1.234", "KWD")) == (1500, 1234)


def test_an_order_without_a_total_is_worth_its_lines() -> None:
    products = [{"sku": "a", "price": "2.55", "quantity": 6}, {"sku": "b", "price": 1}]
    order = read_commerce("order_completed", {"order_id": 7, "products": products}, "GBP", [])
    assert (order["order_id"], order["total"]) == ("7", 15_30 + 1_00)


def test_the_name_of_a_segment_page_is_its_title_where_it_has_no_other() -> None:
    assert a_document(eventType="screen", name="Basket")["title"] == "Basket"
    assert a_document(eventType="page", name="Home", properties={"title": "Shop"})["title"] == "Shop"
    assert a_document(eventType="click", name="Buy").get("title") is None
