"""Who went how far through a funnel: every chain of events is tried, and the one that reaches furthest counts."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise, product

from tests.oracle.life import Json
from tests.oracle.reckoning.events import Event, Place
from tests.oracle.reckoning.numbers import percentile, rate
from tests.oracle.reckoning.sessions import ABSENT

Chain = tuple[Event, ...]
"""The events that reached the first steps of a funnel, one each."""
Meets = Callable[[Event], bool]
"""Whether an event satisfies a step, or is one that is excluded."""
BY_ITSELF = frozenset({"page_exit", "click", "rage_click", "scroll", "hover", "form", "javascript_error"})


@dataclass(frozen=True)
class Spent:
    """What somebody's orders come to in minor units, and what was given back of them."""

    revenue: int
    refunded: int


class Ambiguous(Exception):
    """Raised when an event satisfies two steps of a funnel without an order."""


@dataclass(frozen=True)
class Rules:
    """What a chain must be: by `order`, in a window from its first or from each step, with nothing excluded within."""

    order: str = "ordered"
    window: timedelta | None = None
    each_step: bool = False
    exclude: tuple[Meets, ...] = ()


def furthest(
    events: Sequence[Event],
    whose: Callable[[Event], object],
    steps: Sequence[Meets],
    rules: Rules,
    left_out: Sequence[Event] = (),
) -> dict[object, Chain]:
    """Returns the chain of each of those `whose` tells that reaches furthest, of several the earliest.

    What filters have `left_out` is no step, and in between all the same. Events whose owner is None count for nobody;
    raises Ambiguous.
    """
    if rules.order == "any" and any(sum(step(event) for step in steps) > 1 for event in events if whose(event)):
        raise Ambiguous
    owned, aside = _by_owner(events, whose), _by_owner(left_out, whose)
    chains = _in_any_order if rules.order == "any" else _in_order
    best = {
        owner: _best(
            (
                chain
                for chain in chains(own, steps)
                if chain
                and _undisturbed(own, chain, steps, rules)
                and _uninterrupted(aside.get(owner, []), chain, rules)
            ),
            rules,
        )
        for owner, own in owned.items()
    }
    return {owner: chain for owner, chain in best.items() if chain}


def _by_owner(events: Sequence[Event], whose: Callable[[Event], object]) -> dict[object, list[Event]]:
    owned: defaultdict[object, list[Event]] = defaultdict(list)
    for event in events:
        owned[whose(event)].append(event)
    owned.pop(None, None)
    return owned


def _best(chains: Iterator[Chain], rules: Rules) -> Chain:
    fitting = (chain for chain in chains if _in_time(chain, rules))
    return min(fitting, key=lambda chain: (-len(chain), min(_orders(chain)), _orders(chain)), default=())


def _orders(chain: Chain) -> list[Place]:
    return [event.order for event in chain]


def _in_time(chain: Chain, rules: Rules) -> bool:
    if rules.window is None:
        return True
    if rules.each_step:
        return all(after.at - before.at <= rules.window for before, after in pairwise(chain))
    return max(event.at for event in chain) - min(event.at for event in chain) <= rules.window


def _undisturbed(own: Sequence[Event], chain: Chain, steps: Sequence[Meets], rules: Rules) -> bool:
    # nothing excluded happened from the first to the last, and of a strict chain nothing that is not part of it
    between = _between(own, chain)
    if any(excluded(event) for event in between for excluded in rules.exclude):
        return False
    return rules.order != "strict" or all(
        event in chain or not (is_meant(event) or any(step(event) for step in steps)) for event in between
    )


def _uninterrupted(aside: Sequence[Event], chain: Chain, rules: Rules) -> bool:
    return rules.order != "strict" or not any(map(is_meant, _between(aside, chain)))


def _between(events: Sequence[Event], chain: Chain) -> list[Event]:
    first, last = min(_orders(chain)), max(_orders(chain))
    return [event for event in events if first < event.order < last]


def is_meant(event: Event) -> bool:
    """Returns whether somebody meant it: the tracker records the others by itself, or nobody need be there."""
    return {event.kind, event.name}.isdisjoint(BY_ITSELF | ABSENT)


def _in_order(own: Sequence[Event], steps: Sequence[Meets]) -> Iterator[Chain]:
    yield ()
    for place, event in enumerate(own):
        if steps and steps[0](event):
            yield from ((event, *rest) for rest in _in_order(own[place + 1 :], steps[1:]))


def _in_any_order(own: Sequence[Event], steps: Sequence[Meets]) -> Iterator[Chain]:
    for number in range(1, len(steps) + 1):
        yield from product(*([event for event in own if step(event)] for step in steps[:number]))


def step_figures(
    chains: Mapping[object, Chain],
    steps: Sequence[str],
    *,
    any_order: bool,
    spent: Callable[[object], Spent] | None,
    money: Callable[[float], float],
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
            **durations(_seconds(chains, number, any_order=any_order)),
            **_value(
                [spent(one) for one in chains if len(chains[one]) > number] if spent else None,
                users[max(number - 1, 0)] - users[number] if number else None,
                money,
            ),
        }
        for number, name in enumerate(steps)
    ]


def _value(spent: Sequence[Spent] | None, left: int | None, money: Callable[[float], float]) -> Json:
    # those who left would have brought what those who stayed did on average; too few ever stay for an interval
    unknown: Json = dict.fromkeys(["revenue", "net_revenue", "value_lost", "value_lost_low", "value_lost_high"])
    if spent is None:
        return unknown
    revenue, net = sum(one.revenue for one in spent), sum(one.revenue - one.refunded for one in spent)
    lost = None if left is None or not spent else money(left * (net / len(spent)))
    return {**unknown, "revenue": money(revenue), "net_revenue": money(net), "value_lost": lost}


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


def durations(seconds: Sequence[float]) -> Json:
    """Returns the mean, the median and the 90th percentile; `seconds` are in ascending order."""
    if not seconds:
        return {"avg_seconds": None, "median_seconds": None, "p90_seconds": None}
    return {
        "avg_seconds": round(sum(seconds) / len(seconds), 3),
        "median_seconds": round(percentile(seconds, 0.5), 3),
        "p90_seconds": round(percentile(seconds, 0.9), 3),
    }
