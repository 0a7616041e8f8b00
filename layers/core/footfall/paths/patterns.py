"""What journeys begin with, by which they are alike."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from footfall.paths.journeys import NOTHING, Flags, Integers, Journeys


class Beginnings(NamedTuple):
    """The first steps of journeys, so many columns, with NOTHING behind a journey's end; and whether they go on."""

    steps: Sequence[Integers]
    goes_on: Flags


def beginnings(journeys: Journeys, length: int) -> Beginnings:
    """Returns the first `length` steps of each journey."""
    everybody = np.arange(len(journeys))
    columns = [journeys.step(journeys.begins + number, everybody) for number in range(length + 1)]
    return Beginnings(columns[:-1], columns[-1] != NOTHING)
