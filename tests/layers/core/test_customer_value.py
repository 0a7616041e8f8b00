"""What customers are worth, when they are expected and whom to turn to, against plain reckonings."""

from itertools import product
from statistics import median

import numpy as np
import pytest
from footfall.customers.habits import habits_of
from footfall.customers.priority import priority, priority_order
from footfall.customers.rfm import FEWEST, rfm_scores, scores_by_limits
from footfall.customers.rfm_segments import RFM_SEGMENTS, rfm_segment
from footfall.customers.timing import DAY, status_of, timing
from footfall.customers.value_score import value_scores
from footfall.schemas.customer import PurchaseTiming, RiskLevel
from hypothesis import given
from hypothesis import strategies as st

customer = st.tuples(st.integers(0, 400), st.integers(1, 9), st.integers(-20, 60), st.integers(0, 300))
customers = st.lists(customer, min_size=1, max_size=40)


def columns(found: list[tuple[int, ...]]) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    return [np.array(column, np.int64) for column in zip(*found, strict=True)]


@given(customers)
def test_a_value_score_is_the_weighted_mean_of_three_plain_ranks(found: list[tuple[int, ...]]) -> None:
    recency, frequency, net, _ = columns(found)

    def rank(value: int, values: list[int]) -> float:
        return (sum(one < value for one in values) + sum(one == value for one in values) / 2) / len(values)

    expected = [
        100 * (0.5 * rank(n, net.tolist()) + 0.3 * rank(f, frequency.tolist()) + 0.2 * rank(-r, (-recency).tolist()))
        for r, f, n, _ in found
    ]
    scores = value_scores(recency, frequency, net).tolist()
    assert scores == pytest.approx(expected, abs=0.006)
    assert all(0 <= score <= 100 for score in scores)
    for one, other in product(range(len(found)), repeat=2):
        (r1, f1, n1, _), (r2, f2, n2, _) = found[one], found[other]
        if r1 <= r2 and f1 >= f2 and n1 >= n2:
            assert scores[one] >= scores[other]


def test_the_only_customer_is_in_the_middle_and_nobody_has_no_score() -> None:
    one = np.array([3])
    assert value_scores(one, one, one).tolist() == [50.0]
    nobody = np.zeros(0, np.int64)
    assert value_scores(nobody, nobody, nobody).tolist() == []
    assert timing(nobody, nobody, nobody, nobody).statuses == []


@given(customers)
def test_the_next_order_is_expected_by_own_gaps_and_one_of_the_shop(found: list[tuple[int, ...]]) -> None:
    recency, frequency, _, spans = columns(found)
    spans = np.where(frequency > 1, spans, 0)
    known = timing(recency, frequency, 1_000 * DAY - spans * DAY, np.full(len(found), 1_000 * DAY))
    means = [span / (count - 1) for span, count in zip(spans.tolist(), frequency.tolist(), strict=True) if span]
    if not means:
        assert known.statuses == ["unknown"] * len(found)
        return
    shop = median(means)
    for days, count, span, gap, status in zip(
        recency.tolist(), frequency.tolist(), spans.tolist(), known.gaps.tolist(), known.statuses, strict=True
    ):
        expected = (span + shop) / count if span else shop
        assert gap == pytest.approx(expected)
        assert status == status_of(days, gap)
        assert status != "unknown"


def test_somebody_is_due_from_four_fifths_of_the_gap_and_overdue_from_one_and_a_half() -> None:
    assert [status_of(days, 10) for days in (0, 7, 8, 14, 15, 99)] == [
        "not_due",
        "not_due",
        "due",
        "due",
        "overdue",
        "overdue",
    ]


@given(customers)
def test_of_few_customers_scores_go_by_limits_and_everybody_has_a_segment(found: list[tuple[int, ...]]) -> None:
    recency, frequency, net, _ = columns(found)
    monetary = np.abs(net) + 1
    mean = monetary.sum() / len(monetary)
    limited = scores_by_limits(recency, frequency, monetary)
    for number, (days, orders, money) in enumerate(zip(recency, frequency, monetary, strict=True)):
        expected = (
            5 if days <= 30 else 4 if days <= 60 else 3 if days <= 120 else 2 if days <= 240 else 1,
            5 if orders >= 6 else 4 if orders >= 4 else min(int(orders), 3),
            1 + sum(money >= part * mean for part in (0.25, 0.75, 1.25, 2)),
        )
        assert tuple(int(column[number]) for column in limited) == expected
        assert rfm_segment(*expected) in RFM_SEGMENTS
    scored = rfm_scores(recency, frequency, monetary)
    assert (len(found) < FEWEST) <= all(map(np.array_equal, scored, limited))


def test_one_customer_with_most_of_the_revenue_and_equal_ones_are_scored() -> None:
    same, few = np.array([10, 10, 10]), np.array([1, 1, 1])
    assert scores_by_limits(same, few, np.array([5, 5, 90])).monetary.tolist() == [1, 1, 5]
    assert scores_by_limits(same, few, same).monetary.tolist() == [3, 3, 3]


def test_everybody_has_a_priority_that_grows_with_what_they_are_worth_and_with_the_risk() -> None:
    order = {"low": 0, "medium": 1, "high": 2}
    timings: list[PurchaseTiming] = ["unknown", "not_due", "due", "overdue"]
    risks: list[RiskLevel | None] = ["low", "medium", "high"]
    for status in timings:
        for risk in risks:
            found = [order[priority(score, status, risk)] for score in (0, 33.33, 50, 66.67, 100)]
            assert found == sorted(found)
    for score in (0, 50, 90):
        found = [order[priority(score, "unknown", risk)] for risk in risks]
        assert found == sorted(found)
        found = [order[priority(score, status, None)] for status in timings[1:]]
        assert found == sorted(found)
    assert [priority_order("low", 100), priority_order("medium", 0), priority_order("medium", 0.01)] == [
        10_000,
        100_000,
        100_001,
    ]
    assert priority(90, "overdue", None) == priority(90, "not_due", "high") == "high"


def test_habits_are_read_of_tokens_and_refunds_may_be_more_than_was_seen() -> None:
    tokens = {"sum:visits": 2.0, "sum:pages": 9.0, "category:Lamps": 4.0, "category:Rugs": 1.0}
    assert habits_of(tokens, 100, 150) == {
        "sessions": 2,
        "page_views": 9,
        "refund_rate": 150.0,
        "categories": ["lamps", "rugs"],
    }
    assert habits_of({}, 100, 0) == {"sessions": 0, "page_views": 0, "refund_rate": 0.0, "categories": []}
