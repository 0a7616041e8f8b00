"""Journeys, the links between their steps and their patterns as definitions, walked one by one in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

OTHER = "other"


class Visit(NamedTuple):
    """Somebody visited something; the list that holds it is in the order of time. `who` is the journey's."""

    who: Hashable
    person: Hashable
    node: str


class Journey(NamedTuple):
    """What one session or person visited, repeats folded, and who did its first step."""

    person: Hashable
    steps: list[str]


Counted = dict[tuple[int, str], tuple[int, int, int, int]]
"""By step and node: how many journeys and people, how many journeys ended there and how many go on beyond."""
Linked = dict[tuple[int, str, str], tuple[int, int]]
"""By step, source and target: how many journeys and people."""


def journeys(visits: Iterable[Visit]) -> dict[Hashable, Journey]:
    """Every journey, by whose it is."""
    found: defaultdict[Hashable, list[Visit]] = defaultdict(list)
    for visit in visits:
        found[visit.who].append(visit)
    return {
        who: Journey(own[0].person, [node for node, _ in groupby(v.node for v in own)]) for who, own in found.items()
    }


def followed(found: Mapping[Hashable, Journey], node: str | None, *, back: bool) -> list[Journey]:
    """The part of each journey that is followed: from its first time at a node on, or back from there."""
    parts = []
    for journey in found.values():
        if node is None:
            parts.append(journey)
        elif node in journey.steps:
            at = journey.steps.index(node)
            parts.append(Journey(journey.person, journey.steps[at::-1] if back else journey.steps[at:]))
    return parts


def flow(parts: Sequence[Journey], depth: int, widest: int) -> tuple[Counted, Linked]:
    """Every node and link; beyond the `widest` nodes of a step, of equal ones the first by name, all are `other`."""
    kept = []
    for number in range(depth + 1):
        sizes = Counter(part.steps[number] for part in parts if number < len(part.steps))
        kept.append(set(sorted(sizes, key=lambda node: (-sizes[node], node))[:widest]))
    nodes: defaultdict[tuple[int, str], list[tuple[Journey, str]]] = defaultdict(list)
    links: defaultdict[tuple[int, str, str], list[Journey]] = defaultdict(list)
    for part in parts:
        told = [node if node in kept[at] else OTHER for at, node in enumerate(part.steps[: depth + 1])]
        for number, node in enumerate(told):
            ended, beyond = number == len(part.steps) - 1, number == depth < len(part.steps) - 1
            nodes[number, node].append((part, "ended" if ended else "beyond" if beyond else ""))
            if number + 1 < len(told):
                links[number, node, told[number + 1]].append(part)
    counted = {}
    for place, ours in nodes.items():
        became = Counter(what for _, what in ours)
        counted[place] = (len(ours), len({one.person for one, _ in ours}), became["ended"], became["beyond"])
    return counted, {place: (len(ours), len({one.person for one in ours})) for place, ours in links.items()}


Patterns = dict[tuple[tuple[str, ...], bool], tuple[int, int]]
"""By its first steps and whether it goes on: how many journeys have a pattern, and how many of them converted."""


def patterns(found: Mapping[Hashable, Journey], converted: Iterable[Hashable], length: int) -> Patterns:
    """Every pattern of the journeys."""
    bought = set(converted)
    shapes = {who: (tuple(one.steps[:length]), len(one.steps) > length) for who, one in found.items()}
    sizes = Counter(shapes.values())
    sales = Counter(shape for who, shape in shapes.items() if who in bought)
    return {shape: (sizes[shape], sales[shape]) for shape in sizes}
