"""Which session a purchase came of, held against its definition."""

from datetime import timedelta
from typing import Any, cast

from footfall.schemas.order import ToldOrder
from footfall.schemas.session import SessionBuyer
from footfall.sessions.conversions import MOST_ORDERS, came_of, conversion, entries_of
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON

DAY = 24 * 60
MINUTES = st.sampled_from([0, 1, 5, 10, 30, 31, DAY, 30 * DAY, 30 * DAY + 1, 31 * DAY])
VISITORS = st.sampled_from(["v", "w", "ann"])


def a_session(start: int, length: int = 0, visitor: str = "v", **but: Any) -> SessionBuyer:
    session = {
        "session_id": f"{visitor}@{start}",
        "client_session_id": None,
        "visitor_id": visitor,
        "user_id": None,
        "started_at": NOON + timedelta(minutes=start),
        "ended_at": NOON + timedelta(minutes=start + length),
        "bot": False,
        "page_views": 1,
        "interactions": 0,
    }
    return cast(SessionBuyer, session | but)


def an_order(minute: int, name: str = "o", person: str = "v", told: tuple[tuple[int, str], ...] = ()) -> ToldOrder:
    order = {
        "order_id": name,
        "person_id": person,
        "user_id": None,
        "placed_at": NOON + timedelta(minutes=minute),
        "total": 5,
        "currency": "EUR",
        "told_in": [
            {"visitor_id": visitor, "client_session_id": None, "at": NOON + timedelta(minutes=at)}
            for at, visitor in told
        ],
    }
    return cast(ToldOrder, order)


@st.composite
def sessions(draw: st.DrawFn) -> list[SessionBuyer]:
    found = draw(st.lists(st.builds(a_session, MINUTES, st.just(0), VISITORS), max_size=6))
    return list({session["session_id"]: session for session in found}.values())


@given(sessions(), MINUTES, VISITORS, st.lists(st.tuples(MINUTES, VISITORS), max_size=3), st.booleans())
def test_a_purchase_came_of_the_session_of_the_definition(
    found: list[SessionBuyer], minute: int, person: str, told: list[tuple[int, str]], linked: bool
) -> None:
    links = {"v": "ann"} if linked else {}
    order = an_order(minute, person=person, told=tuple(sorted(told)))
    told_in = [
        session
        for at, visitor in sorted(told)
        for session in found
        if session["visitor_id"] == visitor and session["started_at"] == NOON + timedelta(minutes=at)
    ]
    before = [
        (session["started_at"], session["session_id"], session)
        for session in found
        if links.get(session["visitor_id"], session["visitor_id"]) == links.get(person, person)
        and timedelta(0) <= NOON + timedelta(minutes=minute) - session["started_at"] <= timedelta(days=30)
    ]
    expected = told_in[0] if told_in else max(before, key=lambda one: one[:2])[2] if before else None
    assert came_of([order], found, links).get("o") == expected


def test_an_order_of_nothing_and_a_lone_refund_came_of_no_session() -> None:
    free: Any = an_order(1, "free") | {"total": 0}
    refunded: Any = an_order(1, "refunded") | {"placed_at": None}
    assert came_of([free, refunded], [a_session(0)], {}) == {}


def test_the_session_of_a_user_is_that_users_whoever_the_visitor_was() -> None:
    known = a_session(0, visitor="w", user_id="ann")
    assert came_of([an_order(5, person="ann")], [known], {"w": "bob"}) == {"o": known}
    assert came_of([an_order(5, person="bob")], [known], {"w": "bob"}) == {}


def test_a_session_lists_so_many_purchases_and_no_more_the_first_ones() -> None:
    orders = [an_order(minute, f"o{minute:04}") for minute in range(MOST_ORDERS + 9)]
    found = conversion(a_session(0), entries_of(orders[::-1]))
    assert [order["order_id"] for order in found.get("orders", [])] == [f"o{n:04}" for n in range(MOST_ORDERS)]
    assert (found["converted"], found["conversion_value"], found["bounce"]) == (True, 5 * MOST_ORDERS, False)


def test_without_a_purchase_one_page_view_is_a_bounce() -> None:
    assert conversion(a_session(0), []) == {"converted": False, "conversion_value": 0, "currency": None, "bounce": True}
    assert not conversion(a_session(0, interactions=1), [])["bounce"]


def test_a_session_is_worth_what_its_first_purchase_is_in_the_currency_of() -> None:
    orders = [an_order(1, "b"), an_order(1, "a"), cast(ToldOrder, {**an_order(2, "c"), "currency": "USD"})]
    found = conversion(a_session(0), entries_of(orders))
    assert found == conversion(a_session(0), entries_of(orders[::-1]))
    assert [order["order_id"] for order in found.get("orders", [])] == ["a", "b", "c"]
    assert (found["conversion_value"], found["currency"]) == (10, "EUR")
