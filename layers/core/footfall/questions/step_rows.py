"""Events that satisfy steps of a question's own funnel, as columns, from wherever they were read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Coded

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Events with the same places in what is read: whose they are, and when they happened.

    `who` are the numbers of what is counted, people or sessions, and `people` of who did it. `days` count from the
    range's first, `ranks` are places in each day's order of time, `times` Unix milliseconds; `devices` are places in
    DEVICES, and `told` holds what else the answer is broken down by.
    """

    steps: frozenset[int]
    who: Numbers
    people: Numbers
    days: Numbers
    ranks: Numbers
    times: Numbers
    devices: NDArray[np.uint8]
    told: Mapping[str, Coded] = field(default_factory=dict)
