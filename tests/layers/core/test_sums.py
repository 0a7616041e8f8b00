"""Sums of parts, and tables of counts, held against adding up one by one."""

from collections import Counter, defaultdict
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from footfall.questions.sums import added, packed, unpacked
from footfall.questions.table import NONE, Table
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyroaring import BitMap

TEXTS = ["lamp", "", "cup", "\n"]
numbers = st.sampled_from([0, 1, -5, 2**61, -(2**62), 7])
rows = st.lists(
    st.tuples(st.integers(NONE, 3), st.integers(NONE, 3), numbers, numbers, st.integers(-9, 9)), max_size=30
)
Row = tuple[int, int, int, int, int]


class Place(NamedTuple):
    page: str
    position: int


class Inner(NamedTuple):
    number: int
    column: NDArray[np.int64]


class Sums(NamedTuple):
    people: BitMap
    table: Table
    inner: dict[str, Inner]
    exact: dict[Place, Fraction]


def table(found: list[Row]) -> Table:
    columns = np.array(found, np.int64).reshape(-1, 5).T
    return Table.of(TEXTS, columns[:2], columns[2:4], columns[4:])


def told(found: Table) -> list[tuple[str | None, str | None, int, int, int]]:
    each = range(len(found))
    return [(found.text(0, row), found.text(1, row), *found.numbers[:, row], int(found.sums[0, row])) for row in each]


def one_by_one(found: list[Row]) -> dict[tuple[str | None, str | None, int, int], int]:
    counts: defaultdict[tuple[str | None, str | None, int, int], int] = defaultdict(int)
    for first, second, left, right, count in found:
        texts = [None if code == NONE else TEXTS[code] for code in (first, second)]
        counts[texts[0], texts[1], left, right] += count
    return dict(counts)


@given(rows, rows)
def test_a_table_holds_what_is_counted_one_by_one_in_one_order(some: list[Row], others: list[Row]) -> None:
    whole = table([*some, *others])
    assert {row[:4]: row[4] for row in told(whole)} == one_by_one([*some, *others])
    ordered = [(row[0] or "", row[0] is not None, row[1] or "", row[1] is not None, *row[2:4]) for row in told(whole)]
    assert len(set(ordered)) == len(ordered)
    both = Table.added([table(some), table(others)])
    assert told(both) == told(whole) == told(Table.added([table(others), table(some)]))
    assert told(Table.unpacked(whole.packed())) == told(whole)


@given(rows, st.integers(0, 5))
def test_the_largest_rows_are_those_of_the_largest_counts_and_then_the_first(found: list[Row], most: int) -> None:
    counted = table(found)
    listed = told(counted)
    expected = sorted(range(len(listed)), key=lambda row: (-listed[row][4], row))[:most]
    assert counted.largest(most).tolist() == expected
    names, counts = counted.counted()
    texts = Counter(row[0] for row in listed if row[0] is not None)
    assert {name: count for name, count in zip(names, counts, strict=True) if name in texts} == texts or not texts


def sums(people: set[int], found: list[Row], count: int) -> Sums:
    inner = {f"{count % 3}": Inner(count, np.array([count, 1]))}
    return Sums(BitMap(people), table(found), inner, {Place("a", count % 2): Fraction(count, 3)})


@given(st.lists(st.tuples(st.sets(st.integers(0, 99)), rows, st.integers(0, 9)), min_size=1, max_size=4))
def test_sums_of_parts_are_added_by_their_keys_and_are_kept_as_they_are(
    parts: list[tuple[set[int], list[Row], int]],
) -> None:
    kept = [unpacked(Sums, packed(sums(*part))) for part in parts]
    found = added(kept)
    assert set(found.people) == set().union(*(people for people, _, _ in parts))
    assert told(found.table) == told(table([row for _, some, _ in parts for row in some]))
    counts: Counter[str] = Counter()
    exact: defaultdict[Place, Fraction] = defaultdict(Fraction)
    for _, _, count in parts:
        counts[f"{count % 3}"] += count
        exact[Place("a", count % 2)] += Fraction(count, 3)
    assert {name: inner.number for name, inner in found.inner.items()} == {**counts}
    assert sum(int(inner.column[1]) for inner in found.inner.values()) == len(parts)
    assert found.exact == exact
    assert unpacked(Sums, packed(found)).exact == exact
