"""What is known of customers on a day: as reckoned by hand, and nothing of that day or later."""

from itertools import pairwise

import numpy as np
import pytest
from footfall.forecasts.churn_features import known, left
from footfall.forecasts.trade_log import TradeLog, gaps, purchases_of, standing
from footfall.schemas.customer import CHURN_FEATURES
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.core.forecasts.trade_oracle import (
    CUSTOMERS,
    FIRST_DAY,
    LAST_DAY,
    Told,
    days,
    features_by_hand,
    log_of,
    told,
)

horizons = st.integers(1, 30)


@given(told, days, horizons)
@settings(max_examples=300)
def test_features_are_as_reckoned_by_hand(found: Told, cutoff: int, horizon: int) -> None:
    by_hand = {who: features_by_hand(found, who, cutoff, horizon) for who in range(CUSTOMERS)}
    engine = known(log_of(found), cutoff, horizon)
    assert engine.customer.tolist() == [who for who, features in by_hand.items() if features]
    for who, row in zip(engine.customer.tolist(), engine.features, strict=True):
        assert dict(zip(CHURN_FEATURES, row, strict=True)) == pytest.approx(by_hand[who])


@given(told, told, days, horizons)
@settings(max_examples=300)
def test_what_comes_on_the_day_or_later_changes_no_feature(found: Told, later: Told, cutoff: int, horizon: int) -> None:
    moved = Told(*([(row[0], row[1] - FIRST_DAY + cutoff, *row[2:]) for row in rows] for rows in later))
    both = Told(*([*before, *after] for before, after in zip(found, moved, strict=True)))
    before, after = known(log_of(found), cutoff, horizon), known(log_of(both), cutoff, horizon)
    assert before.customer.tolist() == after.customer.tolist()
    assert before.features.tolist() == after.features.tolist()


@given(told, days, horizons)
def test_who_left_bought_on_no_day_of_the_horizon(found: Told, cutoff: int, horizon: int) -> None:
    log = log_of(found)
    everybody = np.arange(CUSTOMERS)
    stayed = {who for who, day, _ in found.orders if cutoff <= day < cutoff + horizon}
    assert left(log, everybody, cutoff, horizon).tolist() == [who not in stayed for who in range(CUSTOMERS)]


@given(told)
def test_purchases_are_days_and_refunds_leave_nothing_below_nothing(found: Told) -> None:
    log = log_of(found)
    standings = standing(log)
    for who in range(CUSTOMERS):
        bought = sorted({day for customer, day, _ in found.orders if customer == who})
        spent = sum(amount for customer, _, amount in found.orders if customer == who)
        refunded = sum(amount for customer, _, amount in found.refunds if customer == who)
        assert int(standings.purchases[who]) == len(bought)
        assert (int(standings.first[who]), int(standings.last[who])) == ((bought[0], bought[-1]) if bought else (0, 0))
        assert int(standings.net[who]) == max(spent - refunded, 0)
    between = [
        after - before
        for who in range(CUSTOMERS)
        for bought in [sorted({day for customer, day, _ in found.orders if customer == who})]
        for before, after in pairwise(bought)
    ]
    assert gaps(purchases_of(log.orders)).tolist() == between


@given(told, days)
def test_a_log_is_cut_between_days(found: Told, cutoff: int) -> None:
    log = log_of(found)
    before, after = log.before(cutoff), log.between(cutoff, LAST_DAY + 1)
    assert all(
        (table.day < cutoff).all() for table in (before.orders, before.refunds, before.activity, before.complaints)
    )
    parts: list[TradeLog] = [before, after]
    assert sum(len(part.orders.day) for part in parts) == len(found.orders)
