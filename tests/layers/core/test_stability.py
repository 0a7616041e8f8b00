"""The population stability index, against figures that can be reckoned by hand."""

import math
import random

import pytest
from footfall.customers.stability import index_by_chance, stability_index, verdict


def test_the_same_population_has_an_index_of_nothing() -> None:
    assert stability_index([10, 20, 70], [10, 20, 70]) == 0


def test_it_is_the_sum_over_bins_of_differences_times_logarithms() -> None:
    then, now = [6_000_000, 4_000_000], [5_000_000, 5_000_000]
    by_hand = (0.5 - 0.6) * math.log(0.5 / 0.6) + (0.5 - 0.4) * math.log(0.5 / 0.4)
    assert stability_index(then, now) == pytest.approx(by_hand, abs=1e-6)


def test_it_is_the_same_both_ways_and_finite_where_a_bin_is_empty() -> None:
    assert stability_index([90, 10, 0], [10, 10, 80]) == pytest.approx(stability_index([10, 10, 80], [90, 10, 0]))
    assert 0 < stability_index([0, 0], [0, 5]) < math.inf


def test_two_samples_of_one_population_exceed_chance_once_in_twenty() -> None:
    source = random.Random(7)

    def sample(size: int) -> list[int]:
        found = [0] * 10
        for _ in range(size):
            found[source.randrange(10)] += 1
        return found

    bound = index_by_chance(10, 400, 300)
    exceeded = sum(stability_index(sample(400), sample(300)) > bound for _ in range(600))
    assert 0.02 < exceeded / 600 < 0.09


@pytest.mark.parametrize(
    ("index", "by_chance", "now", "meant"),
    [
        (0.05, 0.01, 5_000, "stable"),
        (0.15, 0.01, 5_000, "moving"),
        (0.30, 0.01, 5_000, "shifted"),
        (0.30, 0.35, 5_000, "stable"),
        (0.90, 0.01, 99, "too_little_data"),
    ],
)
def test_an_index_means_something_above_chance_alone(index: float, by_chance: float, now: int, meant: str) -> None:
    assert verdict(index, by_chance, now) == meant
