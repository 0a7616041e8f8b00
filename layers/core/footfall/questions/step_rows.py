"""Events that satisfy steps of a question's own funnel, as columns, from wherever they were read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Coded
from footfall.funnels.steps import satisfies
from footfall.schemas.event import NamedEvent

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Events that satisfy the same steps: whose they are (people's or sessions' numbers), and when they happened.

    `days` count from the range's first, `ranks` are places in each day's order of time, `times` Unix milliseconds;
    `devices` are places in DEVICES, and `told` holds what else the answer is broken down by.
    """

    steps: frozenset[int]
    who: Numbers
    days: Numbers
    ranks: Numbers
    times: Numbers
    devices: NDArray[np.uint8]
    told: Mapping[str, Coded] = field(default_factory=dict)


def steps_of(kind: NamedEvent, steps: Sequence[str]) -> frozenset[int]:
    """Returns which steps an event of this kind satisfies, from 0."""
    return frozenset(number for number, step in enumerate(steps) if satisfies(kind, step))
