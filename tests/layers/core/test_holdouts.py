"""Hold-outs: a split that stays, and effects that are claimed as often as they should be."""

import math

import numpy as np
import pytest
from footfall.models.holdouts import HoldOut, Mean, NotClaimed, Rate, effect_on_mean, effect_on_rate
from hypothesis import given
from hypothesis import strategies as st

SALT = "the site's own secret"
PEOPLE = [f"person-{number}" for number in range(20_000)]
ROUNDS = 2_000


def left_out(name: str = "spring", share: float = 0.1, salt: str = SALT) -> set[str]:
    held = HoldOut(name, share, salt)
    return {person for person in PEOPLE if held.arm_of(person) == "held_out"}


def test_the_share_is_left_out_and_always_the_same_people() -> None:
    found = left_out()
    error = math.sqrt(0.1 * 0.9 / len(PEOPLE))
    assert len(found) / len(PEOPLE) == pytest.approx(0.1, abs=4 * error)
    assert left_out() == found


def test_a_larger_share_leaves_out_the_same_people_and_more() -> None:
    assert left_out(share=0.1) < left_out(share=0.2)


@pytest.mark.parametrize(("name", "salt"), [("summer", SALT), ("spring", "another site's")])
def test_another_experiment_or_site_leaves_out_others(name: str, salt: str) -> None:
    both = len(left_out() & left_out(name, salt=salt))
    assert both / len(PEOPLE) == pytest.approx(0.01, abs=4 * math.sqrt(0.01 / len(PEOPLE)))


def test_the_parts_of_what_is_hashed_cannot_be_mistaken_for_one_another() -> None:
    shifted = [(HoldOut("a", 0.5, "s").arm_of(f"b{n}"), HoldOut("ab", 0.5, "s").arm_of(str(n))) for n in range(200)]
    assert any(one != other for one, other in shifted)


@given(st.text(), st.text())
def test_nobody_or_everybody_can_be_left_out(name: str, person: str) -> None:
    assert HoldOut(name, 0, SALT).arm_of(person) == "treated"
    assert HoldOut(name, 1, SALT).arm_of(person) == "held_out"


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_is_from_nothing_to_all(share: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        HoldOut("spring", share, SALT)


def test_an_interval_of_a_difference_is_the_published_one() -> None:
    effect = effect_on_rate(Rate(70, 56), Rate(80, 48))
    assert (round(effect.low, 4), round(effect.difference, 4), round(effect.high, 4)) == (0.0524, 0.2, 0.3339)
    assert effect.sure


def test_an_interval_of_means_is_that_of_the_formula() -> None:
    one, other = np.arange(40.0), np.arange(50.0) / 2
    effect = effect_on_mean(*(Mean(len(x), float(x.sum()), float((x**2).sum())) for x in (one, other)))
    half = 1.959964 * math.sqrt(one.var(ddof=1) / 40 + other.var(ddof=1) / 50)
    assert effect.difference == pytest.approx(one.mean() - other.mean())
    assert (effect.low, effect.high) == pytest.approx((effect.difference - half, effect.difference + half))


@pytest.mark.parametrize("truth", [0.0, 0.03])
def test_intervals_of_rates_hold_the_truth_as_often_as_they_say(truth: float) -> None:
    random = np.random.default_rng(11)
    treated, held = random.binomial(2_000, 0.1 + truth, ROUNDS), random.binomial(400, 0.1, ROUNDS)
    effects = [
        effect_on_rate(Rate(2_000, a), Rate(400, b)) for a, b in zip(treated.tolist(), held.tolist(), strict=True)
    ]
    share = sum(effect.low <= truth <= effect.high for effect in effects) / ROUNDS
    assert share == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("truth", [0.0, 5.0])
def test_intervals_of_means_hold_the_truth_as_often_as_they_say(truth: float) -> None:
    random = np.random.default_rng(12)
    treated, held = random.gamma(2, 20, (ROUNDS, 600)) + truth, random.gamma(2, 20, (ROUNDS, 200))
    effects = [
        effect_on_mean(Mean(600, a.sum(), (a**2).sum()), Mean(200, b.sum(), (b**2).sum()))
        for a, b in zip(treated, held, strict=True)
    ]
    share = sum(effect.low <= truth <= effect.high for effect in effects) / ROUNDS
    assert share == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    ("treated", "held_out", "why"),
    [
        (Rate(1_000, 80), Rate(0, 0), "nobody"),
        (Rate(0, 0), Rate(1_000, 80), "nobody"),
        (Rate(1_000, 80), Rate(29, 9), "29 people"),
        (Rate(1_000, 80), Rate(100, 4), "did it, or did not"),
        (Rate(1_000, 1_000), Rate(100, 50), "did it, or did not"),
    ],
)
def test_no_effect_is_claimed_on_a_rate_without_enough_people(treated: Rate, held_out: Rate, why: str) -> None:
    with pytest.raises(NotClaimed, match=why):
        effect_on_rate(treated, held_out)


@pytest.mark.parametrize("people", [0, 1, 29])
def test_no_effect_is_claimed_on_a_mean_without_enough_people(people: int) -> None:
    with pytest.raises(NotClaimed):
        effect_on_mean(Mean(1_000, 10.0, 50.0), Mean(people, 0.0, 0.0))


def test_where_everybody_has_the_same_amount_there_is_no_doubt() -> None:
    effect = effect_on_mean(Mean(100, 500.0, 2_500.0), Mean(100, 400.0, 1_600.0))
    assert (effect.low, effect.high, effect.sure) == (1.0, 1.0, True)
