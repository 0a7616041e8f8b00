"""Where a rate breaks: shifts are marked once, spikes alone, chance not at all."""

import pytest
from footfall.days import PeriodName
from footfall.funnels.anomalies import Anomaly, find_anomalies
from hypothesis import given
from hypothesis import strategies as st

WEEK = [(500, 100), (450, 90), (450, 85), (480, 100), (520, 120), (700, 210), (600, 90)]
"""A week of a shop: Saturdays go on in 30 of 100, Sundays in 15."""


def kinds(found: list[Anomaly]) -> list[tuple[int, str]]:
    return [(anomaly.index, anomaly.kind) for anomaly in found]


def test_a_rate_that_falls_and_stays_there_is_marked_once_on_its_first_day() -> None:
    found = find_anomalies([(250, 200)] * 30 + [(250, 50)] * 30, "day")
    assert kinds(found) == [(30, "shift")]
    assert (found[0].rate, round(found[0].expected, 6), found[0].level) == (0.2, 0.8, 0.2)
    assert found[0].deviation < -10


def test_a_rate_that_rises_and_stays_there_is_marked_too() -> None:
    found = find_anomalies([(250, 50)] * 30 + [(250, 200)] * 30, "day")
    assert kinds(found) == [(30, "shift")]
    assert found[0].deviation > 10


def test_a_single_bad_day_is_a_spike() -> None:
    found = find_anomalies([(250, 200)] * 30 + [(250, 50)] + [(250, 200)] * 30, "day")
    assert kinds(found) == [(30, "spike")]
    assert (found[0].rate, round(found[0].expected, 6), found[0].level) == (0.2, 0.8, None)


def test_a_fall_at_the_end_is_a_spike_until_it_has_lasted() -> None:
    before, after = [(250, 200)] * 30, (250, 50)
    assert kinds(find_anomalies([*before, after], "day")) == [(30, "spike")]
    assert kinds(find_anomalies([*before, after, after, after], "day")) == [(30, "shift")]


def test_a_new_level_is_what_later_days_are_compared_with() -> None:
    series = [(250, 200)] * 30 + [(250, 50)] * 30 + [(250, 200)] * 30
    assert kinds(find_anomalies(series, "day")) == [(30, "shift"), (60, "shift")]


def test_a_week_of_a_sale_is_two_shifts_and_its_odd_day_a_spike() -> None:
    series = [(250, 25)] * 40 + [(250, 60)] * 7 + [(250, 25)] * 20 + [(250, 2)] + [(250, 25)] * 10
    assert kinds(find_anomalies(series, "day")) == [(40, "shift"), (47, "shift"), (67, "spike")]


@pytest.mark.parametrize(("shown", "first"), [(0.7, 30), (0.3, 31)])
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_a_break_within_a_period_is_marked_where_most_of_it_shows(period: PeriodName, shown: float, first: int) -> None:
    between = (1_000, round(800 - shown * 600))
    found = find_anomalies([(1_000, 800)] * 30 + [between] + [(1_000, 200)] * 10, period)
    assert kinds(found) == [(first, "shift")], "what shows of it in the period before is no spike"


def test_a_change_that_no_day_shows_alone_is_marked_when_many_do() -> None:
    slight = [(250, 50)] * 40 + [(250, 60)] * 40
    assert kinds(find_anomalies(slight, "day")) == [(40, "shift")]
    assert find_anomalies(slight[:41], "day") == []


def test_weekdays_that_always_differ_are_not_marked() -> None:
    assert find_anomalies(WEEK * 17, "day") == []
    assert find_anomalies([(100 * could, 100 * did) for could, did in WEEK] * 17, "day", first_weekday=3) == []


def test_a_saturday_like_a_tuesday_is_a_spike() -> None:
    series = WEEK * 10
    series[40] = (700, 140)
    found = find_anomalies(series, "day")
    assert kinds(found) == [(40, "spike")]
    assert (found[0].rate, round(found[0].expected, 2)) == (0.2, 0.3)


def test_a_shift_is_told_for_its_weekday() -> None:
    series = WEEK * 8 + [(could, did // 2) for could, did in WEEK] * 8
    found = find_anomalies(series[5:], "day", first_weekday=5)
    assert kinds(found) == [(51, "shift")]
    assert (round(found[0].expected, 2), round(found[0].level or 0, 2)) == (0.2, 0.11)


def test_days_that_vary_much_anyway_are_no_breaks() -> None:
    calm, restless = [(1_000, 200)] * 60, [(1_000, 150), (1_000, 250), (1_000, 190), (1_000, 210)] * 15
    assert kinds(find_anomalies([*calm, (1_000, 280), *calm], "day")) == [(60, "spike")]
    assert find_anomalies([*restless, (1_000, 280), *restless], "day") == []


def test_an_odd_day_does_not_hide_another() -> None:
    series = [(250, 100)] * 20 + [(250, 10)] + [(250, 100)] * 20 + [(250, 60)] + [(250, 100)] * 20
    assert kinds(find_anomalies(series, "day")) == [(20, "spike"), (41, "spike")]


def test_too_few_periods_or_people_say_nothing() -> None:
    assert find_anomalies([], "day") == []
    assert find_anomalies([(250, 200)] * 3 + [(250, 50)], "week") == []
    assert find_anomalies([(250, 200)] * 6 + [(250, 50)], "day") == [], "there was no such weekday before"
    assert find_anomalies([(1, 1)] * 10 + [(1, 0)], "day") == []
    assert find_anomalies([(0, 0)] * 30, "day") == []
    assert find_anomalies([(250, 250)] * 30, "day") == []
    assert find_anomalies([(250, 0)] * 30, "day") == []


def test_few_people_a_day_are_enough_when_it_lasts() -> None:
    assert kinds(find_anomalies([(5, 3)] * 60 + [(5, 0)] * 60, "day")) == [(60, "shift")]


def test_periods_that_are_not_to_be_compared_neither_count_nor_are_marked() -> None:
    series = [(0, 0)] + [(250, 200)] * 20 + [(0, 0)] + [(250, 200)] * 9 + [(250, 50)] * 20 + [(0, 0)]
    assert kinds(find_anomalies(series, "week")) == [(31, "shift")]


def test_a_change_too_small_to_matter_is_not_marked_however_certain() -> None:
    assert find_anomalies([(10_000_000, 5_000_000)] * 30 + [(10_000_000, 5_090_000)] * 30, "day") == []


def test_four_months_are_enough_for_a_break_in_their_middle() -> None:
    assert kinds(find_anomalies([(9_000, 5_400)] * 2 + [(9_000, 3_600)] * 2, "month")) == [(2, "shift")]


def test_of_many_breaks_in_a_long_series_the_farthest_are_marked() -> None:
    spikes = [(250, 25)] * 36 + [(250, 150)]
    found = find_anomalies(spikes * 99, "day")
    assert 50 < len(found) < 60, "looking again after each takes time"
    levels = [(5_000, 500)] * 30 + [(5_000, 1_000)] * 30
    assert len(find_anomalies(levels * 10, "day")) == 19


@given(
    st.lists(st.integers(0, 400).flatmap(lambda could: st.tuples(st.just(could), st.integers(0, could))), max_size=60),
    st.integers(0, 6),
)
def test_whatever_the_series_marks_are_in_order_and_their_rates_those_of_their_periods(
    series: list[tuple[int, int]], first_weekday: int
) -> None:
    found = find_anomalies(series, "day", first_weekday) + find_anomalies(series, "week")
    assert all(one.rate == series[one.index][1] / series[one.index][0] for one in found)
    assert all(0 <= share <= 1 for one in found for share in (one.expected, one.level or 0))
    places = [one.index for one in find_anomalies(series, "day", first_weekday)]
    assert places == sorted(set(places))
