"""How much of an order each visit before it is credited with, in whole fractions."""

from collections.abc import Sequence
from fractions import Fraction

HALF_LIFE, PRECISION = 7 * 86_400_000, 1 << 22
"""After so many milliseconds a visit weighs half as much, in `time_decay`, where the latest weighs so much."""


def weights(model: str, times: Sequence[int], direct: Sequence[bool]) -> list[int]:
    """Returns what the visits before one order weigh, in the order of time."""
    n = len(times)
    one = {"first": 0, "last": n - 1}
    one["last_non_direct"] = max((place for place in range(n) if not direct[place]), default=n - 1)
    if model in one:
        return [int(place == one[model]) for place in range(n)]
    if model == "position":
        return [1] * n if n < 3 else [2 * (n - 2) if place in (0, n - 1) else 1 for place in range(n)]
    if model == "time_decay":
        return [max(round(PRECISION * 2 ** (-(times[-1] - time) / HALF_LIFE)), 1) for time in times]
    return [1] * n


def split(amount: int, weighed: Sequence[int]) -> list[int]:
    """Returns an amount by weights: rounded down, and what is left to who lost most, the earliest first."""
    exact = [Fraction(amount * weight, sum(weighed)) for weight in weighed]
    found = [share.numerator // share.denominator for share in exact]
    by_loss = sorted(range(len(exact)), key=lambda place: (found[place] - exact[place], place))
    for place in by_loss[: amount - sum(found)]:
        found[place] += 1
    return found
