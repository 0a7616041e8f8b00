"""Searches and what came of each before its session's next one, counted one event at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

NOT_SAID = -1


class Step(NamedTuple):
    """A search, a click or something put into a cart; `counted` says whether a question is about a search."""

    session: int
    person: str
    time: int
    kind: str
    term: str
    results: int
    counted: bool


@dataclass
class Search:
    """One search, the same term again being the same one, and what came of it."""

    session: int
    person: str
    time: int
    term: str
    results: int = NOT_SAID
    counted: bool = False
    done: set[str] = field(default_factory=set)


def searches(steps: Sequence[Step], orders: Iterable[tuple[int, int]]) -> list[Search]:
    """Returns the searches that count, of steps in the order of time; `orders` are sessions and moments."""
    placed = list(orders)
    found = []
    for session in sorted({step.session for step in steps}):
        ours = _of_session([step for step in steps if step.session == session])
        for at in [at for whose, at in placed if whose == session]:
            before = [search for search in ours if search.time <= at]
            if before:
                before[-1].done.add("ordered")
        found += [search for search in ours if search.counted]
    return found


def _of_session(steps: Sequence[Step]) -> list[Search]:
    found: list[Search] = []
    for step in steps:
        if step.kind != "searched":
            for search in found[-1:]:
                search.done.add(step.kind)
            continue
        if not (found and found[-1].term == step.term):
            found.append(Search(step.session, step.person, step.time, step.term))
        found[-1].results = max(found[-1].results, step.results)
        found[-1].counted |= step.counted
    return found
