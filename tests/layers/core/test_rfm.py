"""Scores and named segments."""

from itertools import product

import numpy as np
from footfall.customers.rfm import quintiles, rfm_scores
from footfall.customers.rfm_segments import RFM_SEGMENTS, rfm_segment
from hypothesis import given
from hypothesis import strategies as st

values = st.lists(st.integers(0, 40), min_size=1, max_size=60)


def scores(*of: int, lower_is_better: bool = False) -> list[int]:
    found: list[int] = quintiles(np.array(of, np.int64), lower_is_better=lower_is_better).tolist()
    return found


def test_different_values_fall_into_even_fifths() -> None:
    assert scores(*range(10)) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_fewer_days_since_the_last_order_score_higher() -> None:
    assert scores(1, 2, 3, 4, 5, lower_is_better=True) == [5, 4, 3, 2, 1]


def test_equal_values_share_the_score_of_the_middle_of_their_ranks() -> None:
    assert scores(1, 1, 1, 1, 2, 3, 4, 5, 6, 7) == [2, 2, 2, 2, 3, 3, 4, 4, 5, 5]


def test_where_all_are_equal_everybody_is_in_the_middle() -> None:
    assert scores(7, 7, 7) == [3, 3, 3]
    assert scores(7) == [3]


def test_nobody_has_no_scores() -> None:
    assert scores() == []


@given(values)
def test_more_never_scores_less_and_equal_scores_the_same(found: list[int]) -> None:
    given = dict(zip(found, scores(*found), strict=True))
    assert [given[value] for value in found] == scores(*found)
    assert [given[value] for value in sorted(given)] == sorted(given[value] for value in sorted(given))
    assert set(given.values()) <= {1, 2, 3, 4, 5}


@given(values)
def test_turning_the_scale_mirrors_the_scores(found: list[int]) -> None:
    turned = scores(*[-value for value in found], lower_is_better=True)
    assert turned == scores(*found)


def test_the_three_scores_belong_to_their_figures() -> None:
    upwards, fifths = np.arange(25), np.arange(25) // 5 + 1
    found = rfm_scores(upwards, upwards, upwards[::-1])
    assert [column.tolist() for column in found] == [fifths[::-1].tolist(), fifths.tolist(), fifths[::-1].tolist()]


def test_every_combination_of_scores_has_exactly_one_named_segment() -> None:
    named = {combination: rfm_segment(*combination) for combination in product(range(1, 6), repeat=3)}
    assert len(named) == 125
    assert set(named.values()) == set(RFM_SEGMENTS)


def test_segments_say_what_their_names_promise() -> None:
    assert rfm_segment(5, 5, 5).name == "Champions"
    assert rfm_segment(1, 5, 5).name == "Cannot Lose"
    assert rfm_segment(5, 1, 1).name == "New Customers"
    assert rfm_segment(1, 1, 1).name == "Hibernating"
    assert rfm_segment(3, 3, 3).name == "Need Attention"


def test_frequency_and_money_count_by_their_mean_rounded_up() -> None:
    assert rfm_segment(5, 3, 4) == rfm_segment(5, 4, 4)
    assert rfm_segment(5, 2, 5) == rfm_segment(5, 5, 2) == rfm_segment(5, 4, 4)
