"""What a funnel is, as a definition, searched without any cleverness: every chain of events is tried."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise, product
from typing import NamedTuple

from footfall.funnels.steps import alternatives


class Seen(NamedTuple):
    """Somebody viewed a page of some type; events of the same time stand in the order in which they came."""

    person: int
    device: str
    page: str
    at: datetime


Chain = tuple[int, ...]
"""The places in time of the events that reached the first steps of a funnel, one each."""


class Rules(NamedTuple):
    """What a chain must be: by `order`, in a window from its first or from each step, with nothing excluded within.

    With a `device`, what happened on another is no step and excludes nothing, but is in between of a strict chain.
    """

    order: str = "ordered"
    window: timedelta | None = None
    each_step: bool = False
    exclude: str | None = None
    device: str | None = None

    def fits(self, event: Seen, step: str) -> bool:
        """Whether an event satisfies a step."""
        return event.page in alternatives(step) and self.device in (None, event.device)


def furthest(
    events: Sequence[Seen], steps: Sequence[str], window: timedelta | None = None, *, rules: Rules | None = None
) -> dict[int, Chain]:
    """Each person's chain that reaches furthest, of several the earliest; `events` are in the order of time."""
    rules = rules or Rules(window=window)
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        places[event.person].append(place)
    chains = _chains_in_any_order if rules.order == "any" else _chains
    best = {
        person: min(
            (chain for chain in chains(events, own, steps, rules) if chain and _holds(events, own, chain, rules)),
            key=lambda chain: (-len(chain), min(chain), chain),
            default=(),
        )
        for person, own in places.items()
    }
    return {person: chain for person, chain in best.items() if chain}


def _chains(
    events: Sequence[Seen], own: Sequence[int], steps: Sequence[str], rules: Rules, after: int = -1
) -> Iterator[Chain]:
    """Every way to reach some of the first steps in their order, one event each."""
    yield ()
    for place in own:
        if steps and place > after and rules.fits(events[place], steps[0]):
            yield from ((place, *rest) for rest in _chains(events, own, steps[1:], rules, place))


def _chains_in_any_order(
    events: Sequence[Seen], own: Sequence[int], steps: Sequence[str], rules: Rules
) -> Iterator[Chain]:
    """Every way to reach some of the first steps in whatever order, one event each."""
    for count in range(1, len(steps) + 1):
        fitting = [[place for place in own if rules.fits(events[place], step)] for step in steps[:count]]
        yield from (chain for chain in product(*fitting) if len(set(chain)) == count)


def _holds(events: Sequence[Seen], own: Sequence[int], chain: Chain, rules: Rules) -> bool:
    return (
        _within(events, chain, rules)
        and (
            rules.order != "strict"
            or [own.index(place) - own.index(chain[0]) for place in chain] == [*range(len(chain))]
        )
        and not any(
            min(chain) < place < max(chain) and rules.fits(events[place], rules.exclude)
            for place in own
            if rules.exclude
        )
    )


def _within(events: Sequence[Seen], chain: Chain, rules: Rules) -> bool:
    moments = [events[place].at for place in chain]
    if rules.window is None:
        return True
    if rules.each_step:
        return all(after - before <= rules.window for before, after in pairwise(moments))
    return max(moments) - min(moments) <= rules.window


def users(chains: dict[int, Chain], steps: int) -> list[int]:
    """How many people reached each step."""
    return [sum(len(chain) > number for chain in chains.values()) for number in range(steps)]


def seconds(events: Sequence[Seen], chains: dict[int, Chain], number: int, *, any_order: bool = False) -> list[float]:
    """What each person who reached a step took from the step before, in ascending order.

    In any order a step is reached once it and all before it have happened.
    """
    taken = []
    for chain in chains.values():
        if len(chain) > number > 0:
            reached, before = (
                (max(chain[: number + 1]), max(chain[:number])) if any_order else chain[number - 1 : number + 1][::-1]
            )
            taken.append((events[reached].at - events[before].at).total_seconds())
    return sorted(taken)


def percentile(values: Sequence[float], share: float) -> float:
    """Between the two nearest values, in proportion."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)
