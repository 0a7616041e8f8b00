"""How much of each order every visit before it is credited with, under several attribution models.

Weights are whole numbers, so that every share is exact: what is left of an order after rounding down goes to the visits
that lost most by it (largest remainder), of several the earliest. The models are those that Google Analytics and
others have had (https://support.google.com/analytics/answer/1662518).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Model = Literal["first", "last", "last_non_direct", "linear", "position", "time_decay"]
MOST_TOUCHES = 500
"""Of more visits before an order, these many latest are looked at."""
HALF_LIFE = 7 * 86_400_000
"""Milliseconds after which a visit counts half as much, in `time_decay`: seven days, as Google Analytics had it."""
PRECISION = 1 << 22
"""What the latest visit weighs in `time_decay`."""
AT_ONCE = 1_000_000
# visits of orders that are looked at together: some 100 MB


@dataclass(frozen=True)
class Touches:
    """Visits in any order: whose, when they began in Unix milliseconds, and whether nothing brought them."""

    people: Numbers
    times: Numbers
    direct: NDArray[np.bool_]


@dataclass(frozen=True)
class Bought:
    """Orders: whose (-1 for somebody unknown), and when they were placed in Unix milliseconds."""

    people: Numbers
    times: Numbers


class Credits(NamedTuple):
    """Some orders' visits: the places of order and visit, and what share of the order's whole the visit weighs.

    Of each order they are together, in the order of time; `wholes` are the sums of the weights of one order.
    """

    orders: Numbers
    touches: Numbers
    weights: Numbers
    wholes: Numbers

    def shares(self, amounts: Numbers) -> Numbers:
        """Returns how much of the amounts of all orders each visit here has: of each order exactly its amount."""
        each, rest = np.divmod(amounts[self.orders], self.wholes)
        more, lost = np.divmod(rest * self.weights, self.wholes)
        found = each * self.weights + more
        begins, lengths = _runs(self.orders)
        left = amounts[self.orders[begins]] - np.add.reduceat(found, begins)
        return found + (self._ranked(lost, begins, lengths) < np.repeat(left, lengths))

    def _ranked(self, lost: Numbers, begins: Numbers, lengths: Numbers) -> Numbers:
        # each visit's place among those of its order by what it lost, the most first, then by time
        places = np.empty(len(lost), np.int64)
        ranked = np.lexsort((np.arange(len(lost)), -lost, np.repeat(begins, lengths)))
        places[ranked] = np.arange(len(lost)) - np.repeat(begins, lengths)
        return places


def credits_of(touches: Touches, bought: Bought, window: int, model: Model) -> Iterator[Credits]:
    """Yields the visits of each order that has any: its person's that began at most `window` milliseconds before it."""
    found = _Found.of(touches, bought, window)
    there = np.flatnonzero(found.end > found.begin)
    if not len(there):
        return
    if model in ("first", "last", "last_non_direct"):
        ones = np.ones(len(there), np.int64)
        yield Credits(there, found.visits[found.one(model, touches.direct)[there]], ones, ones)
        return
    counts = (found.end - found.begin)[there].cumsum()
    for some in np.split(there, np.flatnonzero(np.diff(counts // AT_ONCE)) + 1):
        yield found.several(some, touches.times, model)


@dataclass(frozen=True)
class _Found:
    # the places of buyers' visits by person and time, and from which to which of them each order's are
    visits: Numbers
    begin: Numbers
    end: Numbers

    @classmethod
    def of(cls, touches: Touches, bought: Bought, window: int) -> "_Found":
        known = bought.people >= 0
        buyers = np.unique(bought.people[known])
        ours = np.flatnonzero(np.isin(touches.people, buyers))
        visits = ours[np.lexsort((ours, touches.times[ours], touches.people[ours]))]
        # times within a person's stretch of numbers, which also holds the windows of the orders
        times = np.concatenate([touches.times[visits], bought.times])
        origin, last = int(times.min(initial=2**62)) - window, int(times.max(initial=0))
        length = last - origin + 1
        keys = np.searchsorted(buyers, touches.people[visits]) * length + touches.times[visits] - origin
        orders = np.searchsorted(buyers, bought.people) * length + bought.times - origin
        end = np.where(known, np.searchsorted(keys, orders, "right"), 0)
        begin = np.where(known, np.searchsorted(keys, orders - window, "left"), 0)
        return cls(visits, np.maximum(begin, end - MOST_TOUCHES), end)

    def one(self, model: Model, direct: NDArray[np.bool_]) -> Numbers:
        if model == "first":
            return self.begin
        if model == "last":
            return self.end - 1
        # the last that something brought, else the last
        brought = np.where(direct[self.visits], -1, np.arange(len(self.visits)))
        latest = np.maximum.accumulate(brought)[self.end - 1]
        return np.where(latest >= self.begin, latest, self.end - 1)

    def several(self, orders: Numbers, times: Numbers, model: Model) -> Credits:
        counts = (self.end - self.begin)[orders]
        whose = np.repeat(np.arange(len(orders)), counts)
        place = np.arange(len(whose)) - np.repeat(counts.cumsum() - counts, counts)
        visits = self.visits[np.repeat(self.begin[orders], counts) + place]
        age = np.repeat(times[self.visits[self.end[orders] - 1]], counts) - times[visits]
        weights = _weights(model, place, np.repeat(counts, counts), age)
        wholes = np.bincount(whose, weights).astype(np.int64)
        return Credits(np.repeat(orders, counts), visits, weights, np.repeat(wholes, counts))


def _weights(model: Model, place: Numbers, count: Numbers, age: Numbers) -> Numbers:
    if model == "position":  # of five parts two for the first, two for the last, and one for all between
        ends = (place == 0) | (place == count - 1)
        return np.where(ends, np.maximum(2 * (count - 2), 1), 1)
    if model == "time_decay":
        return np.maximum(np.rint(PRECISION * np.exp2(-age / HALF_LIFE)), 1).astype(np.int64)
    return np.ones(len(place), np.int64)


def _runs(orders: Numbers) -> tuple[Numbers, Numbers]:
    # where the visits of each order begin, and how many they are
    begins = np.flatnonzero(np.diff(orders, prepend=-1))
    return begins, np.diff(np.append(begins, len(orders)))
