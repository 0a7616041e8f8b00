"""Portions: as many as fit, in order, and nothing left out."""

from itertools import chain, count, islice, pairwise

from footfall.chunks import chunks
from hypothesis import given
from hypothesis import strategies as st

weights = st.lists(st.integers(0, 12), max_size=40)


def test_items_go_in_order_so_many_at_a_time() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []


def test_no_more_is_taken_than_is_asked_for() -> None:
    numbers = count()
    assert list(islice(chunks(numbers, 3), 2)) == [[0, 1, 2], [3, 4, 5]]
    assert next(numbers) == 6


def test_what_is_too_heavy_goes_alone() -> None:
    assert list(chunks([1, 9, 1, 1, 5, 5], None, int, 5)) == [[1], [9], [1, 1], [5], [5]]


@given(items=weights, most=st.none() | st.integers(1, 5), heaviest=st.integers(1, 20))
def test_portions_hold_everything_and_are_within_bounds_and_not_smaller_than_they_must(
    items: list[int], most: int | None, heaviest: int
) -> None:
    found = list(chunks(items, most, int, heaviest))
    assert list(chain.from_iterable(found)) == items
    for chunk in found:
        assert len(chunk) == 1 or sum(chunk) <= heaviest
        assert most is None or len(chunk) <= most
    for chunk, following in pairwise(found):
        assert len(chunk) == most or sum(chunk) + following[0] > heaviest
