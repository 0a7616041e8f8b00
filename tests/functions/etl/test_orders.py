"""Orders from the queue to the figures: what is told of one, by whom, and what every answer makes of it."""

from datetime import timedelta
from typing import Any

import pytest
from footfall.questions import business, customer
from footfall.questions.business import BusinessQuestion
from footfall.questions.customer import CustomerQuestion
from footfall.schemas.event import Json
from pymongo.database import Database

from functions.etl.events import store
from tests.support.builders import NOON, a_site, an_event, at
from tests.support.interrupting import before_next_call
from tests.support.telling import DAY, figures, said, tell
from tests.support.visits import know, roll_up

Mongo = Database[dict[str, Any]]


def orders(database: Mongo) -> list[Json]:
    return list(database["orders"].find().sort("_id", 1))


def test_two_sources_make_one_order_of_a_known_customer(pipeline: Mongo) -> None:
    tell(said(visitorId="v"), said(minute=0.1, visitorId="w", userId="u9", total=80))
    (order,) = orders(pipeline)
    assert (order["user_id"], order["total"], order["placed_at"], order["events"]) == ("u9", 8000, NOON, 2)
    roll_up()
    answer = business.answer("demo", BusinessQuestion())
    assert (answer.total_customers, answer.total_revenue, answer.guest_revenue, answer.orders) == (1, 80.0, 0.0, 1)


def test_the_same_order_with_another_total_is_amended_and_not_refused(pipeline: Mongo) -> None:
    tell(said(total=80), said(minute=5, total=75))
    assert (orders(pipeline)[0]["total"], pipeline["quarantine"].count_documents({})) == (7500, 0)


def test_what_is_said_without_a_currency_is_in_the_orders(pipeline: Mongo) -> None:
    tell(said(total="5400", currency="JPY", products=[{"product_id": "x", "price": 1800, "quantity": 3}]))
    tell(said("order_refunded", DAY, total=1800), said(minute=1, tax="400"))
    (order,) = orders(pipeline)
    assert (order["currency"], order["total"], order["refunded"], order["tax"]) == ("JPY", 5400, 1800, 400)
    tell(said("order_refunded", 2 * DAY, items=[{"item_id": "x", "quantity": 1}]))
    assert [refund["amount"] for refund in orders(pipeline)[0]["refunds"]] == [1800, 1800]


def test_what_one_customer_says_without_a_currency_is_not_in_that_of_anothers_order(pipeline: Mongo) -> None:
    tell(said(userId="ann", total=100, currency="USD"), said(minute=1, userId="bob", visitorId="b", total=70))
    assert [(order["user_id"], order["currency"]) for order in orders(pipeline)] == [("ann", "USD"), ("bob", "EUR")]


def test_a_file_that_is_imported_again_is_the_newest_word(pipeline: Mongo) -> None:
    first = said(userId="ann", total=100, updated_at=at(5))
    other = said(userId="bob", total=90, updated_at=at(5))
    totals: list[tuple[str, int]] = []
    for number, told in enumerate([first, other, first, first, other]):
        tell(told, source=f"import:{number}", received_at=NOON + timedelta(days=number + 1))
        tell(told, source=f"import:{number}", received_at=NOON + timedelta(days=number + 1))  # the message comes again
        (order,) = orders(pipeline)
        totals.append((order["user_id"], order["total"]))
    assert totals == [("ann", 10000), ("bob", 9000), ("ann", 10000), ("ann", 10000), ("bob", 9000)]


def test_a_file_that_tells_no_currency_leaves_that_of_the_server_and_not_that_of_a_page(pipeline: Mongo) -> None:
    tell(said(minute=1, total=110, currency="USD"))
    tell(said(total=120), source="import:monday")
    (order,) = orders(pipeline)
    assert (order["currency"], order["total"]) == ("EUR", 12000)
    tell(said(total=120, currency="USD"), source="collect:secret")
    (order,) = orders(pipeline)
    assert (order["currency"], order["total"]) == ("USD", 12000)


def test_who_seemed_another_customer_has_no_order_once_a_file_knows_better(pipeline: Mongo) -> None:
    tell(said(total=50, userId="ann"), said(minute=1, total=50, userId="bob"))
    assert [order["order_id"] for order in orders(pipeline)] == ["o1", "o1@bob"]
    tell(said(total=50, userId="cid"), source="import:1")
    assert [(order["order_id"], order["user_id"], order.get("flags")) for order in orders(pipeline)] == [
        ("o1", "cid", None)
    ]


def test_every_day_that_an_order_was_told_of_is_done_anew(pipeline: Mongo) -> None:
    tell(said(minute=2 * DAY, total=50))
    roll_up()
    tell(said(minute=0, total=60), said("order_refunded", 5 * DAY, total=10))
    marked = {mark["date"] for mark in pipeline["stale_days"].find()}
    assert marked == {"2026-03-01", "2026-03-03", "2026-03-06"}
    roll_up()
    assert [(day.orders, day.revenue, day.refunds) for day in figures(0, 5).daily] == [
        (1, 50.0, 0.0),  # the first that was heard of it, at its newest amount
        *[(0, 0.0, 0.0)] * 4,
        (0, 0.0, 10.0),
    ]


def test_each_refund_and_a_cancellation_are_on_their_own_days(pipeline: Mongo) -> None:
    tell(said(total=100), said("order_refunded", 2 * DAY, total=30))
    tell(said(order_id="o2", total=50), said("order_cancelled", 3 * DAY, "o2"))
    roll_up()
    closed = figures(0, 3)
    tell(said("order_refunded", 9 * DAY, total=20))
    roll_up()
    again = figures(0, 3)
    assert [day.refunds for day in closed.daily] == [0.0, 0.0, 30.0, 50.0]
    assert again.model_dump(exclude={"complete_to"}) == closed.model_dump(exclude={"complete_to"})
    assert figures(9, 9).refunds == 20.0
    answer = business.answer("demo", BusinessQuestion())
    assert (answer.revenue, answer.refunds, answer.net_revenue, answer.range.last) == (
        150.0,
        100.0,
        50.0,
        (NOON + timedelta(days=9)).date(),
    )
    assert (figures(0, 9).revenue, figures(0, 9).refunds, figures(0, 9).net_revenue) == (150.0, 100.0, 50.0)


@pytest.mark.parametrize("currency", ["USD", "credits", "$"])
def test_an_order_in_another_currency_is_left_out_by_every_answer_and_counted(pipeline: Mongo, currency: str) -> None:
    tell(said(total=80, userId="ann"), said(order_id="o2", total="1.234", userId="ann"))
    tell(said(order_id="o3", total=99, currency=currency, userId="ann"), said("order_refunded", 1, "o3", total=9))
    roll_up()
    left_out = [{"currency": currency if currency == "USD" else "XXX", "orders": 1}]
    whole, days = business.answer("demo", BusinessQuestion()), figures(0, 0)
    own = customer.answer("demo", CustomerQuestion(customer_id="ann")).orders
    assert (whole.orders, days.orders, own.count) == (1, 1, 1)
    assert (whole.revenue, days.revenue, own.revenue) == (80.0, 80.0, 80.0)
    assert (whole.refunds, days.refunds, own.refunds) == (0.0, 0.0, 0.0)
    assert (whole.unknown_amounts, days.unknown_amounts, own.unknown_amounts) == (1, 1, 1)
    for answer in (whole, days, own):
        assert [one.model_dump() for one in answer.other_currencies] == left_out


def test_an_order_of_a_day_that_the_site_no_longer_keeps_is_counted(pipeline: Mongo) -> None:
    know(pipeline, a_site(retention_days=30))
    tell(said(total=80, userId="ann"))
    roll_up()
    tell(said("order_refunded", 5, total=30))
    roll_up()
    answer = business.answer("demo", BusinessQuestion())
    assert (answer.total_customers, answer.orders, answer.revenue, answer.refunds) == (1, 1, 80.0, 30.0)
    assert (figures(0, 0).orders, figures(0, 0).revenue) == (1, 80.0)


def test_visits_of_a_day_that_the_site_no_longer_keeps_stay_counted_when_an_order_of_it_comes(pipeline: Mongo) -> None:
    tell(an_event(timestamp=at(0), pageType="home"))
    roll_up()
    before = figures(0, 0)
    know(pipeline, a_site(retention_days=30, currency="GBP"))
    pipeline["events"].delete_many({})
    tell(said(total=80, userId="ann"))
    roll_up()
    after = figures(0, 0)
    assert (before.total_users, before.page_views, before.total_sessions) == (1, 1, 1)
    assert (after.total_users, after.page_views, after.total_sessions) == (1, 1, 1)
    assert (after.orders, after.revenue, after.currency) == (1, 80.0, "GBP")


def test_a_yen_shop_has_no_decimals_and_a_dinar_shop_three(pipeline: Mongo) -> None:
    know(pipeline, a_site(currency="KWD"))
    tell(said(total="12.500"), said(order_id="o2", total=1.2345, userId="ann"))
    assert [order["total"] for order in orders(pipeline)] == [12500, 1234]
    roll_up()
    assert business.answer("demo", BusinessQuestion()).revenue == 13.734


def test_of_two_imports_that_bring_an_event_again_at_once_the_later_counts(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = said(total=1, eventId="e")
    first, second, third = (NOON + timedelta(days=day) for day in (30, 31, 32))
    tell(order, source="import:1", received_at=first)
    before_next_call(store, "note_retold", lambda: tell(order, source="import:3", received_at=third), monkeypatch)
    tell(order, source="import:2", received_at=second)
    assert [event["retold_at"] for event in pipeline["events"].find()] == [third]
