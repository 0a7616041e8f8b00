"""Journeys, the links between their steps and their patterns, held against walking them one by one."""

from collections.abc import Sequence

import numpy as np
from footfall.paths.journeys import Journeys, Visited
from footfall.paths.links import Flow, Walk, flow, followed
from footfall.paths.patterns import beginnings
from footfall.questions.table import Table
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.layers.core import paths_oracle as oracle
from tests.layers.core.paths_oracle import OTHER, Visit

NODES = [*"abcdef", OTHER]
visits = st.lists(st.builds(Visit, st.integers(1, 5), st.integers(1, 2), st.sampled_from("abcdef")), max_size=40)
walks = st.tuples(st.sampled_from([None, "a", "b"]), st.booleans(), st.integers(1, 4), st.integers(1, 4))


def journeys_of(happened: Sequence[Visit]) -> Journeys:
    rows = [(one.who, one.person, place, NODES.index(one.node)) for place, one in enumerate(happened)][::-1]
    return Journeys.of(Visited(*np.array(rows, np.int64).reshape(-1, 4).T))


def flow_of(happened: Sequence[Visit], node: str | None, depth: int, widest: int, *, back: bool) -> Flow:
    start = None if node is None else NODES.index(node)
    walk = Walk(depth, widest, NODES.index(OTHER), start, back)
    return flow(followed(journeys_of(happened), walk), walk)


def table_of(journeys: Journeys, length: int, converted: NDArray[np.bool_]) -> Table:
    found = beginnings(journeys, length)
    return Table.of(NODES, found.steps, [found.goes_on], [np.ones(len(journeys), np.int64), converted])


def steps_at(found: Table, row: int) -> tuple[str, ...]:
    return tuple(text for line in range(len(found.codes)) if (text := found.text(line, row)))


@given(visits)
def test_a_journey_is_what_was_visited_with_repeats_folded(happened: list[Visit]) -> None:
    found = journeys_of(happened)
    steps = [
        [NODES[step] for step in found.steps[begin:end]] for begin, end in zip(found.begins, found.ends, strict=True)
    ]
    whole = zip(found.who.tolist(), found.people.tolist(), steps, strict=True)
    assert {who: (person, visited) for who, person, visited in whole} == oracle.journeys(happened)


@given(visits, walks)
def test_nodes_and_links_are_what_walking_each_journey_gives(
    happened: list[Visit], walk: tuple[str | None, bool, int, int]
) -> None:
    node, back, depth, widest = walk
    parts = oracle.followed(oracle.journeys(happened), node, back=back and node is not None)
    found = flow_of(happened, node, depth, widest, back=back and node is not None)
    nodes = {(one.step, NODES[one.node]): one[2:] for one in found.nodes}
    links = {(one.step, NODES[one.source], NODES[one.target]): one[3:] for one in found.links}
    assert (nodes, links) == oracle.flow(parts, depth, widest)
    assert (len(found.nodes), len(found.links)) == (len(nodes), len(links))
    assert (found.journeys, found.people) == (len(parts), len({part.person for part in parts}))


@given(visits, walks)
def test_what_comes_to_a_node_goes_on_ends_there_or_is_beyond(
    happened: list[Visit], walk: tuple[str | None, bool, int, int]
) -> None:
    node, back, depth, widest = walk
    found = flow_of(happened, node, depth, widest, back=back and node is not None)
    for one in found.nodes:
        gone = sum(link.journeys for link in found.links if (link.step, link.source) == (one.step, one.node))
        come = sum(link.journeys for link in found.links if (link.step + 1, link.target) == (one.step, one.node))
        assert one.journeys == gone + one.ended + one.beyond
        assert one.journeys == come or one.step == 0
        assert one.beyond == 0 or one.step == depth
    assert sum(one.journeys for one in found.nodes if one.step == 0) == found.journeys


@given(visits, st.integers(1, 4), st.integers(1, 30), st.frozensets(st.integers(1, 5)))
def test_patterns_are_counted_as_walking_each_journey_does(
    happened: list[Visit], length: int, most: int, bought: frozenset[int]
) -> None:
    journeys = journeys_of(happened)
    expected = oracle.patterns(oracle.journeys(happened), bought, length)
    found = table_of(journeys, length, np.isin(journeys.who, sorted(bought)))
    told = {
        (steps_at(found, row), bool(found.numbers[0, row])): tuple(found.sums[:, row]) for row in found.largest(most)
    }
    assert len(found) == len(expected)
    assert list(told.items()) == sorted(expected.items(), key=lambda each: (-each[1][0], each[0]))[:most]


def test_a_page_that_is_visited_again_is_two_steps_and_a_reload_is_one() -> None:
    happened = [Visit(1, 1, node) for node in "aabba"]
    found = flow_of(happened, None, 3, 5, back=False)
    assert [(link.step, NODES[link.source], NODES[link.target]) for link in found.links] == [
        (0, "a", "b"),
        (1, "b", "a"),
    ]
    one = table_of(journeys_of(happened), 2, np.zeros(1, bool))
    assert (len(one), steps_at(one, 0), one.numbers.tolist()) == (1, ("a", "b"), [[1]])
