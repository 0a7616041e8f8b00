"""How sure a figure of many customers is: found again among customers who are drawn by chance."""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Score = Callable[[Rows], float]
"""Takes the numbers of rows, some several times, and returns the figure of them."""
SEED = 20
ROUNDS = 200
MOST_DRAWN = 5_000
"""Of more rows so many are drawn; the interval is as much narrower as more rows make it."""
ENDS = (0.025, 0.975)


def intervals(scores: Mapping[str, Score], rows: int, digits: int = 4) -> dict[str, list[float]]:
    """Returns the ends of the 95 % interval of each figure of so many rows; none of no rows.

    That is the percentile interval of 200 draws with replacement (Efron and Tibshirani, An introduction to the
    bootstrap, 1993, chapter 13), of fewer than all rows where there are many (Bickel, Götze and van Zwet, Resampling
    fewer than n observations, 1997). The same rows always give the same ends.
    """
    if not rows:
        return {}
    random, drawn = np.random.default_rng(SEED), min(rows, MOST_DRAWN)
    draws = [random.integers(0, rows, drawn) for _ in range(ROUNDS)]
    everybody, narrower = np.arange(rows), sqrt(drawn / rows)
    return {name: _ends(score, draws, score(everybody), narrower, digits) for name, score in scores.items()}


def _ends(score: Score, draws: list[Rows], value: float, narrower: float, digits: int) -> list[float]:
    ends = np.quantile([score(rows) for rows in draws], ENDS)
    return [round(float(value + (end - value) * narrower), digits) for end in ends]
