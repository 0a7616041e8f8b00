"""Figures as answers give them."""

from footfall.money import major_units
from footfall.rates import percentage
from hypothesis import given
from hypothesis import strategies as st


def test_a_share_of_nothing_is_nothing() -> None:
    assert percentage(0, 0) == 0.0
    assert percentage(452, 90_400) == 0.5
    assert percentage(6_030, 90_400) == 6.67


def test_money_has_the_decimals_of_its_currency() -> None:
    assert major_units(891_140_790, "GBP") == 8_911_407.90
    assert major_units(1_250, "JPY") == 1_250
    assert major_units(1_250, "KWD") == 1.25


@given(st.integers(-(10**15), 10**15))
def test_no_minor_unit_is_lost(minor: int) -> None:
    assert round(major_units(minor, "EUR") * 100) == minor
