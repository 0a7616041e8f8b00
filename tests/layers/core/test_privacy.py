"""What is private in what pages send, hidden before anything is stored."""

from typing import Any

import pytest
from footfall.events.normalise import normalise
from footfall.events.privacy import privacy_of
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_message, a_site, an_event

PRIVACY = privacy_of(a_site())
CARD = "4111 1111 1111 1111"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("https://shop.example/lamps?colour=red", "https://shop.example/lamps?colour=red"),
        ("https://shop.example/?email=ann@mail.example&page=2", "https://shop.example/?email=:private&page=2"),
        ("https://shop.example/?q=ann%40mail.example", "https://shop.example/?q=:email"),
        ("https://shop.example/?Password=x;a=1", "https://shop.example/?Password=:private;a=1"),
        ("https://shop.example/user/ann@mail.example/orders", "https://shop.example/user/:email/orders"),
        ("/user/ann%40mail.example", "/user/:email"),
        (f"/reset/{'3f' * 20}", "/reset/:token"),
        (f"/in?state={JWT}", "/in?state=:token"),
        ("/in#access_token=abc&x=1", "/in#access_token=:private&x=1"),
        ("/app#/reset?token=abc", "/app#/reset?token=:private"),
        ("https://ann:secret@shop.example/a?b=1", "https://shop.example/a?b=1"),
        ("/orders/6b1f6d0e-5a0b-5f0c-9a53-0f7d1f4b9a11", "/orders/6b1f6d0e-5a0b-5f0c-9a53-0f7d1f4b9a11"),
        ("/lamps/red-table-lamp-with-a-very-long-name-2000", "/lamps/red-table-lamp-with-a-very-long-name-2000"),
        ("/?gclid=EAIaIQobChMI1234567890abcDEF", "/?gclid=EAIaIQobChMI1234567890abcDEF"),
        ("/?a=1&&b", "/?a=1&&b"),
    ],
)
def test_addresses_lose_what_is_private_and_nothing_else(sent: str, stored: str) -> None:
    assert PRIVACY.address(sent) == stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"colour": "red", "size": 3, "new": True}, {"colour": "red", "size": 3, "new": True}),
        ({"email": "ann@mail.example"}, {"email": ":private"}),
        (
            {"userEmail": "x", "phone_number": "0171 1", "cardNumber": "1"},
            dict.fromkeys(["userEmail", "phone_number", "cardNumber"], ":private"),
        ),
        ({"note": f"write to ann@mail.example, pay with {CARD}."}, {"note": "write to :email, pay with :card."}),
        ({"paid": 4111111111111111}, {"paid": ":card"}),
        ({"paid": 4111111111111112, "bar": "4006381333931"}, {"paid": 4111111111111112, "bar": "4006381333931"}),
        ({"orders": [{"token": "t"}, "a@b.example"]}, {"orders": [{"token": ":private"}, ":email"]}),
        ({"shipping_address": {"city": "Roma", "zip": 1}}, {"shipping_address": {"city": ":private", "zip": 1}}),
        ({"header": f"Bearer {JWT}"}, {"header": ":token"}),
        ({"order_id": "A1b2C3d4E5f6G7h8I9j0K1l2M3"}, {"order_id": "A1b2C3d4E5f6G7h8I9j0K1l2M3"}),
        ({"seen": 1772366400000, "mobile": True}, {"seen": 1772366400000, "mobile": True}),
    ],
)
def test_properties_lose_what_is_private_and_nothing_else(sent: dict[str, Any], stored: dict[str, Any]) -> None:
    assert PRIVACY.properties(sent) == stored


def luhn(digits: str) -> bool:
    """The rule in the words of ISO/IEC 7812-1, digit by digit."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


@given(st.from_regex(r"\A[456]\d{15}\Z"))
def test_what_is_a_card_number_is_told_by_luhn(digits: str) -> None:
    ascii_digits = "".join(str(int(digit)) for digit in digits)
    is_card = luhn(ascii_digits) and len(set(ascii_digits)) > 1
    assert PRIVACY.text(f"no. {ascii_digits}!") == ("no. :card!" if is_card else f"no. {ascii_digits}!")


@given(st.text(max_size=60))
def test_nothing_is_too_odd_to_be_looked_at(text: str) -> None:
    PRIVACY.address(text)
    PRIVACY.properties({text: text, "a": [text, {text: 1}]})


def test_what_a_site_needs_stays() -> None:
    needs = privacy_of(a_site(needed_properties=["email"]))
    assert needs.properties({"email": "ann@mail.example", "phone": "1"}) == {
        "email": "ann@mail.example",
        "phone": ":private",
    }
    assert needs.address("/?email=a@b.example") == "/?email=a@b.example"


def test_hashed_values_are_equal_where_they_were_and_others_in_other_shops() -> None:
    one = privacy_of(a_site(hash_private=True, pepper="salt"))
    other = privacy_of(a_site(hash_private=True, pepper="pepper"))
    hidden = one.properties({"email": "a", "userEmail": "a", "phone": "b"})
    assert hidden["email"] == hidden["userEmail"] != hidden["phone"]
    assert hidden["email"].startswith(":private-")
    assert other.properties({"email": "a"}) != {"email": hidden["email"]}


def test_an_event_is_stored_without_what_is_private_and_traits_stay() -> None:
    stored = normalise(
        {
            **an_event(
                url="https://shop.example/account/canary@mail.example?token=canary",
                referrer="https://mail.example/?user_email=canary@mail.example",
                title="canary@mail.example's orders",
                properties={"password": "canary", "note": "canary@mail.example"},
                traits={"email": "ann@mail.example"},
                element={"text": "canary@mail.example"},
                attribution={"utmParams": {"source": "news", "term": "canary@mail.example"}},
                writeKey="wk_demo_canary",
            ),
            "sequence": 0,
        },
        a_message([]),
        a_site(),
        NOON,
    )
    assert "canary" not in repr(stored)
    assert stored["traits"] == {"email": "ann@mail.example"}
    assert stored["path"] == "/account/:email"
    assert stored["attribution"]["source"] == "news"
