"""When customers bought, as models of buying take it: how often, until when, and for how long they were watched."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.forecasts.likelihood import Reals

DAYS_OF_A_WEEK = 7.0


class Histories(NamedTuple):
    """One entry a customer: purchases after the first, the time from the first to the last, and to the end.

    Times are in weeks, from the day of the first purchase; a day with several orders is one purchase. (x, t_x and T in
    the papers.)
    """

    repeats: Reals
    last: Reals
    watched: Reals


class Weighted(NamedTuple):
    """Different histories, and how many customers have each."""

    histories: Histories
    customers: Reals


def histories(purchases: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], end: int) -> Histories:
    """Returns the histories of customers who bought on so many days, from a first day to a last, watched until `end`.

    Days are counted from any day; `end` is the last one that was watched.
    """
    repeats = (purchases - 1).astype(np.float64)
    return Histories(repeats, (last - first) / DAYS_OF_A_WEEK, (end - first) / DAYS_OF_A_WEEK)


def weighted(found: Histories) -> Weighted:
    """Returns the histories that differ: many customers have the same, of whom a likelihood is reckoned once."""
    different, customers = np.unique(np.column_stack(found), axis=0, return_counts=True)
    return Weighted(Histories(*different.T), customers.astype(np.float64))
