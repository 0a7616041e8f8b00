"""A Markov chain of page types that ends in an order or without one: what the chance of an order is compared with.

The chance from a page is that of absorption: x = (I − Q)⁻¹ r, with Q the chances to go from page to page and r those to
order next (Kemeny and Snell, Finite Markov Chains, 1960, chapter 3).
"""

import numpy as np
from numpy.typing import NDArray

from footfall.propensity.columns import NEVER, Floats, Integers, Sessions

MOST_PAGES = 50
"""So many types of pages are told apart, the commonest; the others are one."""
PAGES = "pageview"


class Chain:
    """The chances of an order by the type of the page that was viewed last, as some sessions had them."""

    def __init__(self, sessions: Sessions, those: Integers, rate: float) -> None:
        """Learn from these sessions, up to their orders. Each page starts with one visit that orders by the `rate`."""
        self._sessions = sessions
        self._states = _states(sessions, those)
        begun, last = self._states.max(initial=-1) + 1, self._states.max(initial=-1) + 2
        counts = np.zeros((last, last + 1))
        places, owners = _before_orders(sessions, those)
        states = self._states[sessions.codes[places]]
        pages = states >= 0
        states, owners = states[pages], owners[pages]
        first = np.append(True, owners[1:] != owners[:-1])[: len(owners)]
        np.add.at(counts, (np.where(first, begun, np.roll(states, 1)), states), 1)
        ends = np.full(len(those), begun)
        ends[owners] = states  # of equal places the last one counts
        np.add.at(counts, (ends, np.where(sessions.ordered[those] == NEVER, last, begun)), 1)
        self._chances = _absorbed(counts, rate)

    def after(self, those: Integers, events: int) -> Floats:
        """Returns the chance of an order of each of these sessions, from the last page of its first events."""
        states = self._states[self._sessions.first(those, events)]
        latest = np.maximum.accumulate(np.where(states >= 0, np.arange(events), -1), axis=1)[:, -1]
        found = states[np.arange(len(those)), latest]
        return self._chances[np.where(latest >= 0, found, len(self._chances) - 1)]


def _states(sessions: Sessions, those: Integers) -> Integers:
    # the state of each kind of event; -1 for what is no page
    places, _ = _before_orders(sessions, those)
    counts = np.bincount(sessions.codes[places], minlength=len(sessions.kinds))
    pages = [code for code, kind in enumerate(sessions.kinds) if kind.partition(" ")[0] == PAGES]
    pages.sort(key=lambda code: (-counts[code], sessions.kinds[code]))
    states = np.full(len(sessions.kinds), -1, np.int64)
    states[np.array(pages, np.intp)] = np.minimum(np.arange(len(pages)), MOST_PAGES)
    return states


def _before_orders(sessions: Sessions, those: Integers) -> tuple[Integers, Integers]:
    # the places of the events before the orders, and whose each is, as a place among those
    ordered = sessions.ordered[those]
    lengths = np.where(ordered == NEVER, sessions.lengths[those], np.minimum(ordered, sessions.lengths[those]))
    owners = np.repeat(np.arange(len(those)), lengths)
    within = np.arange(len(owners)) - np.repeat(lengths.cumsum() - lengths, lengths)
    return sessions.begins[those][owners] + within, owners


def _absorbed(counts: NDArray[np.float64], rate: float) -> Floats:
    # the last two columns are an order, and none; every state has gone once to either, by the rate
    states = len(counts)
    counts[:, states - 1] += rate
    counts[:, states] += 1 - rate
    chances = counts / counts.sum(axis=1, keepdims=True)
    between = np.zeros((states, states))
    between[:, : states - 1] = chances[:, : states - 1]
    found: Floats = np.linalg.solve(np.eye(states) - between, chances[:, states - 1])
    return found
