"""Credit of orders to visits under every attribution model, against a reckoning in whole fractions."""

from collections import defaultdict

import numpy as np
import pytest
from footfall.activity import credit
from footfall.activity.credit import Bought, Model, Touches, credits_of
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.reckoning.credit import split, weights

DAY = 86_400_000
WINDOW = 30 * DAY
MODELS: list[Model] = ["first", "last", "last_non_direct", "linear", "position", "time_decay"]
Touch = tuple[int, int, bool]
Order = tuple[int, int, int]


def reckoned(touches: list[Touch], orders: list[Order], window: int, model: Model) -> dict[tuple[int, int], int]:
    """What every order gives to every touch, by their places."""
    found = {}
    for number, (person, at, amount) in enumerate(orders):
        theirs = [place for place, (who, time, _) in enumerate(touches) if who == person and at - window <= time <= at]
        theirs.sort(key=lambda place: (touches[place][1], place))
        if theirs:
            weighed = weights(model, [touches[p][1] for p in theirs], [touches[p][2] for p in theirs])
            found.update({(number, p): share for p, share in zip(theirs, split(amount, weighed), strict=True) if share})
    return found


def computed(touches: list[Touch], orders: list[Order], window: int, model: Model) -> dict[tuple[int, int], int]:
    who, times, direct = (np.array([touch[field] for touch in touches], kind) for field, kind in enumerate("qq?"))
    people, placed, amounts = (np.array([order[field] for order in orders], np.int64) for field in range(3))
    found: defaultdict[tuple[int, int], int] = defaultdict(int)
    for some in credits_of(Touches(who, times, direct), Bought(people, placed), window, model):
        for order, touch, share in zip(some.orders, some.touches, some.shares(amounts), strict=True):
            found[int(order), int(touch)] += int(share)
    return {pair: share for pair, share in found.items() if share}


moments = st.integers(0, 6).map(lambda number: number * 6 * DAY) | st.sampled_from([1, DAY - 1, WINDOW, WINDOW + 1])
touch_lists = st.lists(st.tuples(st.integers(1, 3), moments, st.booleans()), max_size=12)
order_lists = st.lists(
    st.tuples(st.sampled_from([-1, 1, 2, 3]), moments, st.integers(1, 30) | st.just(10**15 - 1)), max_size=6
)


@given(touch_lists, order_lists, st.sampled_from(MODELS), st.sampled_from([DAY, WINDOW]))
def test_credit_is_what_is_reckoned_by_hand(
    touches: list[Touch], orders: list[Order], model: Model, window: int
) -> None:
    assert computed(touches, orders, window, model) == reckoned(touches, orders, window, model)


@given(touch_lists, order_lists, st.sampled_from(MODELS))
def test_each_order_is_given_whole_or_not_at_all(touches: list[Touch], orders: list[Order], model: Model) -> None:
    given_away: defaultdict[int, int] = defaultdict(int)
    for (order, _), share in computed(touches, orders, WINDOW, model).items():
        given_away[order] += share
    assert all(share == orders[order][2] for order, share in given_away.items())


@given(touch_lists, order_lists, st.sampled_from(MODELS))
def test_orders_that_are_looked_at_apart_give_the_same(touches: list[Touch], orders: list[Order], model: Model) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(credit, "AT_ONCE", 2)
        assert computed(touches, orders, WINDOW, model) == reckoned(touches, orders, WINDOW, model)


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("first", [1_001, 0, 0, 0]),
        ("last", [0, 0, 0, 1_001]),
        ("last_non_direct", [0, 0, 1_001, 0]),
        ("linear", [251, 250, 250, 250]),
        ("position", [401, 100, 100, 400]),
        ("time_decay", [67, 133, 267, 534]),
    ],
)
def test_an_order_of_four_visits_a_week_apart(model: Model, shares: list[int]) -> None:
    touches = [(1, number * 7 * DAY, number == 3) for number in range(4)]
    found = computed(touches, [(1, 21 * DAY, 1_001)], WINDOW, model)
    assert [found.get((0, number), 0) for number in range(4)] == shares


def test_of_two_visits_each_has_half_by_position() -> None:
    assert computed([(1, 0, False), (1, 5, False)], [(1, 9, 10)], WINDOW, "position") == {(0, 0): 5, (0, 1): 5}


def test_of_very_many_visits_the_latest_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credit, "MOST_TOUCHES", 2)
    touches = [(1, number, False) for number in range(5)]
    assert computed(touches, [(1, 9, 10)], WINDOW, "linear") == {(0, 3): 5, (0, 4): 5}
