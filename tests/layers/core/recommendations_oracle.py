"""Recommendations reckoned by hand, person by person and path by path: plain Python over the list of edges."""

import math
from collections import Counter, defaultdict
from itertools import combinations
from typing import NamedTuple

from footfall.recommendations.walk import Settings


class Did(NamedTuple):
    """One thing that somebody did with a product on a day: viewed it (1), put it into the cart (2), bought it (4)."""

    person: int
    product: int
    strength: int
    day: int


class Liked(NamedTuple):
    """That somebody took an interest in a category on a day (1), or that the shop told one (1 to 5)."""

    person: int
    category: int
    day: int
    strength: int = 1


Table = dict[int, dict[int, float]]
Paths = defaultdict[int, defaultdict[int | str, float]]


def weights(did: list[Did], settings: Settings, as_of: int) -> Table:
    """Returns the weight of each edge from a person to a product."""
    found: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    for person, product, strength, day in did:
        kind = 1.0 if strength == 4 else settings.viewed * strength
        found[person][product] += kind * 0.5 ** ((as_of - day) / settings.half_life)
    return {person: dict(row) for person, row in found.items()}


def turned(table: Table) -> Table:
    """Returns the columns as rows."""
    found: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for row, entries in table.items():
        for column, value in entries.items():
            found[column][row] = value
    return dict(found)


def chances(table: Table, power: float = 1.0) -> Table:
    """Returns each row's shares, to a power."""
    return {
        row: {column: (value / sum(entries.values())) ** power for column, value in entries.items()}
        for row, entries in table.items()
    }


class Reckoned(NamedTuple):
    """What leads a person to products: by which path (`again`, `interest` or the product gone through), how much."""

    paths: dict[int, dict[int | str, float]]
    score: dict[int, float]


def walked(
    did: list[Did], liked: list[Liked], category: list[int], settings: Settings, person: int, as_of: int
) -> Reckoned:
    """Returns the scores of one person's products."""
    table = weights(did, settings, as_of)
    paths = _walks(table, settings, person)
    most = max((sum(found.values()) for found in paths.values()), default=1.0)
    found: Paths = defaultdict(lambda: defaultdict(float))
    for product, by in paths.items():
        found[product].update({via: amount / most for via, amount in by.items()})
    own = table.get(person, {})
    for product, weight in own.items():
        found[product]["again"] += settings.again * weight / max(own.values())
    for product, share in _by_interest(table, liked, category, settings, person, as_of).items():
        found[product]["interest"] += settings.interest * share
    if not settings.repeat:
        bought = {one.product for one in did if one.person == person and one.strength == 4}
        found = defaultdict(found.default_factory, {at: by for at, by in found.items() if at not in bought})
    whole = 1 + settings.again + settings.interest
    kept = {product: {how: amount for how, amount in by.items() if amount > 0} for product, by in found.items()}
    return Reckoned(kept, {product: sum(by.values()) / whole for product, by in kept.items() if by})


def _walks(table: Table, settings: Settings, person: int) -> Paths:
    out, back = chances(table, settings.alpha), chances(turned(table), settings.alpha)
    known = {product: len(people) for product, people in turned(table).items()}
    paths: Paths = defaultdict(lambda: defaultdict(float))
    for via, first in out.get(person, {}).items():
        for other, second in back[via].items():
            for product, third in out[other].items():
                if product != via:
                    paths[product][via] += first * second * third / known[product] ** settings.beta
    return paths


def _by_interest(
    table: Table, liked: list[Liked], category: list[int], settings: Settings, person: int, as_of: int
) -> dict[int, float]:
    popular: defaultdict[int, float] = defaultdict(float)
    for entries in table.values():
        for product, weight in entries.items():
            popular[product] += min(weight, 1.0)
    interests: defaultdict[int, float] = defaultdict(float)
    for one in liked:
        if one.person == person:
            interests[one.category] += one.strength * 0.5 ** ((as_of - one.day) / settings.half_life)
    found = {}
    for product, weight in popular.items():
        if (of := category[product]) in interests:
            first = max(popular[other] for other in popular if category[other] == of)
            found[product] = interests[of] / sum(interests.values()) * weight / first
    most = max(found.values(), default=1.0)
    return {product: amount / most for product, amount in found.items()}


def lift_of_pairs(baskets: list[set[int]]) -> dict[tuple[int, int], tuple[int, float, float]]:
    """Returns of every two products in one order: orders with both, the lift, and its lower bound."""
    having = Counter(product for basket in baskets for product in basket)
    both = Counter(pair for basket in baskets for pair in combinations(sorted(basket), 2))
    orders = len(baskets)
    found = {}
    for (one, other), count in both.items():
        lift = count * orders / (having[one] * having[other])
        variance = 1 / count - 1 / having[one] - 1 / having[other] + (2 * lift - 1) / orders
        low = lift * math.exp(-1.959964 * math.sqrt(max(variance, 0)))
        found[one, other] = found[other, one] = (count, lift, low)
    return found


def trend(did: list[Did], days: int) -> dict[int, tuple[float, int, int]]:
    """Returns of every product its weight in the window, and what was done in it and in the one before."""
    last = max((one.day for one in did), default=0)
    found: dict[int, tuple[float, int, int]] = {}
    for one in did:
        weight, now, before = found.get(one.product, (0.0, 0, 0))
        age = last - one.day
        if age < days:
            found[one.product] = (weight + one.strength * 0.5 ** (3 * age / days), now + one.strength, before)
        elif age < 2 * days:
            found[one.product] = (weight, now, before + one.strength)
    return found


def recall_and_ndcg(listed: list[int], wanted: set[int]) -> tuple[float, float]:
    """Returns how good one list of twenty is for who wanted these."""
    hits = [place for place, product in enumerate(listed[:20], start=1) if product in wanted]
    gain = sum(1 / math.log2(place + 1) for place in hits)
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(wanted), 20) + 1))
    return len(hits) / len(wanted), gain / best
