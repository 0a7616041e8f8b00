"""How many go from where to where, step by step: what a Sankey diagram shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.paths.journeys import NOTHING, Flags, Integers, Journeys

Codes = NDArray[np.uint16]
"""So narrow that they are sorted by counting; `Walk.widest` is therefore at most 250."""


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


class Followed(NamedTuple):
    """The ways that journeys are followed: the steps of each, `depth` and two more columns of them, and by whom."""

    columns: Sequence[Integers]
    people: Integers


def followed(journeys: Journeys, walk: Walk) -> Followed:
    """Returns which ways journeys take."""
    those, places = (np.arange(len(journeys)), journeys.begins) if walk.node is None else journeys.first_of(walk.node)
    forth = -1 if walk.back else 1
    columns = [journeys.step(places + forth * number, those) for number in range(walk.depth + 2)]
    return Followed(columns, journeys.people[those])


def flow(found: Followed, walk: Walk) -> Flow:
    """Returns how many go from where to where."""
    people = np.unique(found.people, return_inverse=True)[1]
    steps = [_Step.of(column, walk) for column in found.columns[:-1]]
    goes_on = [column != NOTHING for column in found.columns[1:]]
    nodes = [node for number in range(len(steps)) for node in _nodes(number, steps, goes_on[number], people)]
    links = [link for number in range(len(steps) - 1) for link in _links(number, steps, people)]
    return Flow(len(found.people), _distinct(people), nodes, links)


class _Step(NamedTuple):
    # the nodes that are told apart, and of each journey the place of its node among them, from 1; 0 where it has none
    nodes: list[int]
    codes: Codes

    @classmethod
    def of(cls, column: Integers, walk: Walk) -> "_Step":
        counts = np.bincount(column + 1)
        counts[:1] = 0
        used = np.flatnonzero(counts)
        kept = used[np.argsort(-counts[used], kind="stable")[: walk.widest]]
        places = np.zeros(len(counts), np.uint16)
        places[used] = len(kept) + 1
        places[kept] = np.arange(1, len(kept) + 1)
        return cls([*(kept - 1).tolist(), walk.other], places[column + 1])


def _nodes(number: int, steps: Sequence[_Step], goes_on: Flags, people: Integers) -> Iterator[Node]:
    last, step = number == len(steps) - 1, steps[number]
    for code, ours in _groups(step.codes):
        journeys, stays = len(ours), int(np.count_nonzero(~goes_on[ours]))
        beyond = journeys - stays if last else 0
        yield Node(number, step.nodes[code - 1], journeys, _distinct(people[ours]), stays, beyond)


def _links(number: int, steps: Sequence[_Step], people: Integers) -> Iterator[Link]:
    source, target = steps[number], steps[number + 1]
    width = len(target.nodes)
    pairs = np.where(target.codes, (source.codes - 1) * width + target.codes, 0).astype(np.uint16)
    for pair, ours in _groups(pairs):
        come, gone = divmod(pair - 1, width)
        yield Link(number, source.nodes[come], target.nodes[gone], len(ours), _distinct(people[ours]))


def _groups(codes: Codes) -> list[tuple[int, Integers]]:
    # each code but 0, and where it is; the most frequent first
    order = np.argsort(codes, kind="stable")
    ends = np.bincount(codes, minlength=1).cumsum()
    found = [(code, order[ends[code - 1] : ends[code]]) for code in range(1, len(ends)) if ends[code] > ends[code - 1]]
    return sorted(found, key=lambda each: -len(each[1]))


def _distinct(people: Integers) -> int:
    # people are numbered anew, so that few numbers are counted
    return int(np.count_nonzero(np.bincount(people)))
