"""Journeys: what sessions or people visited, in the order of time, the same again and again being one step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import in_order

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
NOTHING = -1
"""The step of a journey that is over, or had not begun."""


@dataclass(frozen=True)
class Visited:
    """Events in any order: whose each is, a session or a person, who did it, when it was, and what was visited.

    No two events have one place in the order of time; what was visited is a number.
    """

    who: Integers
    people: Integers
    places: Integers
    nodes: Integers

    def where(self, those: Flags) -> "Visited":
        """Returns some of the events."""
        return Visited(self.who[those], self.people[those], self.places[those], self.nodes[those])


@dataclass(frozen=True)
class Journeys:
    """Journeys one after the other: the steps of all, where each begins and ends among them, whose it is and by whom.

    Who did the first step of a journey did it all.
    """

    steps: Integers
    begins: Integers
    ends: Integers
    who: Integers
    people: Integers

    @classmethod
    def of(cls, visited: Visited) -> "Journeys":
        """Returns the journeys that events amount to."""
        order = in_order(visited.who, visited.places)
        who, nodes = visited.who[order], visited.nodes[order]
        begins, changes = _changes(who), _changes(nodes)
        kept = begins | changes
        starts = np.flatnonzero(begins[kept])
        first = order[begins]
        ends = np.append(starts[1:], np.count_nonzero(kept)) if len(starts) else starts
        return cls(nodes[kept], starts, ends, visited.who[first], visited.people[first])

    def __len__(self) -> int:
        return len(self.begins)

    def step(self, at: Integers, those: Integers) -> Integers:
        """Returns the step at a place of each of `those` journeys; NOTHING where that is outside of the journey."""
        within = (at >= self.begins[those]) & (at < self.ends[those])
        found = np.full(len(at), NOTHING, np.int64)
        found[within] = self.steps[at[within]]
        return found

    def first_of(self, node: int) -> tuple[Integers, Integers]:
        """Returns which journeys visited a node, and the place where each first did."""
        places = np.flatnonzero(self.steps == node)
        those = np.searchsorted(self.begins, places, "right") - 1
        first = _changes(those)
        return those[first], places[first]


def _changes(column: Integers) -> Flags:
    changes = np.ones(len(column), bool)
    changes[1:] = column[1:] != column[:-1]
    return changes
