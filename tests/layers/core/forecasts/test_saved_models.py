"""Models that are saved as JSON and had again say the same as before; intervals are those of plain Python."""

import json
from typing import Any

import numpy as np
import pytest
from footfall.customers.rfm import quintiles
from footfall.forecasts import churn
from footfall.forecasts.bootstrap import MOST_DRAWN, ROUNDS, SEED, intervals
from footfall.forecasts.churn import Calibrated, Sample
from footfall.forecasts.churn_scorers import AWAY, PURCHASES, SINCE_FIRST, Trees
from footfall.forecasts.histories import Histories
from footfall.forecasts.lifetime import Customers, forecast, interval, learn, learnt_again, saved
from footfall.models.behaviour_segments import nearest
from footfall.models.rfm import limits_of, scores_within
from footfall.propensity.columns import DEVICE_NAMES, Names, scorer, weights_of
from footfall.schemas.customer import CHURN_FEATURES
from footfall.schemas.model import ChurnKind, LifetimeKind
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

HORIZON = 60


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Customers as of two days, who leave the likelier the longer they have been away."""
    random = np.random.default_rng(5)
    count = 600
    features = random.gamma(2.0, 20.0, (count, len(CHURN_FEATURES)))
    features[:, AWAY] = np.minimum(features[:, AWAY], features[:, SINCE_FIRST])
    features[:, PURCHASES] = random.integers(1, 6, count)
    left = random.random(count) < features[:, AWAY] / (features[:, AWAY] + 30)
    return Sample(features, left, np.arange(count) % 300, np.where(np.arange(count) < 300, 100, 130))


@pytest.fixture(scope="module")
def customers() -> Customers:
    random = np.random.default_rng(6)
    watched = random.uniform(20, 40, 400)
    there = np.minimum(watched, random.exponential(random.gamma(2.0, 20.0, 400)))
    repeats = random.poisson(random.gamma(1.0, 0.2, 400) * there).astype(float)
    last = np.where(repeats > 0, there * random.random(400) ** (1 / np.maximum(repeats, 1)), 0.0)
    return Customers(np.arange(400), Histories(repeats, last, watched), repeats + 1, random.gamma(6, 500, 400))


def through_json(value: object) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("kind", list(churn.CANDIDATES))
def test_a_saved_churn_model_tells_the_same_chances(sample: Sample, kind: ChurnKind) -> None:
    model = churn.calibrated(kind, sample, sample.features, HORIZON)
    assert model is not None, kind
    again = Calibrated.again(through_json(model.saved()))
    assert np.array_equal(again.chances(sample.features), model.chances(sample.features))


def test_trees_say_what_scikit_learn_says(sample: Sample) -> None:
    ours = churn.by_boosting(sample)
    assert isinstance(ours, Trees)
    theirs = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.08, max_depth=4, min_samples_leaf=20, early_stopping=False, random_state=churn.SEED
    ).fit(sample.features, sample.left)
    elsewhere = np.random.default_rng(9).uniform(-10, 300, sample.features.shape)
    for rows in (sample.features, elsewhere):
        assert ours(rows) == pytest.approx(theirs.decision_function(rows), abs=1e-9)


def test_a_saved_lifetime_model_tells_the_same_values(customers: Customers) -> None:
    learnt = learn(customers)
    again = learnt_again(through_json(saved(learnt)))
    assert learnt.buying
    kinds: list[LifetimeKind] = [*learnt.buying, "pooled"]
    for kind in kinds:
        one, other = forecast(learnt, kind, customers, 365), forecast(again, kind, customers, 365)
        assert np.array_equal(one.value, other.value)
        bounds, bounds_again = interval(learnt, kind, customers, 365), interval(again, kind, customers, 365)
        assert (bounds is None) == (bounds_again is None)
        if bounds and bounds_again:
            assert np.array_equal(bounds.low, bounds_again.low)


def test_a_model_that_foresees_no_number_is_none() -> None:
    random = np.random.default_rng(6)
    watched = random.uniform(20, 40, 400)
    repeats = random.poisson(random.gamma(1.0, 2.0, 400)).astype(float)
    last = np.where(repeats > 0, watched * random.random(400), 0.0)
    learnt = learn(Customers(np.arange(400), Histories(repeats, last, watched), repeats + 1, np.full(400, 900.0)))
    assert learnt.buying == {}
    assert learnt.problems["bg_nbd"] == "what it foresees is no number: its parameters grow without end"


@given(st.lists(st.integers(0, 30), max_size=60), st.booleans())
def test_scores_by_limits_are_those_that_the_limits_are_of(values: list[int], lower_is_better: bool) -> None:
    numbers = np.array(values, np.int64)
    scores = quintiles(numbers, lower_is_better=lower_is_better)
    assert scores_within(numbers, through_json(limits_of(numbers, scores))).tolist() == scores.tolist()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.lists(st.integers(-5, 40), min_size=1, max_size=20))
def test_a_new_value_gets_the_score_of_the_nearest_the_better_of_two(values: list[int], new: list[int]) -> None:
    scores: list[int] = quintiles(np.array(values, np.int64)).tolist()

    def brute(value: int) -> int:
        ends = {score: [v for v, s in zip(values, scores, strict=True) if s == score] for score in set(scores)}
        off = {score: max(min(found) - value, value - max(found), 0) for score, found in ends.items()}
        return max(score for score in off if off[score] == min(off.values()))

    limits = limits_of(np.array(values, np.int64), np.array(scores, np.int8))
    assert scores_within(np.array(new, np.int64), limits).tolist() == [brute(value) for value in new]


def test_the_nearest_centre_is_found_and_of_equal_ones_the_first() -> None:
    centres = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 0.0]])
    assert nearest(np.array([[0.9, 5.0], [1.0, 0.0], [1.1, 0.0]]), centres).tolist() == [0, 0, 1]
    assert nearest(np.zeros((3, 2)), np.zeros((0, 2))).tolist() == [0, 0, 0]


def test_weights_of_a_saved_scorer_are_those_it_was_made_of() -> None:
    names = Names(["pageview", "cart", "other"], ["direct", "unknown", "other"])
    weights = np.arange(2 * 3 + len(DEVICE_NAMES) + 3 + 1) / 7
    told = json.loads(json.dumps(scorer(5, names, 0.25, weights), sort_keys=True))
    again, intercept, found = weights_of(told)
    made = scorer(5, again, intercept, found)
    assert made == told


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_intervals_are_those_of_plain_python(values: list[float]) -> None:
    found = intervals({"mean": lambda rows: float(np.mean(np.array(values)[rows]))}, len(values))["mean"]
    random = np.random.default_rng(SEED)
    means: list[float] = []
    for _ in range(ROUNDS):
        drawn = random.integers(0, len(values), len(values)).tolist()
        means.append(sum(values[row] for row in drawn) / len(values))
    means.sort()

    def end(share: float) -> float:
        place = share * (ROUNDS - 1)
        low = int(place)
        return means[low] + (means[min(low + 1, ROUNDS - 1)] - means[low]) * (place - low)

    assert found == pytest.approx([end(0.025), end(0.975)], abs=1e-3)


def test_the_interval_of_a_mean_of_many_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(10, 2, 4 * MOST_DRAWN)
    low, high = intervals({"mean": lambda rows: float(values[rows].mean())}, len(values))["mean"]
    off = 1.96 * values.std() / len(values) ** 0.5
    assert low == pytest.approx(values.mean() - off, abs=off / 2)
    assert high == pytest.approx(values.mean() + off, abs=off / 2)
    assert intervals({"mean": lambda rows: 0.0}, 0) == {}
