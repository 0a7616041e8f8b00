"""Chances of churn on all of CDNOW's customers, and on shops that teach too little or too much."""

import numpy as np
import pytest
from footfall.forecasts import churn
from footfall.forecasts.churn import Calibrated, Sample
from footfall.forecasts.churn_scorers import AWAY
from footfall.forecasts.scores import auc, brier, calibration_error, lift, tenths
from footfall.forecasts.trade_log import Activity, Amounts, Complaints, TradeLog
from footfall.schemas.customer import CHURN_FEATURES
from footfall.schemas.model import ChurnKind

from tests.support.cdnow import LAST_DAY, MASTER, cdnow, none

HORIZON = 133
pytestmark = pytest.mark.xdist_group("CDNOW")
Found = tuple[Sample, dict[ChurnKind, Calibrated]]


@pytest.fixture(scope="module")
def log() -> TradeLog:
    return cdnow(MASTER)


@pytest.fixture(scope="module")
def found(log: TradeLog) -> Found:
    """The latest day that tells, and the candidates that learnt from the days before it."""
    days = churn.cutoffs_of(log, LAST_DAY, HORIZON)
    latest, *earlier = [churn.sample_of(log, day, HORIZON) for day in days]
    return latest, churn.candidates(churn.together(earlier), latest.features, HORIZON)


def a_log(rows: list[tuple[int, int, int]]) -> TradeLog:
    orders = np.array(rows, np.int64).reshape(-1, 3).T
    customers = int(orders[0].max(initial=-1)) + 1
    return TradeLog(customers, Amounts(*orders), Amounts(*none(3)), Activity(*none(6)), Complaints(*none(2)))


def test_cdnow_has_the_customers_and_days_of_the_papers(log: TradeLog) -> None:
    assert (log.customers, len(log.orders.day)) == (23_570, 69_659)


def test_days_to_learn_from_end_before_the_day_to_judge_on_begins(log: TradeLog) -> None:
    latest, *earlier = churn.cutoffs_of(log, LAST_DAY, HORIZON)
    assert latest + HORIZON - 1 == LAST_DAY
    assert len(earlier) == churn.MOST_CUTOFFS
    assert all(day + HORIZON <= latest for day in earlier)


def test_the_best_candidate_reaches_what_is_reached_on_cdnow(found: Found) -> None:
    latest, candidates = found
    best = candidates[min(candidates, key=lambda kind: candidates[kind].loss)]
    chances = best.chances(latest.features)
    assert auc(chances, latest.left) >= 0.82
    assert brier(chances, latest.left) <= 0.114
    assert lift(1 - chances, ~latest.left) >= 3.5
    assert calibration_error(tenths(chances, latest.left)) < 0.03


def test_what_is_learnt_is_better_than_recency_and_pareto_nbd(found: Found) -> None:
    latest, candidates = found
    areas = {kind: auc(model.chances(latest.features), latest.left) for kind, model in candidates.items()}
    assert areas["logistic"] > areas["pareto_nbd"] > areas["recency"]


def test_effects_say_which_way_a_feature_moves_the_chance(found: Found) -> None:
    latest, candidates = found
    some = latest.features[:500]
    moved = churn.effects(candidates["recency"], some)
    assert (moved[:, [at for at in range(len(CHURN_FEATURES)) if at != AWAY]] == 0).all()
    longer = some[:, AWAY] > np.median(some[:, AWAY])
    assert (moved[longer, AWAY] > 0).all()


def test_the_same_customers_give_the_same_chances(log: TradeLog, found: Found) -> None:
    latest, candidates = found
    days = churn.cutoffs_of(log, LAST_DAY, HORIZON)
    earlier = churn.together([churn.sample_of(log, day, HORIZON) for day in days[1:]])
    again = churn.calibrated("logistic", earlier, latest.features, HORIZON)
    assert again is not None
    assert again.chances(latest.features).tolist() == candidates["logistic"].chances(latest.features).tolist()


def test_the_horizon_is_within_which_four_of_five_come_back() -> None:
    rows = [(who, 1_000 + day, 500) for who in range(20) for day in (0, 10, 20, 30, 40, 50, 90)]
    assert churn.horizon_of(a_log(rows), 1_400) == 10
    assert churn.horizon_of(a_log(rows[:20]), 1_400) is None
    slow = [(who, 1_000 + day, 500) for who in range(20) for day in (0, 40, 80)]
    assert churn.horizon_of(a_log(slow), 1_400) == 40
    assert churn.horizon_of(a_log(slow), 1_080) == 27, "a third of the days at most"
    assert churn.horizon_of(a_log([]), 0) is None


def test_without_days_to_learn_on_there_are_none() -> None:
    rows = [(0, 1_000, 500), (0, 1_050, 500)]
    assert churn.cutoffs_of(a_log(rows), 1_060, 30) == []


def test_features_that_are_the_same_of_everybody_tell_nothing() -> None:
    rows = [(who, 1_000, 500) for who in range(200)] + [(who, 1_020, 500) for who in range(90)]
    log = a_log(rows)
    sample = churn.sample_of(log, 1_010, 20)
    assert churn.is_telling(sample)
    assert churn.candidates(sample, sample.features, 20) == {}
