"""How long something took, counted in bins whose edges are the same for every answer."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MINUTE, HOUR, DAY = 60, 3_600, 86_400
EDGES = (
    *(0, 1, 2, 5, 10, 15, 30),
    *(number * MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * HOUR for number in (1, 2, 3, 6, 12)),
    *(number * DAY for number in (1, 2, 3, 7, 14, 30, 60, 90, 180, 365)),
)
"""Seconds: what people say of a wait, so that a second and a quarter are told apart as well as each other."""

ENDS = (*EDGES[1:], None)


class Bin(NamedTuple):
    """How many people took so many seconds or more, and less than `end`; None where the last bin has no end."""

    begin: int
    end: int | None
    users: int


def bins_of(seconds: NDArray[np.float64]) -> list[Bin]:
    """Returns the bins from that of the quickest to that of the slowest, 28 at most; none of nothing."""
    if not len(seconds):
        return []
    counts = np.bincount(np.searchsorted(EDGES, seconds, "right") - 1, minlength=len(EDGES))
    filled = np.flatnonzero(counts)
    every = [Bin(*edges, int(count)) for edges, count in zip(zip(EDGES, ENDS, strict=True), counts, strict=True)]
    return every[filled[0] : filled[-1] + 1]
