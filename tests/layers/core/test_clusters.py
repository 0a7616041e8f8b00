"""How far groups of customers can be relied on, and their habits, against counts by hand."""

from collections import Counter

import numpy as np
from footfall.customers.clusters import Labels, habits, stabilities
from footfall.customers.features import features_of
from footfall.models.behaviour_segments import group
from hypothesis import given, settings
from hypothesis import strategies as st

TWO = np.array([0, 1] * 60, np.int32)


def test_groups_that_are_found_again_by_whatever_number_are_wholly_stable() -> None:
    assert stabilities(TWO, lambda rows: (1 - TWO[rows]).astype(np.int32), 1) == [1.0, 1.0]


def test_groups_that_are_cut_by_chance_are_not() -> None:
    random = np.random.default_rng(1)

    def by_chance(rows: np.ndarray) -> Labels:
        return random.integers(0, 2, len(rows)).astype(np.int32)

    assert all(0.3 < one < 0.5 for one in stabilities(TWO, by_chance, 1))


def test_a_group_that_goes_up_in_another_is_as_stable_as_its_part_of_it() -> None:
    labels = np.array([0] * 300 + [1] * 100, np.int32)
    first, second = stabilities(labels, lambda rows: np.zeros(len(rows), np.int32), 1)
    assert abs(first - 0.75) < 0.02
    assert abs(second - 0.25) < 0.02


def test_what_a_group_does_more_often_has_its_lift_and_numbers() -> None:
    labels = np.array([0] * 100 + [1] * 100, np.int32)
    people = [{"page:search": 1.0} if row < 80 or row >= 180 else {"page:home": 2.0} for row in range(200)]
    (habit,) = habits(features_of(people), labels, 0)
    assert (habit["kind"], habit["name"], habit["customers"], habit["others"]) == ("page", "search", 80, 20)
    assert habit["lift"] == round((80.5 / 101) / (20.5 / 101), 2)
    assert 1 < habit["low"] < habit["lift"] < habit["high"]
    assert [one["name"] for one in habits(features_of(people), labels, 1)] == ["home"]


def test_of_fewer_than_thirty_customers_nothing_is_said() -> None:
    labels = np.array([0] * 29 + [1] * 200, np.int32)
    people = [{"event:click": 1.0} if row < 29 else {"event:hover": 1.0} for row in range(229)]
    assert habits(features_of(people), labels, 0) == []


def test_who_is_alone_is_compared_with_nobody() -> None:
    assert habits(features_of([{"page:home": 1.0}] * 50), np.zeros(50, np.int32), 0) == []


tokens = st.dictionaries(st.sampled_from(["page:home", "page:search", "event:click", "device:Mobile"]), st.just(1.0))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(tokens, st.integers(0, 1)), min_size=1, max_size=6), st.integers(20, 60))
def test_habits_are_counts_of_customers(kinds: list[tuple[dict[str, float], int]], times: int) -> None:
    drawn = kinds * times
    people, labels = [one for one, _ in drawn], np.array([of for _, of in drawn], np.int32)
    here, there = (Counter(token for one, of in drawn if of == group for token in one) for group in (0, 1))
    for habit in habits(features_of(people), labels, 0):
        token = f"{habit['kind']}:{habit['name']}"
        assert (habit["customers"], habit["others"]) == (here[token], there[token])
        assert habit["low"] > 1
        assert not token.startswith("device")


def test_customers_who_shop_in_two_ways_are_stable_segments_with_their_habits() -> None:
    evening = {"page:search": 3.0, "hour:20": 2.0, "sum:visits": 9.0, "sum:pages": 60.0, "sum:orders": 9.0}
    morning = {"page:home": 1.0, "hour:9": 1.0, "sum:visits": 1.0, "sum:pages": 2.0, "sum:orders": 1.0}
    people = [{**(evening, morning)[row % 2], "sum:spent": 100.0 + row % 7} for row in range(200)]
    grouping = group(features_of(people), np.array([float(row % 5) for row in range(200)]))
    assert {0.0 <= segment.get("stability", -1) <= 1 for segment in grouping.segments} == {True}
