import json
import math
from datetime import timedelta
from typing import Any

import pytest
from bson import encode
from footfall.errors import Invalid, Unstorable
from footfall.events.commerce_fields import read_commerce
from footfall.events.lenient import is_empty, read_leniently
from footfall.events.normalise import normalise
from footfall.events.reading import NAMES, SPELLINGS, is_told_otherwise, read_event
from footfall.events.storable import MAX_EVENT_BYTES
from footfall.money import minor_units
from footfall.schemas.event import IncomingEvent, Json
from footfall.schemas.site import PageRule
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.builders import NOON, a_document, a_message, a_site, an_event, nested

TEN = NOON - timedelta(hours=2)


def test_segment_names_are_aliases() -> None:
    raw = {
        "type": "track",
        "event": "Product Added",
        "messageId": "m-1",
        "anonymousId": "a-1",
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


SAID = st.sampled_from([*SPELLINGS, "colour", "Type"])
USUAL = st.none() | st.text(max_size=3) | st.integers(0, 9) | st.just({"a": 1})


@given(st.dictionaries(SAID, USUAL, max_size=9))
def test_an_event_is_read_as_its_model_says_whatever_its_fields_are_called(said: Json) -> None:
    raw = {"eventType": "click", "visitorId": "v", **said}
    try:
        model = IncomingEvent.model_validate(raw)
    except ValidationError:
        return
    fields = {name: getattr(model, name) for name in IncomingEvent.model_fields}
    if is_told_otherwise(fields, raw):
        return
    assert {**IncomingEvent(event_type="click").model_dump(), **read_event(raw).event} == fields
    assert {"sequence": 0, **read_leniently(raw, NAMES, [])} == {
        name: value for name, value in fields.items() if not is_empty(value)
    }
    stored = normalise({**raw, "eventId": "e", "properties": {}}, a_message([]), a_site(), NOON)
    extra = IncomingEvent.model_validate({**raw, "eventId": "e", "properties": {}}).model_extra
    assert stored.get("properties", {}) == extra


OPTIONAL = st.sampled_from([name for name in SPELLINGS if name not in (*NAMES["event_type"], *NAMES["event_name"])])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.just("x" * 5_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=9,
)


def _is_compared(value: object) -> bool:
    # the model takes True for 1, and an infinite send time, which is never stored, for a number
    return not isinstance(value, bool) and not (isinstance(value, float) and not math.isfinite(value))


@given(st.dictionaries(OPTIONAL, ANYTHING.filter(_is_compared), max_size=9))
@example({"sentAt": {"": None}, "sent_at": 0, "message_id": {"": None}})
def test_no_field_is_so_odd_that_it_costs_another_or_the_event(said: Json) -> None:
    alone: Json = {}
    for field, names in NAMES.items():
        event = read_event({"eventType": "click", **{name: said[name] for name in names if name in said}}).event
        alone[field] = event.get(field)
    together = read_event({"eventType": "click", **said}).event
    assert {name: value for name, value in together.items() if not is_empty(value)} == {
        name: value for name, value in alone.items() if not is_empty(value)
    }
    if len(json.dumps(said)) < MAX_EVENT_BYTES:
        encode(normalise({"eventType": "click", **said, "eventId": "e"}, a_message([]), a_site(), NOON))


SEQUENCE = {"properties": {"sequence": "99999999999999999999"}}
MENDED = {"properties": {"n": "123456789012345678901234567890", "ab": "\ufffd"}}


@pytest.mark.parametrize(
    ("but", "stored", "flag"),
    [
        ({"properties": []}, {}, None),
        ({"context": [], "traits": "", "attribution": None, "userId": " "}, {}, None),
        ({"properties": '{"a": 1}'}, {"properties": {"a": 1}}, None),
        ({"properties": "[]"}, {}, None),
        ({"properties": '{"n": 123456789012345678901234567890, "a\\u0000b": "\\ud83d"}'}, MENDED, "properties_mended"),
        ({"properties": '{"sequence": 99999999999999999999}'}, SEQUENCE, "properties_mended"),
        ({"properties": '{"ip": "203.0.113.77"}'}, {"properties": {"ip": "203.0.113.0"}}, None),
        ({"properties": json.dumps({"a": nested(30)})}, {}, "properties_invalid"),
        ({"properties": [1]}, {}, "properties_invalid"),
        ({"traits": "gold"}, {}, "traits_invalid"),
        (
            {"url": "https://shop.example/" + "x" * 5_000},
            {"url": ("https://shop.example/" + "x" * 5_000)[:4096]},
            "url_cut",
        ),
        ({"title": "x" * 2_000}, {"title": "x" * 1024}, "title_cut"),
        ({"title": ["x"]}, {}, "title_invalid"),
        ({"title": 404}, {"title": "404"}, None),
        ({"referrer": {}}, {}, None),
        ({"duration": "long"}, {}, "duration_invalid"),
        ({"duration": "NaN"}, {}, "duration_invalid"),
        ({"duration": "1.5"}, {"duration": 1.5}, None),
        ({"userId": {"$oid": "5f"}}, {"user_id": "5f"}, None),
        ({"userId": ["u"]}, {}, "user_id_invalid"),
        ({"userId": "undefined"}, {}, "user_id_placeholder"),
        ({"userId": "17850.0"}, {"user_id": "17850"}, None),
        ({"userId": "", "user_id": "u"}, {"user_id": "u"}, None),
        ({"sessionId": "null"}, {}, "session_id_placeholder"),
        ({"timestamp": None, "originalTimestamp": "2026-03-01T10:00:00Z"}, {"timestamp": TEN}, None),
        ({"timestamp": {"$date": "2026-03-01T10:00:00Z"}}, {"timestamp": TEN}, None),
        ({"timestamp": 1_772_359_200}, {"timestamp": TEN}, None),
        ({"timestamp": "01/03/2026 10:00"}, {"timestamp": NOON}, "timestamp_invalid"),
        ({"eventType": "Page View"}, {"type": "pageview"}, None),
        ({"eventType": 7}, {"type": "custom", "name": "7"}, None),
        ({"eventType": None, "event": "Lamp Lit"}, {"type": "custom", "name": "Lamp Lit"}, None),
        ({"eventType": "track", "event": 42}, {"type": "custom", "name": "42"}, None),
        ({"eventType": "track", "event": ["x"]}, {"type": "custom", "name": "track"}, "event_name_invalid"),
        ({"ip": "203.0.113.77", "context": {"ip": "203.0.113.77"}}, {"properties": {"ip": "203.0.113.0"}}, None),
        ({"properties": {"$ip": ["2001:db8:abcd:1234::1"]}}, {"properties": {"$ip": ["2001:db8:abcd::"]}}, None),
    ],
)
def test_what_is_odd_costs_its_field_and_says_so(but: Json, stored: Json, flag: str | None) -> None:
    document: Json = {**a_document(**but)}
    (odd,) = but if len(but) == 1 else (None,)
    assert {name: document.get(name) for name in stored} == stored
    assert document.get("flags") == ([flag] if flag else None)
    assert stored or SPELLED.get(str(odd)) not in document


SPELLED = {name: field for field, names in NAMES.items() for name in names}


def test_ids_that_are_too_long_stay_two() -> None:
    one, other = (a_document(userId="x" * 300 + end) for end in "ab")
    assert (one["flags"], len(one["user_id"]), one["user_id"] == other["user_id"]) == (["user_id_cut"], 256, False)


def test_ids_that_stand_elsewhere_are_kept_as_short() -> None:
    (session, other), alias = (
        [a_document(context={"sessionId": "s" * 17_000 + end}, visitorId=None) for end in "ab"],
        a_document(eventType="alias", properties={"previousId": "p" * 400}),
    )
    assert (len(session["session_id"] or ""), session["session_id"] == other["session_id"]) == (256, False)
    assert len(session["visitor_id"]) < 300
    assert len(alias["visitor_id"]) == 256


def test_nobody_without_a_visitor_is_a_visitor_of_their_own() -> None:
    told = {"visitorId": None, "userId": "guest"}
    stored = a_document(eventId="e", **told)
    assert (stored["visitor_id"], stored["flags"]) == ("nobody:e", ["user_id_placeholder", "no_visitor"])
    assert a_document(sessionId="s", **told)["visitor_id"] == "nobody:s"
    assert a_document(visitorId="[object Object]", userId="u")["visitor_id"] == "u"


@pytest.mark.parametrize("time", [None, "yesterday", "2099-01-01T00:00:00Z", 5])
def test_history_is_never_dated_now(time: object) -> None:
    with pytest.raises(Unstorable) as caught:
        normalise(an_event(timestamp=time), a_message([], source="import:1"), a_site(), NOON)
    assert caught.value.reason == "bad_date"


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


@pytest.mark.parametrize("but", [{"eventType": ""}, {"eventType": None}, {"eventType": {"a": "secret"}}])
def test_a_wrong_field_is_named_and_its_value_is_not(but: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        read_event(an_event(**but))
    assert caught.value.problems[0].field == "eventType"
    assert "secret" not in caught.value.detail


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
