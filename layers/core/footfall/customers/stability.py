"""How far a population has moved from the one a model was trained on: the population stability index."""

import math
from collections.abc import Sequence

from footfall.schemas.model import Verdict

MOVING, SHIFTED = 0.1, 0.25
"""Siddiqi, Credit Risk Scorecards (Wiley 2006): below 0.1 no change to speak of, from 0.25 on another population."""
FEWEST = 100
"""Of fewer there is nothing to be said."""


def stability_index(then: Sequence[int], now: Sequence[int]) -> float:
    """Returns the population stability index, Σ (q − p) · ln(q / p) over bins, p the shares then and q those now.

    Half an observation is added to each bin, since an empty one would make it infinite.
    """
    before, after = _shares(then), _shares(now)
    return sum((q - p) * math.log(q / p) for p, q in zip(before, after, strict=True))


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + len(counts) / 2
    return [(count + 0.5) / total for count in counts]


def index_by_chance(bins: int, then: int, now: int) -> float:
    """Returns what two samples of one population reach in one case of twenty.

    The index of B bins is distributed as (1/N + 1/M) · χ² with B − 1 degrees of freedom: Yurdakul and Naranjo,
    Statistical properties of the population stability index, Journal of Risk Model Validation 14 (2020).
    """
    freedom = max(bins - 1, 1)
    return (1 / max(then, 1) + 1 / max(now, 1)) * (freedom + 1.645 * math.sqrt(2 * freedom))


def verdict(index: float, by_chance: float, now: int) -> Verdict:
    """Returns what an index means: more than chance, and by how much."""
    if now < FEWEST:
        return "too_little_data"
    if index < max(MOVING, by_chance):
        return "stable"
    return "shifted" if index >= max(SHIFTED, by_chance) else "moving"
