"""What somebody did, as tokens."""

from typing import Any
from zoneinfo import ZoneInfo

from footfall.customers.behaviour import (
    add,
    order_tokens,
    person_of_visit,
    visit_tokens,
    visits_of,
)
from footfall.schemas.event import EventDocument
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_document, at
from tests.support.shopping import a_line, a_visit, an_order

UTC = ZoneInfo("UTC")


def tokens(events: list[EventDocument], zone: ZoneInfo = UTC) -> dict[str, float]:
    total: dict[str, float] = {}
    for visit in visits_of(events):
        add(total, visit_tokens(visit, zone))
    return total


def test_a_visit_tells_pages_and_the_steps_between_them() -> None:
    found = tokens(a_visit("ann", ["home", "search", "search"]))
    assert {name: weight for name, weight in found.items() if name.startswith(("page:", "step:"))} == {
        "page:home": 1,
        "page:search": 2,
        "step:^>home": 1,
        "step:home>search": 1,
        "step:search>search": 1,
        "step:search>$": 1,
    }


def test_a_page_without_a_type_is_named_by_the_first_part_of_its_path() -> None:
    event = a_document(visitorId="ann", path="/blog/2026/tea")
    assert tokens([event])["page:/blog"] == 1


def test_interest_in_a_product_grows_from_seeing_to_buying() -> None:
    seen = a_document(eventType="product_viewed", properties={"product_id": "tea", "category": "drinks"})
    taken = a_document(eventType="product_added", properties={"product_id": "tea"}, timestamp=at(1))
    bought = order_tokens(an_order("ann", "tea"), UTC)
    assert tokens([seen, taken])["product:tea"] == 1 + 2
    assert tokens([seen])["category:drinks"] == 1
    assert bought["product:tea"] == 4


def test_product_pages_tell_interest_where_a_shop_sends_no_product_events() -> None:
    page = a_document(pageType="product", path="/product/tea")
    seen = a_document(eventType="product_viewed", properties={"product_id": "t-1"}, timestamp=at(1))
    assert tokens([page])["product:tea"] == 1
    assert "product:tea" not in tokens([page, seen])


def test_hours_and_weekdays_are_the_sites() -> None:
    night = a_document(timestamp="2026-03-01T23:30:00Z")
    found = tokens([night], ZoneInfo("Europe/Berlin"))
    assert found["hour:0"] == found["weekday:0"] == 1


def test_a_pause_of_half_an_hour_begins_another_visit_unless_the_client_says_otherwise() -> None:
    apart = [a_document(visitorId="ann", timestamp=at(0)), a_document(visitorId="ann", timestamp=at(31))]
    named = [a_document(visitorId="ann", sessionId="one", timestamp=at(minutes)) for minutes in (0, 31)]
    assert tokens(apart)["sum:visits"] == 2
    assert tokens(named)["sum:visits"] == 1


def test_what_happens_without_a_visit_is_none() -> None:
    unseen = [a_document(eventType=kind) for kind in ("identify", "order_completed", "order_refunded")]
    assert visits_of(unseen) == []


def test_what_is_done_without_anything_being_viewed_is_behaviour_and_no_visit() -> None:
    found = tokens([a_document(eventType="product_added", properties={"product_id": "tea"})])
    assert (found["product:tea"], found["sum:interactions"], found.get("sum:visits", 0)) == (2, 1, 0)
    assert visits_of([a_document(eventType="Newsletter Sent")]) == []


def test_a_visit_belongs_to_who_its_visitor_says_to_be_or_turned_out_to_be() -> None:
    anonymous = a_visit("cookie", ["home"])
    logged_in = a_visit("cookie", ["home"], user="ann")
    assert person_of_visit(anonymous, {}) == "cookie"
    assert person_of_visit(anonymous, {"cookie": "bob"}) == "bob"
    assert person_of_visit(logged_in, {"cookie": "bob"}) == "ann"


def test_a_lone_refund_counts_as_a_refund_and_not_as_an_order() -> None:
    found = order_tokens(an_order("ann", total=0, placed_at=None, refunded=500, status="refund_only"), UTC)
    assert found == {"sum:refunded": 500, "sum:refunds": 1}


def test_a_product_on_two_lines_of_an_order_is_bought_once() -> None:
    order: Any = an_order("ann", lines=[a_line("tea"), a_line("tea", quantity=3)], total=4000)
    found = order_tokens(order, UTC)
    assert (found["product:tea"], found["sum:products"], found["sum:items"]) == (4, 1, 4)


@given(
    st.permutations(
        [*a_visit("ann", ["home", "search"]), *a_visit("ann", ["cart"], day=1), a_document(visitorId="ann")]
    )
)
def test_the_order_in_which_events_are_read_changes_nothing(events: list[EventDocument]) -> None:
    expected = [*a_visit("ann", ["home", "search"]), *a_visit("ann", ["cart"], day=1), a_document(visitorId="ann")]
    assert tokens(events) == tokens(expected)
