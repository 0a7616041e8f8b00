"""Stays at a step and what happened in them, as definitions, counted one event at a time; and Fisher's test in whole
numbers."""

from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import NamedTuple

HALF_AN_HOUR = 30 * 60_000


class Happening(NamedTuple):
    """Something happened to somebody, in milliseconds: a view, an exit, what is excluded, or anything else."""

    who: int
    kind: str
    at: int


class Stay(NamedTuple):
    """Somebody reached a step, and perhaps the next one, in a window that may close; in milliseconds."""

    who: int
    begun: int
    gone_on: int | None = None
    until: int | None = None


def length(stay: Stay, happenings: Sequence[Happening]) -> int:
    """How long a stay is."""
    own = [each for each in happenings if each.who == stay.who]
    ends = [each.at for each in own if each.kind in ("view", "excluded") and each.at > stay.begun]
    ends += [each.at for each in own if each.kind == "exit" and each.at >= stay.begun]
    ends += [moment for moment in (stay.gone_on, stay.until) if moment is not None]
    return min([*ends, stay.begun + HALF_AN_HOUR]) - stay.begun


def looked_at(stays: Sequence[Stay], happenings: Sequence[Happening]) -> list[int]:
    """How long each stay is looked at: no longer than the one of the same rank among those who did otherwise."""
    lengths = [length(stay, happenings) for stay in stays]
    sides = {left: [at for at, stay in enumerate(stays) if (stay.gone_on is None) == left] for left in (True, False)}
    found = list(lengths)
    for left, side in sides.items():
        others = sorted(lengths[at] for at in sides[not left])
        for rank, at in enumerate(sorted(side, key=lambda at: lengths[at])):
            if others:
                found[at] = min(lengths[at], others[int(Fraction(2 * rank + 1, 2 * len(side)) * len(others))])
    return found


def saw(stays: Sequence[Stay], happenings: Sequence[Happening], kind: str) -> list[bool]:
    """To whom something happened while they were looked at."""
    return [
        any(
            each.kind == kind and each.who == stay.who and stay.begun <= each.at <= stay.begun + longest
            for each in happenings
        )
        for stay, longest in zip(stays, looked_at(stays, happenings), strict=True)
    ]


def exit_of(stay: Stay, happenings: Sequence[Happening], kind: str = "exit") -> int | None:
    """When the page was left by its exit: the first one before another page was viewed."""
    own = [each for each in happenings if each.who == stay.who]
    views = [each.at for each in own if each.kind == "view" and each.at > stay.begun]
    exits = [each.at for each in own if each.kind == kind and each.at >= stay.begun]
    return min(exits) if exits and min(exits) <= min(views, default=min(exits)) else None


def ended_the_visit(stay: Stay, happenings: Sequence[Happening]) -> bool:
    """Whether after the exit no page was viewed for half an hour, and they did not go on either."""
    found = exit_of(stay, happenings)
    if found is None:
        return False
    after = [each.at for each in happenings if each.who == stay.who and each.kind == "view" and each.at > stay.begun]
    after += [] if stay.gone_on is None else [stay.gone_on]
    return all(moment - found > HALF_AN_HOUR for moment in after)


def chance(left_having: int, left: int, stayed_having: int, stayed: int) -> float:
    """Fisher's exact test: twice the probability of so many or more who left, 1 where it is not more frequent there."""
    having = left_having + stayed_having
    if left_having * stayed <= stayed_having * left:
        return 1.0
    ways = sum(comb(left, more) * comb(stayed, having - more) for more in range(left_having, min(left, having) + 1))
    return min(1.0, float(2 * Fraction(ways, comb(left + stayed, having))))


def corrected(chances: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg: the smallest share of false ones at which each would be told."""
    ordered = sorted(chances)
    bounds = [one * len(ordered) / (rank + 1) for rank, one in enumerate(ordered)]
    return [min(1.0, *bounds[ordered.index(one) :]) for one in chances]
