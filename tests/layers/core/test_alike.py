"""Products of those who behave alike, against a reckoning by hand."""

from collections import defaultdict

import numpy as np
import pytest
from footfall.customers.arrays import Arrays
from footfall.recommendations import alike
from footfall.recommendations.alike import lists_by_likeness
from footfall.recommendations.numbered import NONE, OF_A_PERSON, PATHS
from hypothesis import given
from hypothesis import strategies as st

PEOPLE, PRODUCTS = 30, 40
did = st.tuples(st.integers(0, PEOPLE - 6), st.integers(0, PRODUCTS - 1), st.sampled_from([1, 2, 4]), st.integers(0, 9))
Did = tuple[int, int, int, int]
Listed = list[tuple[int, float, tuple[str, ...]]]


def vectors_drawn(seed: int) -> alike.Floats:
    found = np.random.default_rng(seed).normal(size=(PEOPLE, 8)).astype(np.float32)
    unit: alike.Floats = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def arrays_of(done: list[Did]) -> Arrays:
    person, product, strength, _ = np.array(done, np.int32).reshape(-1, 4).T
    return {"person": person, "product": product, "strength": strength, "category": np.full(PRODUCTS, -1, np.int32)}


def listed(vectors: alike.Floats, done: list[Did], rows: list[int]) -> dict[int, Listed]:
    found: dict[int, Listed] = {}
    for lists in lists_by_likeness(vectors, arrays_of(done), np.array(rows)):
        for at, row in enumerate(lists["row"].tolist()):
            assert (lists["path"][at, :, 1] == NONE).all()
            columns = lists["product"][at], lists["score"][at], lists["path"][at, :, 0]
            entries = zip(*(column.tolist() for column in columns), strict=True)
            found[row] = [(product, score, PATHS[path]) for product, score, path in entries if product != NONE]
    return found


def reckoned(vectors: alike.Floats, done: list[Did], row: int) -> dict[int, tuple[float, float]]:
    """Returns the score of each product, and how much of it is by those who bought it."""
    strength: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    bought = {(person, product) for person, product, how, _ in done if how == 4}
    for person, product, how, _ in done:
        strength[person][product] += how
    near = sorted(strength, key=lambda person: -float(vectors[row] @ vectors[person]))[:20]
    similarity = {person: max(float(vectors[row] @ vectors[person]), 0.0) for person in near}
    score: dict[int, tuple[float, float]] = {}
    for person in near:
        for product, how in strength[person].items():
            amount = similarity[person] / (sum(similarity.values()) or 1) * how / max(strength[person].values())
            whole, by_buyers = score.get(product, (0.0, 0.0))
            score[product] = whole + amount, by_buyers + amount * ((person, product) in bought)
    return {product: found for product, found in score.items() if found[0] > 0}


@given(st.lists(did, min_size=1, max_size=60), st.integers(0, 50))
def test_lists_are_what_is_reckoned_by_hand(done: list[Did], seed: int) -> None:
    vectors, rows = vectors_drawn(seed), list(range(PEOPLE - 5, PEOPLE))
    found = listed(vectors, done, rows)
    for row in rows:
        whole = reckoned(vectors, done, row)
        assert len(found[row]) == min(len(whole), OF_A_PERSON)
        assert [score for _, score, _ in found[row]] == sorted((score for _, score, _ in found[row]), reverse=True)
        for product, score, edges in found[row]:
            expected, by_buyers = whole[product]
            assert score == pytest.approx(expected, abs=1e-5)
            if abs(2 * by_buyers - expected) > 1e-5:
                assert edges == ("SIMILAR_TO", "PURCHASED" if 2 * by_buyers > expected else "VIEWED")
        left = [score for product, (score, _) in whole.items() if product not in {one for one, *_ in found[row]}]
        assert max(left, default=0.0) <= min((score for _, score, _ in found[row]), default=1.0) + 1e-5


def test_where_nobody_did_anything_with_a_product_lists_are_empty() -> None:
    assert listed(vectors_drawn(1), [], [0, 1]) == {0: [], 1: []}
    assert list(lists_by_likeness(vectors_drawn(1), arrays_of([(0, 0, 4, 0)]), np.zeros(0, np.int64))) == []


def test_who_is_unlike_everybody_is_told_nothing() -> None:
    vectors = np.zeros((3, 4), np.float32)
    vectors[0, 0], vectors[1, 0] = 1, -1
    done = [(0, 3, 4, 0)]
    assert listed(vectors, done, [1, 2]) == {1: [], 2: []}


def test_the_same_lists_are_found_at_once_and_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(4)
    done = [(int(draw.integers(0, 20)), int(draw.integers(0, PRODUCTS)), 4, 0) for _ in range(80)]
    whole = listed(vectors_drawn(2), done, list(range(20, 30)))
    monkeypatch.setattr(alike, "AT_ONCE", 3)
    for row, parts in listed(vectors_drawn(2), done, list(range(20, 30))).items():
        assert {product for product, *_ in parts} == {product for product, *_ in whole[row]}
        assert [score for _, score, _ in parts] == pytest.approx([score for _, score, _ in whole[row]], abs=1e-6)


def test_of_very_many_a_choice_is_compared_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "MOST_COMPARED", 4)
    done = [(person, person, 4, 0) for person in range(20)]
    lists = listed(vectors_drawn(2), done, list(range(20, 30)))
    assert len({product for found in lists.values() for product, *_ in found}) <= 4
    assert lists == listed(vectors_drawn(2), done, list(range(20, 30)))
