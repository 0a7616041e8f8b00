"""Scores of forecasts, against the pairs and curves that define them."""

from itertools import product

import numpy as np
import pytest
from footfall.forecasts.scores import auc, brier, calibration_error, gini, lift, log_loss, tenths
from hypothesis import given
from hypothesis import strategies as st

chance = st.integers(0, 4).map(lambda fifths: fifths / 4)
judged = st.lists(st.tuples(chance, st.booleans()), min_size=1, max_size=25)
amounts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=20)


@given(judged)
def test_auc_is_the_share_of_pairs_in_the_right_order(cases: list[tuple[float, bool]]) -> None:
    ours, others = [p for p, came in cases if came], [p for p, came in cases if not came]
    pairs = [1.0 if p > q else 0.5 if p == q else 0.0 for p, q in product(ours, others)]
    chances, came = (np.array(column) for column in zip(*cases, strict=True))
    assert auc(chances, came.astype(bool)) == pytest.approx(sum(pairs) / len(pairs) if pairs else 0.5)


@given(judged)
def test_brier_and_log_loss_are_means_over_customers(cases: list[tuple[float, bool]]) -> None:
    chances, came = (np.array(column) for column in zip(*cases, strict=True))
    expected = sum((p - c) ** 2 for p, c in cases) / len(cases)
    assert brier(chances, came.astype(bool)) == pytest.approx(expected)
    given_to_it = [max(p if c else 1 - p, 1e-15) for p, c in cases]
    assert log_loss(chances, came.astype(bool)) == pytest.approx(-np.mean(np.log(given_to_it)))


@given(judged)
def test_lift_does_not_depend_on_the_order_of_equal_chances(cases: list[tuple[float, bool]]) -> None:
    chances, came = (np.array(column) for column in zip(*cases, strict=True))
    found = lift(chances, came.astype(bool))
    assert found == pytest.approx(lift(chances[::-1], came[::-1].astype(bool)))
    # the mean over all orders of equal ones is that of any of them being drawn
    top = -(-len(cases) // 10)
    edge = sorted(chances)[-top]
    sure = [c for p, c in cases if p > edge]
    drawn = [c for p, c in cases if p == edge]
    rate = (sum(sure) + (top - len(sure)) * sum(drawn) / len(drawn)) / top
    overall = sum(c for _, c in cases) / len(cases)
    assert found == pytest.approx(rate / overall if overall else 0.0)


def _curve(predicted: list[int], actual: list[int]) -> float:
    # the area under the curve less that under the diagonal, equal forecasts as one straight piece
    total, share, area = sum(actual), 0.0, 0.0
    for level in sorted(set(predicted), reverse=True):
        part = [a for p, a in zip(predicted, actual, strict=True) if p == level]
        gained = sum(part) / total
        area += len(part) / len(actual) * (share + gained / 2)
        share += gained
    return area - 0.5


@given(amounts)
def test_gini_is_the_area_beside_the_curve(cases: list[tuple[int, int]]) -> None:
    predicted, actual = [p for p, _ in cases], [a for _, a in cases]
    best = _curve(actual, actual) if sum(actual) else 0.0
    expected = _curve(predicted, actual) / best if best > 1e-12 else 0.0
    found = gini(np.array(predicted, float), np.array(actual, float))
    if sum(actual) and len(set(actual)) > 1:
        assert found == pytest.approx(expected)
    else:
        assert found == 0


@given(amounts)
def test_tenths_hold_every_customer_once_those_of_most_first(cases: list[tuple[int, int]]) -> None:
    predicted, actual = np.array(cases, float).T
    found = tenths(predicted, actual)
    assert sum(one["customers"] for one in found) == len(cases)
    assert sum(one["customers"] * one["actual"] for one in found) == pytest.approx(actual.sum())
    means = [one["predicted"] for one in found]
    assert means == sorted(means, reverse=True)
    off = sum(one["customers"] * abs(one["predicted"] - one["actual"]) for one in found)
    assert calibration_error(found) == pytest.approx(off / len(cases))


def test_a_forecast_that_was_right_is_as_good_as_can_be() -> None:
    came = np.array([True, False, True, False])
    assert (auc(came * 1.0, came), brier(came * 1.0, came)) == (1.0, 0.0)
    assert gini(np.array([1.0, 2, 3]), np.array([10.0, 20, 30])) == 1.0
    assert gini(np.array([3.0, 2, 1]), np.array([10.0, 20, 30])) == -1.0


def test_of_nothing_there_is_nothing_to_say() -> None:
    none = np.zeros(0)
    nobody = none.astype(bool)
    assert (auc(none, nobody), brier(none, nobody), log_loss(none, nobody), lift(none, nobody)) == (0.5, 0, 0, 0)
    assert (gini(none, none), tenths(none, none), calibration_error([])) == (0, [], 0)
