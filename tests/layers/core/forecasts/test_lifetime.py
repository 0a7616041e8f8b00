"""Values of all of CDNOW's customers against what they brought, and of shops too small for a model."""

import numpy as np
import pytest
from footfall.forecasts import lifetime
from footfall.forecasts.lifetime import Customers, Learnt, customers_by, days_to_next, forecast, interval, learn
from footfall.forecasts.lifetime_judged import Judged, judge
from footfall.forecasts.trade_log import Activity, Amounts, Complaints, TradeLog
from footfall.schemas.model import LifetimeKind

from tests.support.cdnow import LAST_DAY, MASTER, cdnow, none

pytestmark = pytest.mark.xdist_group("CDNOW")


@pytest.fixture(scope="module")
def log() -> TradeLog:
    return cdnow(MASTER)


@pytest.fixture(scope="module")
def judged(log: TradeLog) -> Judged:
    found = judge(log, LAST_DAY)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def taught(log: TradeLog) -> tuple[Customers, Learnt]:
    known = customers_by(log, LAST_DAY)
    return known, learn(known)


def a_log(rows: list[tuple[int, int, int]], refunds: list[tuple[int, int, int]] | None = None) -> TradeLog:
    orders, given = (np.array(found, np.int64).reshape(-1, 3).T for found in (rows, refunds or []))
    customers = int(orders[0].max(initial=-1)) + 1
    return TradeLog(customers, Amounts(*orders), Amounts(*given), Activity(*none(6)), Complaints(*none(2)))


def test_half_a_year_of_cdnow_is_foreseen(judged: Judged) -> None:
    assert (judged.days, judged.kind) == (182, "pareto_nbd")
    best = judged.scores[judged.kind]
    assert best.predicted == pytest.approx(judged.actual, rel=0.05)
    assert best.gini > 0.7
    assert best.gini > judged.same_again.gini
    assert best.rmse < judged.same_again.rmse < judged.scores["pooled"].rmse
    assert judged.scores["pooled"].gini == 0


def test_nine_of_ten_outcomes_are_within_the_interval(judged: Judged) -> None:
    assert judged.coverage is not None
    assert 0.88 <= judged.coverage <= 0.97


def test_more_is_expected_of_those_who_brought_more(judged: Judged) -> None:
    actual = [tenth["actual"] for tenth in judged.tenths]
    assert len(actual) == 10
    assert actual[0] > 2 * actual[1] > 2 * actual[4]
    assert judged.tenths[0]["predicted"] == pytest.approx(actual[0], rel=0.2)


def test_values_lie_between_their_bounds_and_are_what_chance_and_worth_make_them(
    taught: tuple[Customers, Learnt],
) -> None:
    known, learnt = taught
    some = known.of(np.arange(400))
    found, bounds = forecast(learnt, "pareto_nbd", some, 365), interval(learnt, "pareto_nbd", some, 365)
    assert found.alive is not None
    assert bounds is not None
    assert found.value == pytest.approx(found.alive * found.value_if_alive)
    assert (bounds.low <= bounds.high).all()
    assert (bounds.low <= found.value).all()
    again = interval(learnt, "pareto_nbd", some, 365)
    assert again is not None
    assert again.high.tolist() == bounds.high.tolist()


def test_who_is_as_likely_as_not_to_buy_again_does_so_on_the_day_that_is_told(
    taught: tuple[Customers, Learnt],
) -> None:
    known, learnt = taught
    some, model = known.of(np.arange(400)), learnt.buying["pareto_nbd"]
    days = days_to_next(model, some)
    alive = model.alive(some.seen)
    told = ~np.isnan(days)
    assert told.any()
    assert not told.all()
    within = alive * model.buys_if_alive(some.seen, np.nan_to_num(days, nan=365.0) / 7)
    before = alive * model.buys_if_alive(some.seen, (np.nan_to_num(days, nan=365.0) - 1) / 7)
    assert (within[told] >= 0.5).all()
    assert (before[told] < 0.5).all()
    assert (within[~told] < 0.5).all()


def test_a_shop_too_small_expects_as_much_of_everybody() -> None:
    log = a_log([(0, 1_000, 900), (0, 1_070, 1_100), (1, 1_000, 2_000), (2, 1_000, 500)])
    known = customers_by(log, 1_070)
    learnt = learn(known)
    assert learnt.buying == {}
    assert set(learnt.problems.values()) == {"fewer than 100 customers"}
    found = forecast(learnt, "pooled", known, 70)
    # one repeat in 3 × 10 weeks, purchases of 11.25 in the mean
    assert found.purchases == pytest.approx([1 / 3] * 3)
    assert found.value == pytest.approx([1_125 / 3] * 3)
    assert interval(learnt, "pooled", known, 70) is None


def test_refunds_larger_than_orders_leave_a_customer_worth_nothing_so_far() -> None:
    known = customers_by(a_log([(0, 1_000, 900), (1, 1_000, 900)], [(0, 1_001, 5_000)]), 1_010)
    assert known.worth.tolist() == [0, 900]


def test_nobody_is_worth_anything_in_a_shop_without_orders() -> None:
    known = customers_by(a_log([]), 0)
    learnt = learn(known)
    assert len(forecast(learnt, "pooled", known, 365).value) == 0
    assert judge(a_log([]), 0) is None


def test_one_customer_with_nearly_all_revenue_is_no_reason_to_fail() -> None:
    random = np.random.default_rng(4)
    rows = [(who, 1_000 + int(day), 1_000) for who in range(1, 200) for day in random.integers(0, 200, 1 + who % 4)]
    known = customers_by(a_log([*rows, *((0, 1_000 + day, 9_000_000) for day in range(0, 200, 5))]), 1_200)
    learnt = learn(known)
    kinds: list[LifetimeKind] = [*learnt.buying, "pooled"]
    found = forecast(learnt, kinds[0], known, 365)
    assert np.isfinite(found.value).all()
    assert int(np.argmax(found.value)) == 0


def test_customers_who_bought_once_are_surely_alive_by_bg_nbd_alone(taught: tuple[Customers, Learnt]) -> None:
    known, learnt = taught
    once = known.of(np.flatnonzero(known.seen.repeats == 0)[:50])
    assert (learnt.buying["bg_nbd"].alive(once.seen) == 1).all()
    assert (learnt.buying["pareto_nbd"].alive(once.seen) < 1).all()


def test_of_more_customers_some_are_drawn_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetime, "MOST_FITTED", 150)
    random = np.random.default_rng(4)
    rows = [(who, 1_000 + int(day), 1_000) for who in range(300) for day in random.integers(0, 200, 1 + who % 4)]
    known = customers_by(a_log(rows), 1_200)
    one, other = learn(known), learn(known)
    assert {name: found.parameters for name, found in one.found.items()} == {
        name: found.parameters for name, found in other.found.items()
    }


def test_where_nobody_seems_to_leave_bg_nbd_stands_in() -> None:
    random = np.random.default_rng(11)
    rates = random.gamma(1.0, 1 / 20, 400)
    rows = [
        (who, 1_000 + int(day), 1_000 + who)
        for who, rate in enumerate(rates)
        for day in {0, *random.integers(1, 300, random.poisson(rate * 300)).tolist()}
    ]
    known = customers_by(a_log(rows), 1_300)
    learnt = learn(known)
    assert "bg_nbd" in learnt.buying
    expected = forecast(learnt, "bg_nbd", known, 100).purchases
    assert expected.sum() == pytest.approx(known.seen.repeats.sum() / 3, rel=0.1)
