"""Figures of how good chances are: as their definitions reckon them, pair by pair and one by one."""

import math

import numpy as np
import pytest
from footfall.forecasts.scores import auc, brier
from footfall.propensity.judging import calibration, calibration_error, figures, gain, losses
from hypothesis import given
from hypothesis import strategies as st

told = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0]), st.booleans()), min_size=1, max_size=40)


@given(told)
def test_the_area_is_how_often_one_that_happened_has_the_higher_chance(found: list[tuple[float, bool]]) -> None:
    chances, happened = map(np.array, zip(*found, strict=True))
    pairs = [(yes > no) + (yes == no) / 2 for yes, a in found for no, b in found if a and not b]
    assert auc(chances, happened) == pytest.approx(sum(pairs) / len(pairs) if pairs else 0.5)


@given(told)
def test_scores_and_losses_are_means_over_all(found: list[tuple[float, bool]]) -> None:
    chances, happened = map(np.array, zip(*found, strict=True))
    assert brier(chances, happened) == pytest.approx(sum((p - y) ** 2 for p, y in found) / len(found))
    bounded = [(min(max(p, 1e-12), 1 - 1e-12), y) for p, y in found]
    assert losses(chances, happened).tolist() == pytest.approx([-math.log(p if y else 1 - p) for p, y in bounded])


@given(told)
def test_tenths_hold_everybody_in_the_order_of_chances(found: list[tuple[float, bool]]) -> None:
    chances, happened = map(np.array, zip(*found, strict=True))
    bins = calibration(chances, happened)
    assert sum(each["sessions"] for each in bins) == len(found)
    assert [each["chance"] for each in bins] == sorted(each["chance"] for each in bins)
    assert 0 <= calibration_error(chances, happened) <= 1


def test_chances_that_come_true_are_calibrated_and_those_that_do_not_are_off_by_as_much() -> None:
    happened = np.arange(1000) % 5 == 0
    assert calibration_error(np.full(1000, 0.2), happened) == pytest.approx(0)
    assert calibration_error(np.full(1000, 0.5), happened) == pytest.approx(0.3)


def test_a_gain_over_the_same_chances_is_nothing_and_over_worse_ones_it_is_sure() -> None:
    happened = np.arange(1000) % 5 == 0
    good, bad = np.where(happened, 0.8, 0.1), np.full(1000, 0.2)
    assert gain(bad, bad, happened) == (0, 0, 0)
    assert 0 < gain(good, bad, happened).low < gain(good, bad, happened).value
    assert figures(good, happened)["auc"] == 1
