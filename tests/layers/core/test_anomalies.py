"""Where a rate breaks: shifts are marked once, spikes alone, chance not at all."""

import random

from footfall.funnels.anomalies import Anomaly, find_anomalies
from hypothesis import given
from hypothesis import strategies as st


def chance(source: random.Random, could: int, rate: float, days: int) -> list[tuple[int, int]]:
    """Days on which each of some people goes on with the same probability."""
    return [(could, sum(source.random() < rate for _ in range(could))) for _ in range(days)]


def kinds(found: list[Anomaly]) -> list[tuple[int, str]]:
    return [(anomaly.index, anomaly.kind) for anomaly in found]


def test_a_rate_that_falls_and_stays_there_is_marked_once_on_its_first_day() -> None:
    found = find_anomalies([(250, 200)] * 30 + [(250, 50)] * 30, "day")
    assert kinds(found) == [(30, "shift")]
    assert (found[0].rate, round(found[0].expected, 6)) == (0.2, 0.8)
    assert found[0].deviation < -20


def test_a_rate_that_rises_and_stays_there_is_marked_too() -> None:
    found = find_anomalies([(250, 50)] * 30 + [(250, 200)] * 30, "day")
    assert kinds(found) == [(30, "shift")]
    assert found[0].deviation > 20


def test_a_single_bad_day_is_a_spike() -> None:
    assert kinds(find_anomalies([(250, 200)] * 30 + [(250, 50)] + [(250, 200)] * 30, "day")) == [(30, "spike")]


def test_a_fall_at_the_end_is_a_spike_until_it_has_lasted() -> None:
    assert kinds(find_anomalies([(250, 200)] * 30 + [(250, 50)], "day")) == [(30, "spike")]


def test_a_new_level_is_what_later_days_are_compared_with() -> None:
    series = [(250, 200)] * 30 + [(250, 50)] * 30 + [(250, 200)] * 30
    assert kinds(find_anomalies(series, "day")) == [(30, "shift"), (60, "shift")]


def test_too_few_periods_or_people_say_nothing() -> None:
    assert find_anomalies([(250, 200)] * 6 + [(250, 50)], "day") == []
    assert find_anomalies([(19, 15)] * 30 + [(19, 0)], "day") == []
    assert find_anomalies([(0, 0)] * 30, "day") == []


def test_a_change_too_small_to_matter_is_not_marked_however_certain() -> None:
    assert find_anomalies([(10_000_000, 5_000_000)] * 30 + [(10_000_000, 5_090_000)] * 30, "day") == []


def test_months_are_compared_from_the_third_on() -> None:
    assert kinds(find_anomalies([(9_000, 5_400)] * 2 + [(9_000, 3_600)] * 2, "month")) == [(2, "shift")]


def test_chance_alone_is_hardly_ever_marked() -> None:
    source = random.Random(1)
    marked = sum(
        len(find_anomalies(chance(source, could, rate, 90), "day"))
        for could, rate in ((250, 0.8), (250, 0.16), (60, 0.1), (750, 0.5), (30, 0.05)) * 4
    )
    assert marked <= 5  # of 1,800 days


@given(
    st.lists(st.integers(0, 400).flatmap(lambda could: st.tuples(st.just(could), st.integers(0, could))), max_size=60)
)
def test_whatever_the_series_marks_are_in_order_and_their_rates_those_of_their_periods(
    series: list[tuple[int, int]],
) -> None:
    found = find_anomalies(series, "week")
    assert [one.index for one in found] == sorted({one.index for one in found})
    assert all(one.rate == series[one.index][1] / series[one.index][0] for one in found)
