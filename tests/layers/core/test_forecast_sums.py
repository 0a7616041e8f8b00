"""Bins of predicted value, and how customers are spread over them and over levels of risk."""

from collections import Counter
from typing import Any

import pytest
from footfall.customers.forecast_sums import LEVELS, ForecastSums, beginning_of_bin, end_of_bin
from hypothesis import given
from hypothesis import strategies as st

amounts = st.integers(-1_000, 10**15) | st.integers(0, 20_000)
currencies = st.sampled_from(["EUR", "JPY", "KWD"])
UNITS = {"EUR": 100, "JPY": 1, "KWD": 1_000}
foreseen = st.fixed_dictionaries(
    {"monetary": st.integers(1, 10_000)},
    optional={"churn_risk_level": st.sampled_from(LEVELS), "predicted_clv": amounts},
)


@given(amounts, currencies)
def test_an_amount_is_in_the_bin_that_begins_at_or_below_it_and_ends_above(amount: int, currency: str) -> None:
    low = beginning_of_bin(amount, currency)
    high = end_of_bin(low, currency)
    assert low <= max(amount, 0)
    assert amount < high
    assert low == 0 or (low >= UNITS[currency] and str(low).rstrip("0") in {"1", "2", "5"})
    assert beginning_of_bin(high, currency) == high, "the next one begins there"


@pytest.mark.parametrize(
    ("amount", "currency", "low", "high"),
    [
        *((-5, "EUR", 0, 100), (99, "EUR", 0, 100), (100, "EUR", 100, 200), (499, "EUR", 200, 500)),
        *((500, "EUR", 500, 1_000), (0, "JPY", 0, 1), (1, "JPY", 1, 2), (99_999, "JPY", 50_000, 100_000)),
        (999, "KWD", 0, 1_000),
    ],
)
def test_bins_begin_at_one_two_and_five(amount: int, currency: str, low: int, high: int) -> None:
    assert (beginning_of_bin(amount, currency), end_of_bin(low, currency)) == (low, high)


@given(st.lists(foreseen, max_size=30), st.integers(1, 7))
def test_customers_are_counted_once_where_they_are_whatever_parts_they_come_in(some: list[Any], size: int) -> None:
    customers: list[Any] = [{**one, "currency": "EUR"} for one in some]
    sums = ForecastSums()
    for place in range(0, len(customers), size):
        sums.add_all(customers[place : place + size])
    with_value = [one for one in customers if "predicted_clv" in one]
    counted = Counter(beginning_of_bin(one["predicted_clv"], "EUR") for one in with_value)
    assert [(each["low"], each["customers"]) for each in sums.values] == sorted(counted.items())
    assert sum(each["predicted"] for each in sums.values) == sum(one["predicted_clv"] for one in with_value)
    assert [each["risk_level"] for each in sums.risks] == [
        level for level in LEVELS if any(one.get("churn_risk_level") == level for one in customers)
    ]
    for each in sums.risks:
        there = [one["monetary"] for one in customers if one.get("churn_risk_level") == each["risk_level"]]
        assert (each["customers"], each["revenue"]) == (len(there), sum(there))


def test_there_are_few_bins_however_far_values_are_apart() -> None:
    low, bins = 0, 1
    while low < 10**18:
        low, bins = end_of_bin(low, "EUR"), bins + 1
    assert bins < 64
