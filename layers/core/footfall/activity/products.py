"""What is done with products, added up of the lines of events."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from footfall.lake.lines import Line

What = Literal["impressions", "clicks", "views", "added", "removed"]


class Told(NamedTuple):
    """Events that say the same of the same lines: what it is, the lines, and how many events they are."""

    what: What
    lines: tuple[Line, ...]
    events: int


class Place(NamedTuple):
    """A place in a list of products; the list is empty where it has no name."""

    list: str
    position: int


class Shown(NamedTuple):
    """How often each thing was done with every product, and how often places in lists were shown and clicked."""

    products: Mapping[str, Counter[What]]
    places: Mapping[Place, Counter[What]]


def shown(told: Iterable[Told]) -> Shown:
    """Returns what was done with products: a product counts once for each line, whatever its quantity."""
    products: defaultdict[str, Counter[What]] = defaultdict(Counter)
    places: defaultdict[Place, Counter[What]] = defaultdict(Counter)
    for what, lines, events in told:
        for line in lines:
            products[line.product][what] += events
            if what in ("impressions", "clicks") and line.position is not None:
                places[Place(line.list or "", line.position)][what] += events
    return Shown(products, places)


def shares(amount: int, weights: list[int]) -> list[int]:
    """Returns an amount by weights, exactly: what is left after rounding down goes to who lost most, the first first.

    Without any weight the first has it all.
    """
    whole = sum(weights)
    if whole <= 0:
        return [amount, *[0] * (len(weights) - 1)]
    found = [amount * weight // whole for weight in weights]
    by_loss = sorted(range(len(weights)), key=lambda at: (-(amount * weights[at] % whole), at))
    for at in by_loss[: amount - sum(found)]:
        found[at] += 1
    return found
