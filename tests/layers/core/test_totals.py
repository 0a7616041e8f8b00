"""Totals of attempts: those of parts of the people add up to those of all, and figures are what arithmetic says."""

import math
import statistics
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pytest
from footfall.funnels.engine import Attempts, Timeline
from footfall.funnels.summary import Bought, Summary, brought, step_figures
from footfall.funnels.totals import Counted, Totals
from footfall.funnels.value import lost
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.core.funnel_oracle import percentile

STEPS = 3
NAMES = ["a", "b", "c"]


class Went(NamedTuple):
    """An attempt: its value of a dimension, how long each further step took, what was bought and given back."""

    value: str
    took: tuple[int, ...]
    bought: int
    refunded: int


LONGEST = 3_660 * 86_400_000
went = st.builds(
    Went,
    st.sampled_from("xyz"),
    st.lists(st.sampled_from([0, 1, 999, 1_500, LONGEST]), max_size=STEPS - 1).map(tuple),
    st.sampled_from([0, 0, 5, 100, 10**13]),
    st.sampled_from([0, 0, 5, 200]),
)
everybody = st.lists(went, max_size=40)


def totals(attempts: Sequence[Went]) -> Totals:
    """The totals as the engine's attempts come to."""
    groups = sorted({each.value for each in attempts})
    times = [list(accumulate(each.took, initial=0)) for each in attempts]
    reached = np.array([len(each) for each in times], np.int64)
    places = np.arange(len(attempts) * STEPS, dtype=np.uint64).reshape(-1, STEPS).T
    flat = [time for each in times for time in (*each, *[0] * (STEPS - len(each)))]
    timeline = Timeline(listed=np.array(flat, np.int64))
    summary = Summary(STEPS, Attempts(np.arange(len(attempts), dtype=np.uint32), reached, places), timeline)
    sums = np.array([each.bought for each in attempts], np.int64)
    net = sums - np.array([each.refunded for each in attempts], np.int64)
    group = np.array([groups.index(each.value) for each in attempts], np.int64)
    return summary.totals([(value,) for value in groups], group, Bought(sums, net))


@given(st.lists(st.tuples(st.integers(0, 3), went), max_size=40))
def test_parts_of_the_people_add_up_to_the_totals_of_all(parted: list[tuple[int, Went]]) -> None:
    whole = totals([each for _, each in parted])
    parts = [totals([each for part, each in parted if part == number]) for number in range(4)]
    kept = [Totals.unpacked(part.packed()) for part in parts]
    assert Totals.added(kept).packed() == whole.packed()
    assert Totals.added(kept[::-1]).together().packed() == whole.together().packed()
    assert Totals.added([Totals.added(kept[:2]), Totals.added(kept[2:])]).packed() == whole.packed()


@given(everybody)
def test_figures_are_those_of_the_attempts_one_by_one(attempts: list[Went]) -> None:
    found = totals(attempts)
    for group, (value,) in enumerate(found.groups):
        assert_figures(found, group, [each for each in attempts if each.value == value])
    if attempts:
        assert_figures(found.together(), 0, attempts)


def assert_figures(found: Totals, group: int, attempts: Sequence[Went]) -> None:
    assert found.net is not None
    for step in step_figures(NAMES, found, group):
        stayed = [each for each in attempts if len(each.took) >= step.order - 1]
        assert step.users == len(stayed)
        seconds = [each.took[step.order - 2] / 1000 for each in stayed] if step.order > 1 else []
        if seconds:
            assert step.avg_seconds == pytest.approx(statistics.fmean(seconds), abs=1e-3)
            assert step.median_seconds == pytest.approx(percentile(sorted(seconds), 0.5), abs=1e-3)
            assert step.p90_seconds == pytest.approx(percentile(sorted(seconds), 0.9), abs=1e-3)
        amounts = [each.bought - each.refunded for each in stayed]
        assert brought(found, found.net, group, step.order) == (
            len(amounts),
            sum(amounts),
            sum(amount**2 for amount in amounts),
        )


def test_what_was_lost_has_the_interval_of_the_mean() -> None:
    attempts = [Went("x", (0, 0), 100 * number, 7) for number in range(30)]
    found = totals(attempts)
    assert found.net is not None
    gone = lost(brought(found, found.net, 0, 3), 10)
    amounts = [Fraction(100 * number - 7) for number in range(30)]
    half = 1.959964 * math.sqrt(statistics.variance(amounts) / 30)
    assert gone is not None
    mean = float(statistics.mean(amounts))
    assert gone == pytest.approx((10 * mean, 10 * (mean - half), 10 * (mean + half)))
    few = totals(attempts[1:])
    assert few.net is not None
    without_an_interval = lost(brought(few, few.net, 0, 3), 10)
    assert without_an_interval is not None
    assert without_an_interval.amount == pytest.approx(10 * (mean + 50))
    assert (without_an_interval.low, without_an_interval.high) == (None, None)
    assert lost(brought(few, few.net, 0, 3)._replace(people=0), 10) is None


def test_the_largest_groups_stay_the_first_of_those_as_large_and_all_others_are_one() -> None:
    attempts = [Went(value, (5,), 10, 0) for value in "aabbccdee"]
    cut = totals(attempts).largest(3, "other")
    assert (cut.groups, cut.entered.tolist()) == ([("a",), ("b",), ("c",), ("other",)], [2, 2, 2, 3])
    assert [step.users for step in step_figures(NAMES, cut, 3)] == [3, 3, 0]
    assert cut.net is not None
    assert brought(cut, cut.net, 3, 2) == (3, 30, 300)
    assert totals(attempts).largest(5, "other").packed() == totals(attempts).packed()


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(-(2**60), 2**60)), max_size=20))
def test_numbers_are_sorted_and_counted_also_where_both_do_not_fit_into_one(pairs: list[tuple[int, int]]) -> None:
    groups, numbers = (np.array(column, np.int64) for column in (zip(*pairs, strict=True) if pairs else ([], [])))
    found = Counted.of(groups, numbers)
    expected = sorted(set(pairs))
    assert list(zip(found.groups.tolist(), found.numbers.tolist(), strict=True)) == expected
    assert found.counts.tolist() == [pairs.count(pair) for pair in expected]
