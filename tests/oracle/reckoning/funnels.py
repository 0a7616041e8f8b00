"""Who went how far through a funnel: every chain of events is tried, and the one that reaches furthest counts."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product

from tests.oracle.life import Json
from tests.oracle.reckoning.events import Event, Place
from tests.oracle.reckoning.numbers import rate

Chain = tuple[Event, ...]
"""The events that reached the first steps of a funnel, one each."""
VOCABULARY = {"Order Completed": "order_completed", "purchase": "order_completed"}
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Ambiguous(Exception):
    """Raised when an event satisfies two steps of a funnel without an order."""


def window_of(text: str | None) -> timedelta | None:
    """Returns a window such as 7d."""
    return timedelta(seconds=int(text[:-1]) * UNITS[text[-1]]) if text else None


def satisfies(event: Event, step: str) -> bool:
    """Returns whether an event satisfies a step: `a|b` is either, and a name of the vocabulary means its type."""
    words = step.split("|")
    return not event.labels.isdisjoint({*words, *(VOCABULARY.get(word, word) for word in words)})


def furthest(
    events: Sequence[Event],
    whose: Callable[[Event], object],
    steps: Sequence[str],
    window: timedelta | None,
    *,
    any_order: bool = False,
) -> dict[object, Chain]:
    """Returns the chain of each of those `whose` tells that reaches furthest, of several the earliest.

    Events whose owner is None count for nobody; raises Ambiguous.
    """
    if any_order and any(sum(satisfies(event, step) for step in steps) > 1 for event in events if whose(event)):
        raise Ambiguous
    owned: defaultdict[object, list[Event]] = defaultdict(list)
    for event in events:
        owned[whose(event)].append(event)
    owned.pop(None, None)
    chains = _in_any_order if any_order else _in_order
    best = {owner: _best(chains(own, steps), window) for owner, own in owned.items()}
    return {owner: chain for owner, chain in best.items() if chain}


def _best(chains: Iterator[Chain], window: timedelta | None) -> Chain:
    fitting = (chain for chain in chains if chain and (window is None or _span(chain) <= window))
    return min(fitting, key=lambda chain: (-len(chain), min(_orders(chain)), _orders(chain)), default=())


def _orders(chain: Chain) -> list[Place]:
    return [event.order for event in chain]


def _span(chain: Chain) -> timedelta:
    return max(event.at for event in chain) - min(event.at for event in chain)


def _in_order(own: Sequence[Event], steps: Sequence[str]) -> Iterator[Chain]:
    yield ()
    for place, event in enumerate(own):
        if steps and satisfies(event, steps[0]):
            yield from ((event, *rest) for rest in _in_order(own[place + 1 :], steps[1:]))


def _in_any_order(own: Sequence[Event], steps: Sequence[str]) -> Iterator[Chain]:
    for number in range(1, len(steps) + 1):
        yield from product(*([event for event in own if satisfies(event, step)] for step in steps[:number]))


def step_figures(
    chains: Mapping[object, Chain],
    steps: Sequence[str],
    *,
    any_order: bool,
    spent: Callable[[object], float],
    by_user: bool,
) -> list[Json]:
    """Returns the figures of each step; `spent` tells what each of those who went bought for, of people alone."""
    users = [sum(len(chain) > number for chain in chains.values()) for number in range(len(steps))]
    return [
        {
            "name": name,
            "order": number + 1,
            "users": users[number],
            "conversion_rate": rate(users[number], users[0]),
            "step_conversion_rate": rate(users[number], users[max(number - 1, 0)]),
            "drop_off": users[max(number - 1, 0)] - users[number],
            "drop_off_rate": rate(users[max(number - 1, 0)] - users[number], users[max(number - 1, 0)]),
            **_durations(_seconds(chains, number, any_order=any_order)),
            "revenue": round(sum(spent(one) for one in chains if len(chains[one]) > number), 2) if by_user else None,
        }
        for number, name in enumerate(steps)
    ]


def _seconds(chains: Mapping[object, Chain], number: int, *, any_order: bool) -> list[float]:
    # what each took from the step before; in any order a step is reached once it and all before it have happened
    taken = []
    for chain in chains.values():
        if len(chain) > number > 0:
            reached, before = chain[number].at, chain[number - 1].at
            if any_order:
                reached, before = (max(event.at for event in chain[:end]) for end in (number + 1, number))
            taken.append((reached - before).total_seconds())
    return sorted(taken)


def _durations(seconds: Sequence[float]) -> Json:
    if not seconds:
        return {"avg_seconds": None, "median_seconds": None, "p90_seconds": None}
    return {
        "avg_seconds": round(sum(seconds) / len(seconds), 3),
        "median_seconds": round(_percentile(seconds, 0.5), 3),
        "p90_seconds": round(_percentile(seconds, 0.9), 3),
    }


def _percentile(ascending: Sequence[float], share: float) -> float:
    place = share * (len(ascending) - 1)
    below, above = ascending[int(place)], ascending[min(int(place) + 1, len(ascending) - 1)]
    return below + (above - below) * (place - int(place))
