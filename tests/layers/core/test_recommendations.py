"""Recommendations against a reckoning by hand: the walk and its paths, pairs, trends and how lists are judged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from footfall.recommendations.edges import Edges, ones
from footfall.recommendations.fitting import fitted
from footfall.recommendations.lists import lists_of_people, popular_lists
from footfall.recommendations.numbered import BOUGHT_BEFORE, BY_INTEREST, NONE, PATHS, VIEWED_BEFORE
from footfall.recommendations.pairs import lifts, pairs_of
from footfall.recommendations.ranking import AT, quality
from footfall.recommendations.reasons import kinds_of, reasons_of
from footfall.recommendations.sparse import largest, ranked, without
from footfall.recommendations.trends import trending
from footfall.recommendations.tuning import choose, judged, new_to_them, popular, windows_of
from footfall.recommendations.walk import Settings, fit_walk, scores_of
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from .recommendations_oracle import Did, Liked, lift_of_pairs, recall_and_ndcg, trend, walked

PEOPLE, PRODUCTS, CATEGORIES, LAST = 6, 7, 3, 60
did = st.builds(
    Did, st.integers(0, PEOPLE - 1), st.integers(0, PRODUCTS - 1), st.sampled_from([1, 2, 4]), st.integers(0, LAST)
)
liked = st.builds(
    Liked, st.integers(0, PEOPLE - 1), st.integers(0, CATEGORIES - 1), st.integers(0, LAST), st.integers(1, 5)
)
shops = st.tuples(
    st.lists(did, max_size=25, unique_by=lambda one: (one.person, one.product, one.day)),
    st.lists(liked, max_size=8, unique=True),
    st.lists(st.integers(-1, CATEGORIES - 1), min_size=PRODUCTS, max_size=PRODUCTS),
)
settings_of_walks = st.builds(
    Settings,
    half_life=st.sampled_from([10.0, 90.0]),
    alpha=st.sampled_from([0.6, 1.0]),
    beta=st.sampled_from([0.0, 0.4]),
    again=st.sampled_from([0.0, 0.5, 2.0]),
    repeat=st.booleans(),
    viewed=st.sampled_from([0.1, 1.0]),
    interest=st.sampled_from([0.01, 0.3]),
)
Shop = tuple[list[Did], list[Liked], list[int]]
ALL = np.arange(PEOPLE, dtype=np.int32)


def ints(values: Sequence[int]) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array(values, np.int32)


def edges_of(shop: Shop, people: int = PEOPLE, products: int = PRODUCTS) -> Edges:
    done, liked_, category = shop
    return Edges(
        people=people,
        products=products,
        categories=CATEGORIES,
        person=ints([one.person for one in done]),
        product=ints([one.product for one in done]),
        strength=np.array([one.strength for one in done], np.uint8),
        day=ints([one.day for one in done]),
        interested=ints([one.person for one in liked_]),
        interest=ints([one.category for one in liked_]),
        interest_day=ints([one.day for one in liked_]),
        interest_strength=np.array([one.strength for one in liked_], np.uint8),
        category=ints(category),
    )


def a_shop(people: int = 120, products: int = 40, seed: int = 1) -> Edges:
    """Two tastes: who is even buys products of the first half, who is odd of the second, some of it again and again."""
    draw = np.random.default_rng(seed)
    done = {
        (person, int(draw.integers(products // 2)) + (person % 2) * products // 2, int(draw.integers(LAST)))
        for person in range(people)
        for _ in range(12)
    }
    return edges_of(([Did(*one[:2], 4, one[2]) for one in sorted(done)], [], [-1] * products), people, products)


@given(shops, settings_of_walks)
def test_scores_are_what_every_path_adds_up_to(shop: Shop, settings: Settings) -> None:
    walk = fit_walk(edges_of(shop), settings, LAST)
    found = scores_of(walk, ALL).toarray()
    for person in range(PEOPLE):
        reckoned = walked(*shop, settings, person, LAST).score
        for product in range(PRODUCTS):
            assert found[person, product] == pytest.approx(reckoned.get(product, 0.0), abs=1e-5)
    assert found.max(initial=0) <= 1 + 1e-6


@given(shops, settings_of_walks)
def test_reasons_are_the_weightiest_paths_and_their_shares(shop: Shop, settings: Settings) -> None:
    edges = edges_of(shop)
    walk = fit_walk(edges, settings, LAST)
    products, _ = ranked(scores_of(walk, ALL), PRODUCTS)
    reasons = reasons_of(walk, kinds_of(edges), edges, ALL, products)
    for person in range(PEOPLE):
        paths = walked(*shop, settings, person, LAST).paths
        for place, product in enumerate(products[person].tolist()):
            shares = sorted((paths.get(product) or {}).values(), reverse=True)
            expected = [share / sum(shares) for share in shares[:2]] if product != NONE else []
            told = [share for share in reasons.share[person, place].tolist() if share]
            assert told == pytest.approx(expected, abs=1e-4)
            for path, through in zip(reasons.path[person, place], reasons.through[person, place], strict=True):
                _is_a_path(shop, person, product, int(path), int(through))


def _is_a_path(shop: Shop, person: int, product: int, path: int, through: int) -> None:
    done, liked_, category = shop
    bought = {(one.person, one.product) for one in done if one.strength == 4}
    if path in (BOUGHT_BEFORE, VIEWED_BEFORE):
        assert ((person, product) in bought) == (path == BOUGHT_BEFORE)
    elif path == BY_INTEREST:
        assert category[product] == through
        assert any(one.person == person and one.category == through for one in liked_)
    elif path != NONE:
        assert (PATHS[path][0] == "PURCHASED") == ((person, through) in bought)
        assert any(one.person == person and one.product == through for one in done)
        assert product != through


@given(shops)
def test_what_comes_after_the_cutoff_changes_nothing(shop: Shop) -> None:
    edges, cutoff = edges_of(shop), LAST // 2
    done, liked_, category = shop
    earlier = edges_of(
        ([one for one in done if one.day < cutoff], [one for one in liked_ if one.day < cutoff], category)
    )
    known = fit_walk(edges.before(cutoff), Settings(), cutoff - 1)
    assert (scores_of(known, ALL) != scores_of(fit_walk(earlier, Settings(), cutoff - 1), ALL)).nnz == 0


def test_one_more_purchase_in_the_window_changes_no_list_and_only_what_was_true() -> None:
    edges = a_shop()
    _, last = edges.span
    more = edges_of(([Did(0, 1, 4, last)], [], [-1] * 40), 120, 40)
    joined = Edges(
        **{
            **vars(edges),
            **{
                name: np.concatenate([vars(edges)[name], vars(more)[name]])
                for name in ("person", "product", "strength", "day")
            },
        }
    )
    before, after = windows_of(edges).judging, windows_of(joined).judging
    assert (before.known.person == after.known.person).all()
    assert choose(windows_of(edges).choosing) == choose(windows_of(joined).choosing)


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=6), st.integers(1, 6))
def test_the_largest_entries_of_each_row_are_kept_and_ranked(rows: list[list[int]], most: int) -> None:
    dense = np.zeros((len(rows), 12), np.float32)
    for at, row in enumerate(rows):
        dense[at, : len(row)] = row
    columns, values = ranked(csr_array(dense), most)
    for at in range(len(rows)):
        order = sorted(range(12), key=lambda column: (-dense[at, column], column))
        expected = [column for column in order[:most] if dense[at, column] > 0]
        assert [column for column in columns[at].tolist() if column != NONE] == expected
        assert values[at, : len(expected)].tolist() == [dense[at, column] for column in expected]
    kept = largest(csr_array(dense), most).toarray()
    for at in range(len(rows)):
        assert sorted(kept[at])[-most:] == sorted(dense[at])[-most:]
        assert (kept[at] > 0).sum() <= most


@given(st.lists(st.sets(st.integers(0, 5), min_size=1), max_size=30))
def test_pairs_are_those_that_lie_together_more_often_than_by_chance(baskets: list[set[int]]) -> None:
    lines = [(order, product) for order, basket in enumerate(baskets) for product in sorted(basket)]
    order, product = (ints([line[at] for line in lines]) for at in range(2))
    found = pairs_of(order, product, len(baskets), 6)
    reckoned = {pair: told for pair, told in lift_of_pairs(baskets).items() if told[0] >= 3 and told[2] > 1}
    told = zip(found.product.tolist(), found.other.tolist(), found.both, found.lift, found.lift_low, strict=True)
    assert {(one, other): (both, lift, low) for one, other, both, lift, low in told} == {
        pair: (both, pytest.approx(lift), pytest.approx(low)) for pair, (both, lift, low) in reckoned.items()
    }
    for one in range(6):
        lows = found.lift_low[found.product == one].tolist()
        assert lows == sorted(lows, reverse=True)


def test_the_lower_bound_of_the_lift_is_below_the_true_one_as_often_as_it_says() -> None:
    draw, chance = np.random.default_rng(5), [0.06, 0.09, 0.14, 0.71]
    both, one, other, _ = draw.multinomial(2_000, chance, 4_000).T
    _, low = lifts(both, both + one, both + other, 2_000)
    true = 0.06 / ((0.06 + 0.09) * (0.06 + 0.14))
    assert 0.965 < (low < true).mean() < 0.985


@given(
    st.lists(did, max_size=30, unique_by=lambda one: (one.person, one.product, one.day)), st.sampled_from([1, 7, 30])
)
def test_trends_are_what_was_done_in_the_window_newer_things_weighing_more(done: list[Did], days: int) -> None:
    found = trending(edges_of((done, [], [-1] * PRODUCTS)), days)
    reckoned = {product: told for product, told in trend(done, days).items() if told[1]}
    told = zip(found.weight, found.now, found.before, strict=True)
    assert dict(zip(found.product.tolist(), told, strict=True)) == {
        product: (pytest.approx(weight), now, before) for product, (weight, now, before) in reckoned.items()
    }
    assert found.weight.tolist() == sorted(found.weight, reverse=True)


@given(st.lists(st.tuples(st.permutations(range(25)), st.sets(st.integers(0, 24))), min_size=1, max_size=4))
def test_lists_are_judged_by_recall_and_ndcg(people: list[tuple[list[int], set[int]]]) -> None:
    pairs = [(row, product) for row, (_, wanted) in enumerate(people) for product in sorted(wanted)]
    truth = ones(ints([pair[0] for pair in pairs]), ints([pair[1] for pair in pairs]), (len(people), 25))
    found = quality(np.array([listed[:AT] for listed, _ in people], np.int32), truth)
    reckoned = [recall_and_ndcg(listed, wanted) for listed, wanted in people if wanted]
    assert found.recall.tolist() == pytest.approx([recall for recall, _ in reckoned])
    assert found.ndcg.tolist() == pytest.approx([ndcg for _, ndcg in reckoned])
    shown = {product for listed, wanted in people if wanted for product in listed[:AT]}
    assert found.coverage == pytest.approx(len(shown) / 25)


def test_people_are_recommended_what_others_of_their_taste_buy() -> None:
    edges = a_shop()
    walk = fit_walk(edges, Settings(repeat=False), LAST)
    products, _ = ranked(scores_of(walk, np.arange(120, dtype=np.int32)), 5)
    for person, row in enumerate(products.tolist()):
        own = set(edges.product[edges.person == person].tolist())
        assert {product // 20 for product in row} == {person % 2}
        assert own.isdisjoint(row)


def test_the_walk_is_better_than_what_is_popular_at_new_products_too() -> None:
    trial = windows_of(a_shop(400)).judging
    walk = fit_walk(trial.known, Settings(), trial.as_of)
    assert judged(trial, walk).mean_ndcg > 1.3 * popular(trial).mean_ndcg
    new, new_popular = new_to_them(trial, walk)
    assert new.mean_ndcg > new_popular.mean_ndcg


def test_what_is_popular_among_new_products_is_the_first_twenty_that_somebody_has_not_bought() -> None:
    edges = a_shop(60, 40)
    trial = windows_of(edges).judging
    walk = fit_walk(trial.known, Settings(), trial.as_of)
    order = sorted(range(40), key=lambda product: (-_buyers(trial.known, product), product))
    lists = [
        [product for product in order if product not in _owned(trial.known, person)][:AT]
        for person in trial.people.tolist()
    ]
    padded = np.array([row + [NONE] * (AT - len(row)) for row in lists], np.int32)
    expected = quality(padded, without(trial.truth, walk.bought[trial.people]))
    assert new_to_them(trial, walk)[1].mean_ndcg == pytest.approx(expected.mean_ndcg)


def _buyers(edges: Edges, product: int) -> int:
    return len(set(edges.person[edges.product == product].tolist()))


def _owned(edges: Edges, person: int) -> set[int]:
    return set(edges.product[edges.person == person].tolist())


def test_who_only_looked_at_categories_is_shown_what_is_popular_in_them() -> None:
    shop = (
        [Did(1, 0, 4, 5), Did(2, 0, 4, 6), Did(2, 1, 4, 6), Did(1, 2, 4, 3)],
        [Liked(0, 1, 5)],
        [1, 1, 2, *[-1] * 4],
    )
    edges = edges_of(shop)
    (lists,) = lists_of_people(fit_walk(edges, Settings(), 6), edges)
    assert lists["row"].tolist() == [0, 1, 2]
    assert lists["product"][0].tolist()[:3] == [0, 1, NONE]
    assert lists["path"][0, 0].tolist() == [BY_INTEREST, NONE]


def test_what_is_popular_is_told_of_all_and_of_each_category() -> None:
    shop: Shop = ([Did(1, 0, 4, 5), Did(2, 0, 4, 5), Did(3, 0, 4, 5), Did(2, 1, 4, 5)], [], [1, 1, 2, *[-1] * 4])
    found = popular_lists(fit_walk(edges_of(shop), Settings(), 5))
    assert found["category"].tolist() == [-1, 0, 1, 2]
    assert [row[:2] for row in found["product"].tolist()] == [[0, 1], [NONE, NONE], [0, 1], [NONE, NONE]]
    assert found["score"][0, :2].tolist() == pytest.approx([1.0, 1 / 3])


def baskets_of(edges: Edges) -> dict[str, Any]:
    return {"order": edges.person, "product": edges.product}


def test_a_shop_too_small_says_so_and_still_knows_what_is_popular() -> None:
    edges = edges_of(([Did(0, 0, 4, 1), Did(1, 0, 4, 2), Did(2, 1, 4, 2)], [], [-1] * PRODUCTS))
    found = fitted(edges, baskets_of(edges))
    assert found.degraded == "too_little_data"
    assert not [name for name in found.lists if name.startswith("people")]
    assert found.lists["popular"]["product"][0, :2].tolist() == [0, 1]


def test_a_shop_without_anything_has_empty_lists() -> None:
    edges = edges_of(([], [], []), 0, 0)
    found = fitted(edges, baskets_of(edges))
    assert found.degraded == "too_little_data"
    assert all(not (lists["product"] != NONE).any() for lists in found.lists.values())


def test_where_the_walk_is_no_better_than_popularity_it_is_not_used() -> None:
    # twenty people with a product each of their own buy what all others have bought, whom nothing connects with them
    others = [Did(person, 1, 4, 0) for person in range(20, 60)]
    own = [Did(person, product, 4, day) for person in range(20) for product, day in ((2 + person, 1), (0, 40), (1, 59))]
    edges = edges_of(([*others, *own], [], [-1] * 22), 60, 22)
    found = fitted(edges, baskets_of(edges))
    assert found.degraded == "no_better_than_popular"
    assert not [name for name in found.lists if name.startswith("people")]


def test_the_same_edges_give_the_same_lists() -> None:
    one, other = (fitted(a_shop(), baskets_of(a_shop())) for _ in range(2))
    assert one.figures == other.figures
    for name, arrays in one.lists.items():
        for column, values in arrays.items():
            assert (values == other.lists[name][column]).all(), (name, column)
    assert one.degraded is None
