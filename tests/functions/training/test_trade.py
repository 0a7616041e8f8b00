"""What extract gathers of customers, day by day, for forecasts."""

from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
from footfall.forecasts.trade_log import TradeLog, log_of
from footfall.schemas.feedback import FeedbackOwner

from functions.training.extract.gather import Gathering
from tests.support.builders import NOON
from tests.support.shopping import a_visit, an_order

BERLIN = ZoneInfo("Europe/Berlin")
DAY = NOON.date().toordinal()


def a_gathering(**but: object) -> Gathering:
    return Gathering(BERLIN, "EUR", {}, **but)  # type: ignore[arg-type]


def gathered(found: Gathering) -> TradeLog:
    customer = found.arrays()["customer"]
    return log_of(found.trade.arrays(customer, found.as_of), len(customer))


def rows(table: tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in table), strict=True))


def test_orders_are_on_the_local_day_and_refunds_each_on_its_own() -> None:
    found = a_gathering()
    late = datetime.combine(NOON.date(), datetime.min.time(), UTC) + timedelta(hours=23)
    refunds = [{"at": NOON + timedelta(days=2), "amount": 300}, {"at": NOON + timedelta(days=5), "amount": 200}]
    found.add_order(an_order("ann", "tea", placed_at=late, refunds=refunds, refunded=500))
    log = gathered(found)
    assert rows(log.orders) == [(0, DAY + 1, 1000)]
    assert rows(log.refunds) == [(0, DAY + 2, 300), (0, DAY + 5, 200)]
    assert found.trade.arrays(found.arrays()["customer"], found.as_of)["end"].tolist() == [DAY + 5]


def test_orders_without_a_customer_are_left_out_and_counted() -> None:
    found = a_gathering()
    for order in (an_order(None, "tea"), an_order("ann", "tea"), an_order("ann", "tea", currency="USD")):
        found.add_order(order)
    assert rows(gathered(found).orders) == [(0, DAY, 1000)]
    assert (found.totals["guest_orders"], found.totals["foreign_currency_orders"]) == (1, 1)


def test_orders_that_come_to_nothing_or_less_are_no_purchases() -> None:
    found = a_gathering()
    for order in (an_order("ann", "tea"), an_order("ann", total=0, lines=[]), an_order("ann", total=-400, lines=[])):
        found.add_order(order)
    assert rows(gathered(found).orders) == [(0, DAY, 1000)]


def test_refunds_larger_than_their_order_are_counted() -> None:
    found = a_gathering()
    found.add_order(an_order("ann", "tea", refunded=5_000, refunds=[{"at": NOON, "amount": 5_000}]))
    assert found.totals["refunds_over_totals"] == 1
    assert rows(gathered(found).refunds) == [(0, DAY, 5_000)]


def test_who_bought_nothing_is_no_customer_and_leaves_no_row() -> None:
    found = a_gathering()
    found.add_visit(a_visit("ann", ["home", "cart"], user="ann"))
    found.add_order(an_order("ann", total=0, placed_at=None, refunded=300, status="refund_only"))
    found.add_visit(a_visit("bob", ["home", "payment"], user="bob"))
    found.add_order(an_order("bob", "tea"))
    log = gathered(found)
    assert log.customers == 1
    assert [len(table.day) for table in (log.orders, log.refunds, log.activity)] == [1, 0, 1]


def test_a_visit_is_split_where_the_day_ends() -> None:
    found = a_gathering()
    found.add_order(an_order("ann", "tea"))
    visit = a_visit("ann", ["home", "search", "payment"], user="ann", products=["tea"])
    midnight = datetime.combine(NOON.date() + timedelta(days=1), datetime.min.time(), BERLIN).astimezone(UTC)
    for event, minutes in zip(visit, (-2, -1, 1, 2), strict=True):
        event["timestamp"] = midnight + timedelta(minutes=minutes)
    found.add_visit(visit)
    # visits, pages, products put into the cart, steps of the checkout
    assert rows(gathered(found).activity) == [(0, DAY, 1, 2, 0, 0), (0, DAY + 1, 1, 1, 0, 1)]


def test_complaints_are_of_who_the_visitor_turned_out_to_be() -> None:
    found = a_gathering()
    found.links = {"cookie": "ann"}
    found.add_order(an_order("ann", "tea"))
    for given in ({"user_id": None, "person_id": "cookie"}, {"user_id": None, "person_id": "nobody"}):
        found.add_complaint(cast(FeedbackOwner, {**given, "timestamp": NOON}))
    assert rows(gathered(found).complaints) == [(0, date.toordinal(NOON.date()))]
