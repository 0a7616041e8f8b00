"""Orders from everything told about them, in whatever order it comes."""

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from footfall.orders import refunds as folding
from footfall.orders.fold import by_customer, fold_orders, order_id_of
from footfall.orders.purchases import is_counted
from footfall.orders.sources import SOURCES, TELLING, PublicWord
from footfall.orders.tellings import PUBLIC, commerce_of, trust
from footfall.schemas.event import EventDocument, Json
from footfall.schemas.message import API_KEY_SOURCE, COLLECT_SOURCE
from footfall.schemas.order import OrderDocument
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_document, at, fold_order, folded


def completed(minute: float = 0, total: float = 50, **but: Any) -> EventDocument:
    return a_document(
        eventType="Order Completed", timestamp=at(minute), properties={"order_id": "o1", "total": total}, **but
    )


def refunded(minute: float, total: float | None = None) -> EventDocument:
    properties = {"order_id": "o1"} | ({} if total is None else {"total": total})
    return a_document(eventType="Order Refunded", timestamp=at(minute), properties=properties)


def test_an_order_confirmed_twice_is_one_order() -> None:
    order = fold_order("o1", [completed(), completed(1)])
    assert (order["total"], order["status"], order["events"]) == (5000, "completed", 2)


@pytest.mark.parametrize(
    ("amounts", "refund", "status"),
    [([20], 2000, "partly_refunded"), ([20, 40], 5000, "refunded"), ([None], 5000, "refunded")],
)
def test_refunds_add_up_to_the_total_at_most(amounts: list[float | None], refund: int, status: str) -> None:
    order = fold_order("o1", [completed(), *(refunded(index + 1, amount) for index, amount in enumerate(amounts))])
    assert (order["refunded"], order["status"]) == (refund, status)


def test_a_cancelled_order_gives_everything_back() -> None:
    cancelled = a_document(eventType="Order Cancelled", timestamp=at(1), properties={"order_id": "o1"})
    order = fold_order("o1", [completed(), cancelled])
    assert (order["refunded"], order["status"]) == (5000, "cancelled")


def test_a_refund_of_an_order_never_seen_stands_for_itself() -> None:
    order = fold_order("o1", [refunded(1, 20)])
    assert (order["total"], order["refunded"], order["status"], order["placed_at"]) == (0, 2000, "refund_only", None)


def test_an_order_is_the_same_in_whatever_order_its_events_come() -> None:
    events = [completed(), completed(2, 60), refunded(3, 5)]
    orders = [fold_order("o1", list(order)) for order in permutations(events)]
    assert all(order == orders[0] for order in orders)


def test_an_order_without_an_id_is_named_by_its_event() -> None:
    assert order_id_of(a_document(eventType="purchase", eventId="e1")) == "event:e1"
    assert order_id_of(a_document(eventType="refund")) is None


DAY = 24 * 60
MONDAY, TUESDAY = "import:monday", "import:tuesday"


def told(kind: str = "order_completed", minute: float = 0, source: str = COLLECT_SOURCE, **but: Any) -> EventDocument:
    """What an event says of the order o1."""
    known = {name: but.pop(name) for name in ("userId", "visitorId", "eventId") if name in but}
    event = a_document(eventType=kind, properties={"order_id": "o1", **but}, **known)
    event["timestamp"] = NOON + timedelta(minutes=minute)
    event["source"] = source
    return event


def given_back(order: OrderDocument) -> list[tuple[int, int]]:
    """The refunds of an order: on which day after the first, and how much."""
    return [((refund["at"] - NOON).days, refund["amount"]) for refund in order["refunds"]]


def test_what_the_first_does_not_say_the_second_does() -> None:
    page = told(currency="GBP", visitorId="v")
    server = told(minute=0.1, total=80, currency="GBP", userId="u9", products=[{"product_id": "a", "price": 80}])
    for events in ([page, server], [server, page]):
        order = fold_order("o1", events)
        assert (order["total"], order["user_id"], order["person_id"], len(order["lines"])) == (8000, "u9", "u9", 1)
        assert (order["placed_at"], order.get("flags")) == (NOON, None)


def test_a_later_telling_replaces_an_earlier_one_and_a_change_a_page_shown_again() -> None:
    assert fold_order("o1", [told(total=50), told(minute=5, total=60)])["total"] == 6000
    changed = [told(total=50), told("order_updated", 5, total=40), told(minute=9, total=50)]
    assert fold_order("o1", changed)["total"] == 4000


@pytest.mark.parametrize("newer", [{"version": 3}, {"updated_at": at(60)}, {"updatedAt": at(60), "version": "3"}])
def test_a_newer_version_counts_however_late_the_older_one_is_sent(newer: Json) -> None:
    older = {"version": 2} if "version" in newer else {"updated_at": at(30)}
    events = [told(total=70, **newer), told(minute=90, total=50, **older), told("order_updated", 1, total=45, **older)]
    assert {fold_order("o1", list(order))["total"] for order in permutations(events)} == {7000}


@pytest.mark.parametrize("source", [COLLECT_SOURCE, API_KEY_SOURCE, MONDAY])
def test_an_order_updated_counts_by_its_own_time_and_not_by_when_it_came(source: str) -> None:
    newer, older = (told("order_updated", minute, source, total=total) for minute, total in ((20, 40), (10, 45)))
    older["received_at"] = NOON + timedelta(days=9)
    for events in permutations([told(total=50, source=source), newer, older]):
        assert fold_order("o1", list(events))["total"] == 4000


@pytest.mark.parametrize("said", [{"total": 40}, {"total": 40, "products": []}, {"tax": 1, "items": "[]"}, {}])
def test_an_order_updated_without_lines_keeps_the_lines(said: Json) -> None:
    lines: Json = {"products": [{"product_id": "a", "price": 30, "quantity": 2}]}
    for events in permutations([told(total=60, **lines), told("order_updated", 10, **said), told(minute=9, total=60)]):
        order = fold_order("o1", list(events))
        assert [(line["product_id"], line["total"]) for line in order["lines"]] == [("a", 6000)]
        assert order["total"] == (4000 if "total" in said else 6000)


def test_an_order_shown_again_the_next_day_is_one_order_of_the_first_day() -> None:
    for events in permutations([told(total=50), told(minute=DAY, total=50), told(minute=2 * DAY)]):
        (order,) = folded("o1", list(events))
        assert (order["placed_at"], order["total"], order["events"]) == (NOON, 5000, 3)


def test_a_file_is_trusted_more_than_a_page_and_a_newer_file_more_than_an_older() -> None:
    monday, tuesday = told(total=120, source=MONDAY, userId="1"), told(total=100, source=TUESDAY, userId="2")
    tuesday["received_at"] = NOON + timedelta(days=1)
    page = told(minute=3 * DAY, total=99, userId="3", coupon="WELCOME")
    for events in permutations([monday, tuesday, page]):
        (order,) = folded("o1", list(events))
        assert (order["total"], order["user_id"], order["coupon"]) == (10000, "2", "WELCOME")


def test_a_secret_key_is_trusted_more_than_a_file() -> None:
    server = told(minute=-1, source=API_KEY_SOURCE, total=80, userId="4")
    page = told("order_updated", 3 * DAY, total=1, userId="3")
    for events in permutations([server, told(total=120, source=MONDAY, userId="1", coupon="WELCOME"), page]):
        (order,) = folded("o1", list(events))
        assert (order["total"], order["user_id"], order["coupon"]) == (8000, "4", "WELCOME")


def test_a_newer_file_knows_better_when_the_order_was_placed() -> None:
    monday, tuesday = told(minute=-DAY, total=1, source=MONDAY), told(total=1, source=TUESDAY)
    tuesday["received_at"] = NOON + timedelta(days=1)
    assert fold_order("o1", [monday, tuesday])["placed_at"] == NOON


def test_a_sum_of_lines_is_no_total_where_one_is_told_but_for_a_change_of_the_lines() -> None:
    lines: Json = {"products": [{"product_id": "a", "price": 30, "quantity": 2}]}
    assert fold_order("o1", [told(total=65), told(minute=1, **lines)])["total"] == 6500
    assert fold_order("o1", [told(total=65), told("order_updated", 1, **lines)])["total"] == 6000
    assert fold_order("o1", [told(**lines)])["total"] == 6000


def test_money_is_of_one_currency() -> None:
    abroad = told(total=100, currency="USD", tax=8)
    order = fold_order("o1", [abroad, told(minute=1, total=90, currency="EUR")])
    assert (order["currency"], order["total"], order.get("tax")) == ("EUR", 9000, None)
    order = fold_order("o1", [told(total=90, currency="credits"), told(minute=-1, currency="EUR", total=91)])
    assert (order["currency"], order["total"]) == ("EUR", 9100)


def test_a_total_that_is_not_known_is_flagged() -> None:
    assert fold_order("o1", [told()])["flags"] == ["amount_missing"]
    assert fold_order("o1", [told(total="1.234")])["flags"] == ["amount_unreadable"]
    assert fold_order("o1", [told(total="?"), told(minute=-1, total=5)]).get("flags") is None
    assert fold_order("o1", [told(total=0)]).get("flags") is None
    assert fold_order("o1", [told(total=5, currency="credits")])["flags"] == ["currency_unknown"]


def test_two_customers_who_order_under_one_id_have_ordered_twice() -> None:
    ann, bob = told(total=50, userId="ann", tax=1), told(minute=1, total=70, userId="bob", visitorId="b")
    back = [told("order_refunded", 5, total=70, userId="bob"), told("order_refunded", 6, total=5)]
    for events in permutations([ann, bob, *back]):
        first, second = folded("o1", list(events))
        assert (first["order_id"], first["user_id"], first["total"], first["refunded"]) == ("o1", "ann", 5000, 500)
        assert (second["order_id"], second["user_id"], second["total"]) == ("o1@bob", "bob", 7000)
        assert (second["refunded"], second.get("tax")) == (7000, None), "nothing of one is told of the other"
        assert first["flags"] == second["flags"] == ["two_customers"]


def test_whose_order_it_is_may_be_amended() -> None:
    events = [told(total=50, userId="ann"), told("order_updated", 1, userId="bob")]
    assert [order["user_id"] for order in folded("o1", events)] == ["bob"]
    versions = [told(total=50, userId="ann", version=1), told(total=50, userId="bob", version=2)]
    assert [order["user_id"] for order in folded("o1", versions)] == ["bob"]
    assert [order["user_id"] for order in folded("o1", [told(total=5, visitorId="v"), told(userId="ann")])] == ["ann"]


LINES = [
    {"product_id": "a", "price": 60, "quantity": 1},
    {"product_id": "b", "price": 20, "quantity": 2},
    {"product_id": "c", "price": 12, "quantity": 0.5},
]


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ({"items": [{"item_id": "b", "quantity": 1}]}, 2000),
        ({"items": [{"item_id": "b"}]}, 2000),
        ({"products": [{"product_id": "b", "quantity": 2}, {"product_id": "a"}]}, 10000),
        ({"products": [{"product_id": "c", "quantity": "0.25"}]}, 300),
        ({"products": [{"product_id": "b", "price": "18.50", "quantity": 1}]}, 1850),
        ({"total": 7, "products": [{"product_id": "b", "quantity": 1}]}, 700),
        ({"amount": "7,50 €"}, 750),
        ({"refund_amount": -7, "total": 106}, 700),
        ({}, 10600),
        ({"ecommerce": {"refund": {"actionField": {"id": "o1"}, "products": [{"id": "b", "quantity": 2}]}}}, 4000),
    ],
)
def test_a_refund_is_by_amount_by_items_or_whole(said: Json, amount: int) -> None:
    order = fold_order("o1", [told(products=LINES), told("order_refunded", DAY, **said)])
    assert (given_back(order), order["refunded"]) == ([(1, amount)], amount)


@pytest.mark.parametrize(
    "said",
    [
        {"total": "some"},
        {"total": "1.234"},
        {"total": 5, "currency": "USD"},
        {"items": [{"item_id": "z"}]},
        {"items": [{"item_id": "b", "quantity": "?"}]},
        {"items": "b, c"},
    ],
)
def test_a_refund_that_cannot_be_read_is_flagged_and_takes_nothing(said: Json) -> None:
    order = fold_order("o1", [told(products=LINES, currency="EUR"), told("order_refunded", DAY, **said)])
    assert (order["refunds"], order["refunded"], order["flags"]) == ([], 0, ["refund_unreadable"])


def test_each_refund_is_on_its_own_day() -> None:
    events = [told(total=100), told("order_refunded", 2 * DAY, total=30), told("order_refunded", 9 * DAY, total=20)]
    order = fold_order("o1", events)
    assert (given_back(order), order["refunded"], order["status"]) == ([(2, 3000), (9, 2000)], 5000, "partly_refunded")
    assert order["refunded_at"] == NOON + timedelta(days=2)


def test_a_refund_counts_once_by_its_id() -> None:
    events = [
        told(total=100),
        told("order_refunded", DAY, refund_id="r1"),
        told("order_refunded", 3 * DAY, refund_id="r1", total=30),
        told("order_refunded", DAY, refund_id="r2", total=30),
    ]
    for order in permutations(events):
        assert given_back(fold_order("o1", list(order))) == [(1, 3000), (1, 3000)]


def test_a_refund_without_an_id_counts_once_by_what_it_says_on_a_day() -> None:
    twice = [told("order_refunded", minute, total=20) for minute in (60, 65, DAY + 60)]
    assert given_back(fold_order("o1", [told(total=100), *twice])) == [(0, 2000), (1, 2000)]
    items = [told("order_refunded", 60, products=[{"product_id": name, "price": 20}]) for name in ("a", "b")]
    assert given_back(fold_order("o1", [told(total=100), *items])) == [(0, 2000), (0, 2000)]
    late = [told(total=100), *(told("order_refunded", minute, total=20) for minute in (14.5 * 60, 15.5 * 60))]
    assert given_back(fold_order("o1", late, "UTC")) == [(0, 2000)]
    assert given_back(fold_order("o1", late, "Europe/London")) == [(0, 2000)]
    assert len(fold_order("o1", late, "Asia/Dubai")["refunds"]) == 1
    assert len(fold_order("o1", late, "America/Caracas")["refunds"]) == 1


def test_sources_of_different_trust_tell_of_the_same_refund() -> None:
    placed = told(total=100)
    page = [told("order_refunded", minute, total=20) for minute in (DAY, 3 * DAY)]
    file = [told("order_refunded", 2 * DAY, source=MONDAY, total=20, refund_id="r1")]
    assert given_back(fold_order("o1", [placed, *page, *file])) == [(2, 2000), (3, 2000)]
    assert given_back(fold_order("o1", [placed, page[0], *file])) == [(2, 2000)]
    both = [told("order_refunded", DAY, total=20, refund_id="r1"), *file]
    assert given_back(fold_order("o1", [placed, *both])) == [(1, 2000)], "by its id it is one, and it was then"


def test_a_cancellation_takes_back_what_was_not_on_its_own_day() -> None:
    cancelled = told("order_cancelled", 3 * DAY, total=100)
    back = told("order_refunded", DAY, total=30)
    order = fold_order("o1", [told(total=100), back, cancelled, told("order_refunded", 5 * DAY)])
    assert (given_back(order), order["refunded"], order["status"]) == (
        [(1, 3000), (3, 7000), (5, 0)],
        10000,
        "cancelled",
    )
    assert fold_order("o1", [cancelled])["refunds"] == [], "of an order that was never seen"


def test_refunds_of_an_order_whose_total_nobody_knows_are_not_nought() -> None:
    order = fold_order("o1", [told(), told("order_refunded", DAY, total=30)])
    assert (order["total"], order["refunded"]) == (0, 3000)
    assert "refund_unreadable" in fold_order("o1", [told(), told("order_refunded", DAY)])["flags"]


def test_refunds_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MOST_REFUNDS", 2)
    back = [told("order_refunded", DAY * day, total=day) for day in (1, 2, 3, 4)]
    assert given_back(fold_order("o1", [told(total=100), *back])) == [(1, 100), (2, 900)]


KINDS = ["order_completed", "order_completed", "order_updated", "order_refunded", "order_cancelled"]


@st.composite
def tellings(draw: st.DrawFn) -> EventDocument:
    kind = draw(
        st.sampled_from(["order_completed", "order_completed", "order_updated", "order_refunded", "order_cancelled"])
    )
    said = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "total": st.sampled_from([0, 10, "20,00", "?", "1.234"]),
                "currency": st.sampled_from(["EUR", "€", "USD", "credits"]),
                "products": st.lists(st.sampled_from(LINES), max_size=2),
                "refund_id": st.sampled_from(["r1", "r2"]),
                "version": st.integers(1, 2),
                "updated_at": st.sampled_from([at(-9), at(9)]),
            },
        )
    )
    who = draw(st.sampled_from([{}, {"userId": "ann"}, {"userId": "bob"}]))
    return told(
        kind,
        draw(st.integers(0, 3)) * 700,
        draw(st.sampled_from([COLLECT_SOURCE, COLLECT_SOURCE, MONDAY, API_KEY_SOURCE])),
        **said,
        **who,
    )


@given(st.lists(tellings(), min_size=1, max_size=6), st.randoms())
def test_whatever_is_told_in_whatever_order_makes_the_same_orders_that_add_up(
    events: list[EventDocument], random: Any
) -> None:
    orders = folded("o1", events)
    shuffled = list(events)
    random.shuffle(shuffled)
    assert folded("o1", shuffled) == orders
    for order in orders:
        assert order["refunded"] == sum(refund["amount"] for refund in order["refunds"])
        assert [refund["at"] for refund in order["refunds"]] == sorted(refund["at"] for refund in order["refunds"])
        assert all(refund["amount"] >= 0 for refund in order["refunds"])
        assert order["events"] == len(events)
        unknown = {"amount_missing", "amount_unreadable"} & set(order.get("flags", []))
        if order["placed_at"] and not unknown:
            assert order["refunded"] <= order["total"]
        assert not (unknown and order["total"])
    placed = [order for order in orders if order["placed_at"]]
    assert bool(placed) == any(event["type"] == "order_completed" for event in events)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=6), st.integers(0, 100))
def test_a_days_refunds_do_not_change_with_later_ones(back: list[tuple[int, int]], total: int) -> None:
    events = [
        told("order_refunded", day * DAY, total=amount, refund_id=f"r{number}")
        for number, (day, amount) in enumerate(back)
    ]
    whole = given_back(fold_order("o1", [told(total=total), *events]))
    for until in range(6):
        known = [event for event in events if event["timestamp"] <= NOON + timedelta(days=until)]
        so_far = given_back(fold_order("o1", [told(total=total), *known]))
        assert so_far == [refund for refund in whole if refund[0] <= until]
    assert sum(Decimal(amount) for _, amount in whole) == min(100 * total, 100 * sum(amount for _, amount in back))


def test_an_order_says_what_was_taken_off_and_where_it_went() -> None:
    event = told(total=50, discount=5, shipping=3, tax=2)
    assert [fold_order("o1", [event]).get(name) for name in ("discount", "shipping", "tax")] == [500, 300, 200]
    event["country"] = "IT"
    assert fold_order("o1", [event])["country"] == "IT"


def test_a_guests_order_is_of_who_was_the_first_to_tell_it_and_remembers_so_many_more() -> None:
    events = [told(minute=minute, visitorId=f"v{minute}", total=50) for minute in range(25)]
    order = fold_order("o1", events[::-1])
    assert order["person_id"] == "v0"
    assert [telling["visitor_id"] for telling in order["told_in"]] == [f"v{minute}" for minute in range(20)]


def test_an_orders_currency_is_that_of_its_total() -> None:
    events = [told(total=50, currency="EUR"), told("order_updated", 5, coupon="x", currency="USD")]
    order = fold_order("o1", events)
    assert (order["currency"], order["total"]) == ("EUR", 5000)


def test_sources_that_tell_of_refunds_of_different_amounts_tell_of_different_refunds() -> None:
    page, file = told("order_refunded", DAY, total=20), told("order_refunded", 2 * DAY, MONDAY, total=30)
    assert given_back(fold_order("o1", [told(total=100), page, file])) == [(1, 2000), (2, 3000)]


def test_two_variants_given_back_on_one_day_are_two_refunds() -> None:
    lines = [{"product_id": "x", "variant": variant, "price": 20, "quantity": 1} for variant in ("red", "blue")]
    back = [told("order_refunded", DAY + minute, products=[line]) for minute, line in enumerate(lines)]
    assert given_back(fold_order("o1", [told(total=40, products=lines), *back])) == [(1, 2000), (1, 2000)]


def test_a_guessed_order_id_rewrites_no_order_that_the_shop_told() -> None:
    for own in (MONDAY, API_KEY_SOURCE):
        whole = told(source=own, total=2184, currency="EUR", userId="ann", eventId="own")
        guessed = [
            told(minute=-9000, total=1_000_000_000, userId="eve", visitorId="eve", eventId="g1"),
            told("order_updated", 1, total=1, currency="JPY", version=99, updated_at=at(9), eventId="g2"),
            told("order_refunded", 2, total=2184, eventId="g3"),
            told("order_cancelled", 3, eventId="g4"),
        ]
        order, before = fold_order("o1", [whole, *guessed]), fold_order("o1", [whole])
        same = set(before) - {"events", "told_in", "flags"}
        assert {name: order[name] for name in same} == {name: before[name] for name in same}  # type: ignore[literal-required]
        assert [said["event_id"] for said in order["contradictions"]] == ["g1", "g2", "g3", "g4"]
        assert (order["flags"], order["told_by"]) == (["contradicted"], SOURCES[trust(whole)])


def test_a_public_key_says_neither_the_currency_nor_the_total_of_lines_that_the_shop_told() -> None:
    products = [{"product_id": "x", "price": 20, "quantity": 2}]
    own = told(source=API_KEY_SOURCE, products=products)
    order = fold_order("o1", [own, told(minute=1, total=9999, currency="JPY")])
    assert (order["total"], order["currency"]) == (4000, "EUR")


def test_who_has_one_key_for_pages_and_server_amends_refunds_and_cancels() -> None:
    placed, newer = told(total=50), told("order_updated", 1, total=40)
    order = fold_order("o1", [placed, newer, told("order_refunded", 2, total=10)])
    assert (order["total"], order["refunded"], order["told_by"]) == (4000, 1000, "public_key")
    assert "contradictions" not in order
    assert fold_order("o1", [placed, told("order_cancelled", 2)])["status"] == "cancelled"


def test_what_a_file_or_a_server_gives_back_counts_whoever_told_the_order() -> None:
    for first, second in [(COLLECT_SOURCE, MONDAY), (COLLECT_SOURCE, API_KEY_SOURCE), (API_KEY_SOURCE, MONDAY)]:
        order = fold_order("o1", [told(source=first, total=50), told("order_refunded", 2, source=second, total=10)])
        assert (order["refunded"], order.get("flags")) == (1000, None)


def test_the_public_keys_orders_count_until_the_site_asks_for_its_own_word() -> None:
    events = [told(total=50), told("order_refunded", 2, total=10)]
    for until, counted in [(None, 5000), (NOON + timedelta(seconds=1), 5000), (NOON, 0)]:
        word = PublicWord(orders_until=until)
        (order,) = fold_orders(by_customer("o1", events), ZoneInfo("UTC"), {}, word)
        assert (order["total"], bool(order["refunds"])) == (counted, counted > 0)
        assert (order.get("unconfirmed_total"), is_counted(order, "EUR")) == (
            (None, True) if counted else (5000, False)
        )
        confirmed = [*events, told(minute=5, source=API_KEY_SOURCE, total=50)]
        (order,) = fold_orders(by_customer("o1", confirmed), ZoneInfo("UTC"), {}, word)
        assert (order["total"], is_counted(order, "EUR")) == (5000, True)


def test_the_public_key_changes_no_order_where_the_site_asks_for_a_secret_one() -> None:
    changes = [
        told("order_refunded", 2, total=10),
        told("order_cancelled", 3),
        told("order_updated", 4, total=1),
    ]
    word = PublicWord(changes_until=NOON)
    (order,) = fold_orders(by_customer("o1", [told(total=50), *changes]), ZoneInfo("UTC"), {}, word)
    assert (order["total"], order["refunded"], order["status"]) == (5000, 0, "completed")
    assert [said["type"] for said in order["contradictions"]] == [event["type"] for event in changes]
    (lone,) = fold_orders(by_customer("o1", changes[:1]), ZoneInfo("UTC"), {}, word)
    assert (lone["status"], lone["refunds"], lone["refunded"]) == ("refund_only", [], 0)


@given(st.lists(tellings(), min_size=1, max_size=8))
def test_nothing_that_the_public_key_says_changes_the_money_that_the_shop_told(events: list[EventDocument]) -> None:
    own = [event for event in events if trust(event) > PUBLIC]
    parts = by_customer("o1", own)
    found = {order["order_id"]: order for order in folded("o1", events)}
    for order in folded("o1", own) if own else ():
        if any("total" in commerce_of(event) for event in parts[order["order_id"]] if event["type"] in TELLING):
            for name in ("total", "refunded", "refunds", "currency"):
                assert found[order["order_id"]][name] == order[name]
