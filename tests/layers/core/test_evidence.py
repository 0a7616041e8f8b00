"""How far a part of a series is from the rest: as far as Fisher's exact test says where chance alone is at work."""

import numpy as np
from footfall.funnels.evidence import Evidence, Periods, Stretches, ratios_of_weekdays
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, hypergeom, norm, t

LIKE_NORMAL = 10**9  # degrees of freedom
FIRST = Stretches(np.array([0]), np.array([1]))


def of_two(part: tuple[int, int], rest: tuple[int, int], freedom: int = LIKE_NORMAL) -> float:
    """The deviation of one part from the rest, each (how many could, how many did)."""
    could, did = np.array([0.0, part[0], part[0] + rest[0]]), np.array([0.0, part[1], part[1] + rest[1]])
    return float(Evidence(did, could, freedom, half=0.5, varying=0, alike=0).deviations(FIRST)[0])


def counts(most: int) -> st.SearchStrategy[tuple[int, int]]:
    """How many could go on, and how many did."""
    return st.integers(1, most).flatmap(lambda could: st.tuples(st.just(could), st.integers(0, could)))


@given(counts(200), counts(3_000))
def test_a_deviation_is_never_surer_than_fishers_exact_test(part: tuple[int, int], rest: tuple[int, int]) -> None:
    found, drawn = of_two(part, rest), (part[0] + rest[0], part[1] + rest[1], part[0])
    exact = min(hypergeom.sf(part[1] - 1, *drawn), hypergeom.cdf(part[1], *drawn))
    if found and 1e-12 < exact < 0.2:
        assert 0.75 * norm.isf(exact) < abs(found) < norm.isf(exact) + 0.001


def test_few_degrees_of_freedom_make_a_deviation_less_sure() -> None:
    sure, of_four = of_two((500, 150), (500, 100)), of_two((500, 150), (500, 100), freedom=4)
    assert abs(norm.sf(of_four) / t.sf(sure, 4) - 1) < 0.05


def test_what_days_vary_by_is_found_whatever_their_counts() -> None:
    source, rate, correlation = np.random.default_rng(1), 0.2, 0.01
    could = source.integers(50, 5_000, 2_000).astype(float)
    of_days = beta.rvs(rate * 99, (1 - rate) * 99, size=2_000, random_state=source)
    did = source.binomial(could.astype(int), of_days).astype(float)
    periods = Periods(could, did, np.ones(2_000))
    evidence = Evidence.of(periods, np.full(2_000, rate), 1_999)
    counted = np.diff(evidence.could)
    assert abs(counted / (could / (1 + (could - 1) * correlation)) - 1).max() < 0.1
    assert evidence.alike < 0.05


def test_weekdays_are_known_from_the_weeks_around_their_days_also_across_a_break() -> None:
    ratios = np.array([1, 0.9, 0.9, 1, 1.2, 1.4, 0.6])
    weekdays = np.arange(140) % 7
    rates = np.where(np.arange(140) < 66, 0.1, 0.2) * ratios[weekdays]
    found = ratios_of_weekdays(np.full(140, 10_000.0), 10_000 * rates, weekdays)
    assert abs(found / ratios - 1).max() < 0.03


def test_of_few_people_nothing_is_learned_about_weekdays() -> None:
    did = np.zeros(28)
    did[5] = 1
    assert abs(ratios_of_weekdays(np.full(28, 5.0), did, np.arange(28) % 7) - 1).max() < 0.1
