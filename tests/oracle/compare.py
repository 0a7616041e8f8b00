"""Two answers side by side, figure by figure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.oracle.life import Json, Question

NOTHING = "nothing"
NOT_COMPARED = frozenset({"complete_to", "channel"})
"""The watermark is a moment of the run, which `trial` looks at; channels are their own test's matter."""
KEY_IN_PLACE = re.compile(r"\[[^]]*\]")
LARGEST_FIRST = {
    "top_pages": (("page",), ("-views",)),
    "top_sources": (("source",), ("-sessions",)),
    "by_device": (("device",), ("-users",)),
    "values": (("value",), ("-users", "-count")),
    "breakdowns": (("value",), ("-users",)),
    "top_drop_off_points": (("from_step",), ("-drop_off",)),
    "other_currencies": (("currency",), ("-orders",)),
    "nodes": (("step", "name"), ("step", "-sessions")),
    "links": (("step", "source", "target"), ("step", "-sessions")),
    "people": (("user_id", "visitor_id"), ()),
}
"""Lists by the size of a figure: what their entries are known by, as the order of equals is not said, and which."""


@dataclass(frozen=True)
class Difference:
    """One figure of an answer that is not what it should be."""

    against: str
    question: Question
    place: str
    said: object
    right: object

    @property
    def kind(self) -> str:
        """What it has in common with the same figure of other days, people and orders."""
        path = re.sub(r"/api/customers/[^/]+", "/api/customers/{id}", self.question.path)
        return f"{path} {KEY_IN_PLACE.sub('', self.place)}"

    def __str__(self) -> str:
        return f"{self.question}: {self.place} is {self.said!r}, {self.against} {self.right!r}"


class Comparison:
    """Collects what differs between answers, and how many figures were compared."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.figures = 0

    def compare(self, against: str, question: Question, said: Json, right: Json) -> None:
        """Compare an answer with another, which comes from what `against` names."""
        for place, one, other in self._pairs("", said, right):
            self.figures += 1
            if one != other:
                self.differences.append(Difference(against, question, place, one, other))

    def _pairs(self, place: str, said: object, right: object) -> Iterator[tuple[str, object, object]]:
        if isinstance(said, dict) and isinstance(right, dict):
            for name in {**said, **right}:
                if name not in NOT_COMPARED:
                    inner = f"{place}.{name}" if place else str(name)
                    yield from self._pairs(inner, said.get(name, NOTHING), right.get(name, NOTHING))
        elif isinstance(said, list) and isinstance(right, list):
            yield from self._in_lists(place, said, right)
        else:
            yield place, said, right

    def _in_lists(self, place: str, said: list[object], right: list[object]) -> Iterator[tuple[str, object, object]]:
        name = place.rpartition(".")[2]
        known_by, figures = LARGEST_FIRST.get(name, ((), ()))
        if figures:
            order = [_order(entry, figures) for entry in said]
            yield f"{place} in order", order, sorted(order)
        yield f"{place} length", len(said), len(right)
        ours, theirs = _named(known_by, said), _named(known_by, right)
        for key in {**ours, **theirs}:
            yield from self._pairs(f"{place}[{key}]", ours.get(key, NOTHING), theirs.get(key, NOTHING))


def _order(entry: object, figures: Sequence[str]) -> list[int]:
    told = entry if isinstance(entry, dict) else {}
    return [-told.get(name[1:], 0) if name.startswith("-") else told.get(name, 0) for name in figures]


def _named(known_by: Sequence[str], entries: list[object]) -> dict[object, object]:
    if not known_by:
        return dict(enumerate(entries))
    return {" ".join(str(entry[name]) for name in known_by): entry for entry in entries if isinstance(entry, dict)}
