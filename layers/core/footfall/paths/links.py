"""How many go from where to where, step by step: what a Sankey diagram shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from footfall.paths.journeys import NOTHING, Integers, Journeys


class Node(NamedTuple):
    """What was visited at one step, from 0, by how many journeys and people.

    Of the journeys, some `ended` here, some go on `beyond` the last step, and all others are in the links from here.
    """

    step: int
    node: int
    journeys: int
    people: int
    ended: int
    beyond: int


class Link(NamedTuple):
    """How many went from one node to another: the first is of this step, the other of the next."""

    step: int
    source: int
    target: int
    journeys: int
    people: int


class Flow(NamedTuple):
    """How many journeys and people are in it, and every node and link, by their step and then the largest first."""

    journeys: int
    people: int
    nodes: list[Node]
    links: list[Link]


@dataclass(frozen=True)
class Walk:
    """Which journeys are followed: from a node, back from a node, or from their beginnings; how far, how wide.

    Of a journey that is often at the node its first time counts. At each step the `widest` nodes are told apart, of
    equal ones the lower numbers; all others are `other`.
    """

    depth: int
    widest: int
    other: int
    node: int | None = None
    back: bool = False


def flow(journeys: Journeys, walk: Walk) -> Flow:
    """Returns how the journeys go on."""
    those, places = (np.arange(len(journeys)), journeys.begins) if walk.node is None else journeys.first_of(walk.node)
    people = journeys.people[those]
    forth = -1 if walk.back else 1
    columns = [journeys.step(places + forth * number, those) for number in range(walk.depth + 2)]
    told = [_widest(column, walk) for column in columns[:-1]]
    nodes = [node for number in range(len(told)) for node in _nodes(number, told, columns, people)]
    links = [link for number in range(len(told) - 1) for link in _links(number, told, people)]
    return Flow(len(those), _distinct(people), nodes, links)


def _widest(column: Integers, walk: Walk) -> Integers:
    nodes, counts = np.unique(column[column != NOTHING], return_counts=True)
    others = np.sort(nodes[np.argsort(-counts, kind="stable")[walk.widest :]])
    return np.where(np.isin(column, others), walk.other, column)


def _nodes(number: int, told: list[Integers], columns: list[Integers], people: Integers) -> Iterator[Node]:
    last = number == len(told) - 1
    goes_on = columns[number + 1] != NOTHING
    for node, journeys, ours in _groups(told[number]):
        stays = int(np.count_nonzero(~goes_on[ours]))
        yield Node(number, node, journeys, _distinct(people[ours]), stays, journeys - stays if last else 0)


def _links(number: int, told: list[Integers], people: Integers) -> Iterator[Link]:
    source, target = told[number], told[number + 1]
    width = int(target.max(initial=0)) + 1
    pairs = np.where(target == NOTHING, NOTHING, source * width + target)
    for pair, journeys, ours in _groups(pairs):
        yield Link(number, *divmod(pair, width), journeys, _distinct(people[ours]))


def _groups(column: Integers) -> list[tuple[int, int, Integers]]:
    # each number, how often it is there, and where; the most frequent first
    order = np.argsort(column, kind="stable")
    order = order[np.searchsorted(column[order], 0) :]
    numbers, begins, counts = np.unique(column[order], return_index=True, return_counts=True)
    found = [
        (int(number), int(count), order[begin : begin + count])
        for number, begin, count in zip(numbers, begins, counts, strict=True)
    ]
    return sorted(found, key=lambda each: -each[1])


def _distinct(people: Integers) -> int:
    return len(np.unique(people))
