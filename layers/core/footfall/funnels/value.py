"""What those who reached a step of a funnel brought, and what those who left before it took with them."""

import math
from typing import NamedTuple

import numpy as np

from footfall.funnels.engine import Integers
from footfall.rates import NORMAL_95

FEWEST = 30
"""Of fewer people who stayed no interval is told: their mean need not be distributed normally."""


class Lost(NamedTuple):
    """An amount in minor units, between which bounds it is with 95 % confidence; None where that is not known."""

    amount: float
    low: float | None
    high: float | None


def lost(values: Integers, left: int) -> Lost | None:
    """Returns what `left` people would have brought at the average of those who stayed; None where nobody stayed.

    `values` are what each of those brought. The interval is that of their mean, `left` times: 1.96 standard deviations
    of one value, by the root of their number.
    """
    stayed = len(values)
    if not stayed:
        return None
    mean = float(values.mean())
    if stayed < FEWEST:
        return Lost(left * mean, None, None)
    half = NORMAL_95 * float(np.std(values, ddof=1)) / math.sqrt(stayed)
    return Lost(left * mean, left * (mean - half), left * (mean + half))
