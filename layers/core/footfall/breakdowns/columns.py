"""What people did, and their sessions, as columns of numbers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
NOT_COUNTED = -1
"""The person of an event that no figure of people counts."""


@dataclass(frozen=True)
class Activity:
    """Events in any order: whose each is, by dense number or NOT_COUNTED, and whether a page was viewed.

    `sessions` are the lake's numbers of sessions, 0 for none; `days` count from a range's first.
    """

    people: Integers
    views: Flags
    sessions: Integers
    days: Integers


class Visits(NamedTuple):
    """Sessions in any order, by the lake's numbers: the day each began, counted from a range's first, and its figures.

    `people` are the dense numbers of whom they were told to be, a visitor or a user, or NOT_COUNTED; `starts` when they
    began, in Unix milliseconds. `bounces` and `conversions` are 0 or 1. `orders` came of it, and `revenue` is what they
    amount to in minor units.
    """

    numbers: Integers
    people: Integers
    starts: Integers
    days: Integers
    milliseconds: Integers
    bounces: Integers
    conversions: Integers
    orders: Integers
    revenue: Integers

    def where(self, those: Flags) -> "Visits":
        """Returns the same of some of the sessions."""
        return Visits(*(column[those] for column in self))

    def on_first_day(self, numbers: Integers, days: Integers) -> Integers:
        """Returns the place of each of these sessions, -1 for one that is not here or did not begin on that day."""
        order = np.argsort(self.numbers, kind="stable")
        at = np.searchsorted(self.numbers, numbers, sorter=order)
        known = at < len(order)
        places = order[np.where(known, at, 0)] if len(order) else np.zeros(len(at), np.int64)
        known[known] = (self.numbers[places[known]] == numbers[known]) & (self.days[places[known]] == days[known])
        return np.where(known, places, -1)
