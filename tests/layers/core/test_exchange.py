"""Orders converted into the site's currency at the rate of their day."""

from datetime import date, timedelta

import pytest
from footfall.money import MOST_MINOR_UNITS
from footfall.orders.exchange import converted, is_foreign, rate_on
from footfall.schemas.exchange import DayRate
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON
from tests.support.shopping import a_line, an_order


def a_rate(rate: str = "0.9", day: str = "2026-03-01", currency: str = "USD", into: str = "EUR") -> DayRate:
    return DayRate(currency=currency, into=into, date=day, rate=rate)


def test_all_amounts_of_an_order_are_converted_and_what_it_was_stays() -> None:
    refunds = [{"at": NOON, "amount": 500}, {"at": NOON + timedelta(days=1), "amount": 500}]
    order = an_order("ann", currency="USD", total=3000, tax=300, refunds=refunds, refunded=1000, refunded_at=NOON)
    order["lines"] = [a_line(unit_price=1500, total=3000, quantity=2, discount=10)]
    found = converted(order, a_rate("0.9234"))
    assert (found["currency"], found["total"], found["tax"], found["refunded"]) == ("EUR", 2770, 277, 923)
    assert [refund["amount"] for refund in found["refunds"]] == [462, 461], "together as much as is given back"
    assert [found["lines"][0][name] for name in ("unit_price", "total", "discount", "quantity")] == [1385, 2770, 9, 2]
    assert found["converted_from"] == {"currency": "USD", "total": 3000, "rate": "0.9234", "date": "2026-03-01"}


@pytest.mark.parametrize(
    ("currency", "into", "rate", "total", "amount"),
    [("JPY", "EUR", "0.0061", 5400, 3294), ("EUR", "JPY", "163.5", 1250, 2044), ("KWD", "GBP", "2.55", 12500, 3188)],
)
def test_currencies_of_other_decimals_are_converted_too(
    currency: str, into: str, rate: str, total: int, amount: int
) -> None:
    order = an_order("ann", currency=currency, total=total)
    assert converted(order, a_rate(rate, currency=currency, into=into))["total"] == amount


def test_what_would_be_too_large_stays_as_it_is() -> None:
    order = an_order("ann", currency="USD", total=MOST_MINOR_UNITS - 1)
    assert converted(order, a_rate("1000")) == order


def test_a_rate_holds_for_a_week_at_most() -> None:
    rates = [a_rate(day=day) for day in ("2026-02-20", "2026-02-27", "2026-03-02")]
    days = [date(2026, 2, 19), date(2026, 2, 27), date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 10)]
    found = [rate_on(day, rates) for day in days]
    assert [rate and rate["date"] for rate in found] == [None, "2026-02-27", "2026-02-27", "2026-03-02", None]


def test_what_is_unknown_or_the_sites_is_not_foreign() -> None:
    assert [is_foreign(an_order("ann", currency=name), "EUR") for name in ("USD", "EUR", "", "XXX")] == [
        True,
        False,
        False,
        False,
    ]


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(0, 10**8), max_size=5),
    st.decimals(min_value="0.0001", max_value=1000, places=4),
)
def test_refunds_never_come_to_more_than_the_order(total: int, back: list[int], rate: object) -> None:
    left, refunds = total, []
    for amount in back:
        left -= (given_back := min(amount, left))
        refunds.append({"at": NOON, "amount": given_back})
    order = an_order("ann", currency="USD", total=total, refunds=refunds, refunded=total - left)
    found = converted(order, a_rate(str(rate)))
    assert found["refunded"] == sum(refund["amount"] for refund in found["refunds"]) <= found["total"]
    assert all(refund["amount"] >= 0 for refund in found["refunds"])
