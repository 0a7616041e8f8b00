"""What those who reached a step of a funnel brought, and what those who left before it took with them."""

import math
from typing import NamedTuple

from footfall.rates import NORMAL_95

FEWEST = 30
"""Of fewer people who stayed no interval is told: their mean need not be distributed normally."""


class Brought(NamedTuple):
    """What so many people brought: the sum of each one's amount in minor units, and the sum of its squares."""

    people: int
    amount: int
    squares: int


class Lost(NamedTuple):
    """An amount in minor units, between which bounds it is with 95 % confidence; None where that is not known."""

    amount: float
    low: float | None
    high: float | None


def lost(brought: Brought, left: int) -> Lost | None:
    """Returns what `left` people would have brought at the average of those who stayed; None where nobody stayed.

    The interval is that of their mean, `left` times: 1.96 standard deviations of one amount, by the root of their
    number. The variance is (n times the sum of squares - the square of the sum) / (n (n - 1)), in whole numbers up to
    the division.
    """
    stayed = brought.people
    if not stayed:
        return None
    mean = brought.amount / stayed
    if stayed < FEWEST:
        return Lost(left * mean, None, None)
    variance = (stayed * brought.squares - brought.amount**2) / (stayed * (stayed - 1))
    half = NORMAL_95 * math.sqrt(variance / stayed)
    return Lost(left * mean, left * (mean - half), left * (mean + half))
