"""What is more frequent among those who left: against counting by hand, and where there is nothing to find."""

import math
from collections import Counter

import numpy as np
import pytest
from footfall.funnels.engine import Coded
from footfall.funnels.lift import FEWEST, Trait, chance_of, compared, corrected, lift_of, trait_of, traits_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.layers.core import dropoff_oracle as oracle


def trait(left_having: int, left: int, stayed_having: int, stayed: int) -> Trait:
    return Trait("error", None, left_having, left, stayed_having, stayed)


def each_side(coded: Coded, left: NDArray[np.bool_], *unknown: str) -> dict[str, tuple[int, int]]:
    """How many of those who left and who stayed have each value, counted one by one."""
    pairs = Counter((coded.texts[code], bool(gone)) for code, gone in zip(coded.codes, left, strict=True))
    known = {text for text, _ in pairs if text not in unknown}
    return {text: (pairs[text, True], pairs[text, False]) for text in known}


counts = st.tuples(st.integers(1, 80), st.integers(1, 80)).flatmap(
    lambda of: st.tuples(st.integers(0, of[0]), st.just(of[0]), st.integers(0, of[1]), st.just(of[1]))
)


@given(counts)
def test_the_chance_of_a_table_is_fishers(table: tuple[int, int, int, int]) -> None:
    assert chance_of(trait(*table)) == pytest.approx(oracle.chance(*table), rel=1e-9)


def test_the_chance_of_a_large_table_is_fishers() -> None:
    assert chance_of(trait(1_100, 20_000, 2_000, 40_000)) == pytest.approx(
        oracle.chance(1_100, 20_000, 2_000, 40_000), rel=1e-8
    )
    assert chance_of(trait(9_000_000, 10_000_000, 1_000_000, 10_000_000)) == 0
    assert 0.04 < chance_of(trait(5_003_100, 10_000_000, 5_000_000 - 1_283, 10_000_000)) < 0.06, "two deviations"


@given(st.lists(st.floats(1e-12, 1), max_size=30))
def test_probabilities_are_corrected_for_how_many_there_are(chances: list[float]) -> None:
    assert corrected(np.array(chances)).tolist() == pytest.approx(oracle.corrected(chances))


def test_a_lift_is_the_ratio_of_two_shares_with_the_interval_of_katz() -> None:
    # aspirin and heart attacks, Physicians' Health Study: 0.55 (0.43…0.69), here the other way round
    found = lift_of(trait(189, 11_034, 104, 11_037))
    assert [round(bound, 2) for bound in found] == [1.82, 1.43, 2.31]


def test_where_nobody_who_stayed_has_it_half_a_person_is_added() -> None:
    found = lift_of(trait(10, 100, 0, 100))
    assert found.ratio == pytest.approx(21)
    spread = math.sqrt(1 / 10.5 - 1 / 100.5 + 1 / 0.5 - 1 / 100.5)
    assert math.log(found.high / found.low) == pytest.approx(2 * 1.959964 * spread)


def test_traits_are_counted_on_both_sides_of_those_of_whom_they_are_known() -> None:
    left, having = np.array([1, 1, 1, 0, 0], bool), np.array([1, 0, 1, 1, 0], bool)
    assert trait_of("error", having, left) == Trait("error", None, 2, 3, 1, 2)
    assert trait_of("lcp", having, left, np.array([1, 1, 0, 1, 0], bool)) == Trait("lcp", None, 1, 2, 1, 1)
    coded = Coded(["IT", "unknown", "DE", "FR"], np.array([0, 1, 2, 0, 2]))
    found = list(traits_of("country", each_side(coded, left, "unknown")))
    assert found == [Trait("country", "DE", 1, 2, 1, 2), Trait("country", "IT", 1, 2, 1, 2)]


def test_of_many_values_the_most_frequent_hundred_are_looked_at() -> None:
    codes = np.concatenate([np.arange(150), np.arange(90, 150)])
    found = list(traits_of("page", each_side(Coded([str(code) for code in range(150)], codes), codes % 2 == 0)))
    assert len(found) == 100
    assert {one.value for one in found} >= {str(code) for code in range(90, 150)}


def test_fewer_than_thirty_on_a_side_tell_nothing() -> None:
    few, enough = trait(29, FEWEST - 1, 1, 500), trait(30, FEWEST, 1, 500)
    other = trait(400, 500, 0, FEWEST - 1)
    assert [one.worth_a_look for one in (few, enough, other)] == [False, True, False]
    assert not trait(9, 500, 0, 500).worth_a_look, "nine people have it"
    assert not trait(500, 500, 40, 40).worth_a_look, "everybody has it"


def test_reasons_are_what_is_more_frequent_among_those_who_left() -> None:
    groups = [[trait(40, 100, 10, 100), trait(10, 100, 40, 100), trait(9, 29, 0, 100)], [trait(20, 100, 20, 100)]]
    found = compared(groups)
    (reason,), none = found.reasons
    assert (reason.trait, reason.lift.ratio, reason.trait.extra, none) == (groups[0][0], 4.0, 30.0, [])
    assert found.looked_at == 3
    assert reason.p == pytest.approx(3 * oracle.chance(40, 100, 10, 100))
    assert compared([[], []]) == ([[], []], 0)


def test_reasons_of_most_people_come_first() -> None:
    found = compared([[trait(30, 100, 1, 100), trait(90, 100, 40, 100), trait(50, 100, 10, 100)]])
    assert [reason.trait.left_having for reason in found.reasons[0]] == [90, 50, 30]


def test_data_without_a_difference_gives_no_reason_in_nineteen_of_twenty_cases() -> None:
    draw = np.random.default_rng(1)
    trials, found = 400, 0
    for _ in range(trials):
        left = draw.random(draw.integers(80, 2_000)) < draw.uniform(0.1, 0.9)
        flags = [trait_of(f"did {number}", draw.random(len(left)) < draw.uniform(0, 0.6), left) for number in range(8)]
        columns = [Coded("abcdefgh"[:size], draw.integers(0, size, len(left))) for size in (2, 4, 8, 8)]
        values = [
            one for number, coded in enumerate(columns) for one in traits_of(f"has {number}", each_side(coded, left))
        ]
        found += any(compared([flags, values]).reasons)
    assert found <= trials / 20
