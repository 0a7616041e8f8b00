"""Rates as answers give them."""

import math

NORMAL_95 = 1.959964
"""So many standard deviations to each side of its mean, the normal distribution has 95 % of itself."""


def percentage(part: float, whole: float) -> float:
    """Returns `part` of `whole` in percent with two decimals; 0 where there is no whole."""
    return round(100 * part / whole, 2) if whole else 0.0


def share_interval(part: int, whole: int) -> tuple[float, float]:
    """Returns between which percentages a share lies with 95 % confidence (Wilson 1927); 0 to 100 of nothing."""
    if not whole:
        return 0.0, 100.0
    share, spread = part / whole, NORMAL_95**2 / whole
    middle = share + spread / 2
    half = NORMAL_95 * math.sqrt(share * (1 - share) / whole + spread / (4 * whole))
    low, high = (100 * (middle + side) / (1 + spread) for side in (-half, half))
    return round(max(low, 0.0), 2), round(min(high, 100.0), 2)
