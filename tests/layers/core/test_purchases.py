"""Which orders figures count: the conditions for MongoDB say the same as what is said of one order."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any, cast

import pytest
from footfall.orders.purchases import (
    Condition,
    foreign_purchases,
    free_orders,
    given_back,
    in_currency,
    is_counted,
    is_free,
    is_purchase,
    is_unknown,
    last_moment,
    left_out,
    moments_of,
    purchases,
    purchases_of_known_people,
    unknown_amounts,
)
from footfall.schemas.order import OrderSums
from footfall.schemas.site import Site
from pymongo.database import Database

from tests.support.builders import NOON, a_site

SITE = a_site(currency="EUR")
HOUR = timedelta(hours=1)
ORDERS = [
    {"placed_at": placed_at, "total": total, "currency": currency, "user_id": user_id, "refunds": [], **flags}
    for placed_at, total, currency, user_id, flags in product(
        (NOON, None),
        (0, 1, 2),
        ("EUR", "", "USD"),
        ("ann", None),
        ({}, {"flags": ["currency_unknown"]}, {"flags": ["amount_missing"]}, {"flags": ["amount_unreadable"]}),
    )
]


def an_order(**but: Any) -> OrderSums:
    return cast(OrderSums, {"placed_at": NOON, "total": 1, "currency": "EUR", "refunds": [], **but})


def placed(order: OrderSums) -> bool:
    return order["placed_at"] is not None


SAID: list[tuple[Callable[[Site], Condition], Callable[[OrderSums], bool]]] = [
    (purchases, lambda order: is_counted(order, "EUR")),
    (purchases_of_known_people, lambda order: is_counted(order, "EUR") and bool(cast(Any, order)["user_id"])),
    (foreign_purchases, lambda order: is_purchase(order) and not in_currency(order, "EUR")),
    (unknown_amounts, lambda order: placed(order) and is_unknown(order)),
    (free_orders, is_free),
]


@pytest.mark.parametrize(("condition", "holds"), SAID, ids=[condition.__name__ for condition, _ in SAID])
def test_mongodb_is_asked_for_the_orders_of_the_site_of_which_it_holds(
    database: Database[dict[str, Any]], condition: Callable[[Site], Condition], holds: Callable[[OrderSums], bool]
) -> None:
    for site_id in ("demo", "other"):
        documents = [{"_id": f"{site_id}:{n}", "site_id": site_id, **order} for n, order in enumerate(ORDERS)]
        database["orders"].insert_many(documents)
    found = {order["_id"] for order in database["orders"].find(condition(SITE))}
    assert found == {f"demo:{n}" for n, order in enumerate(ORDERS) if holds(cast(OrderSums, order))}
    assert 0 < len(found) < len(ORDERS)


def test_purchases_are_bounded_by_when_they_were_placed() -> None:
    assert purchases(SITE, **{"$gte": NOON})["placed_at"] == {"$type": "date", "$gte": NOON}


@pytest.mark.parametrize(
    ("but", "purchase", "free"),
    [
        ({}, True, False),
        ({"total": 0}, False, True),
        ({"total": 0, "flags": ["amount_missing"]}, False, False),
        ({"placed_at": None}, False, False),
        ({"placed_at": None, "total": 0}, False, False),
        ({"flags": ["two_customers"]}, True, False),
    ],
)
def test_an_order_is_a_purchase_or_free_or_neither(but: dict[str, Any], purchase: bool, free: bool) -> None:
    assert (is_purchase(an_order(**but)), is_free(an_order(**but))) == (purchase, free)


def test_every_order_that_is_left_out_is_counted_as_what_it_is() -> None:
    unknown = an_order(total=0, flags=["amount_unreadable"])
    abroad = [an_order(currency="USD"), an_order(currency="USD"), an_order(currency="GBP")]
    found = left_out([an_order(), an_order(currency=""), an_order(total=0), unknown, unknown, *abroad], "EUR")
    assert found == {"other_currencies": {"USD": 2, "GBP": 1}, "unknown_amounts": 2, "free_orders": 1}


def test_what_is_given_back_from_a_moment_on_and_before_another() -> None:
    refunds = [{"at": NOON + hours * HOUR, "amount": 10**hours} for hours in range(4)]
    assert given_back(an_order(refunds=refunds), NOON + HOUR, NOON + 3 * HOUR) == 110


def test_an_order_is_in_the_figures_of_when_it_was_placed_and_refunded() -> None:
    back = [{"at": NOON + HOUR, "amount": 1}, {"at": NOON + 2 * HOUR, "amount": 1}]
    assert moments_of(an_order(refunds=back)) == [NOON, NOON + HOUR, NOON + 2 * HOUR]
    assert moments_of(an_order(placed_at=None, refunds=back[:1])) == [NOON + HOUR]
    assert (last_moment(an_order(refunds=back)), last_moment(an_order(placed_at=None))) == (NOON + 2 * HOUR, None)
