"""How long attempts stay at a step of a funnel, and what happens to their people meanwhile.

A stay begins when an attempt reaches a step, and ends when its page is left (the page's exit, or the next page view),
when the attempt goes on or is over, and half an hour later at the latest. Whoever stays longer has more happen to them,
whether they go on after it or not: so those who left and those who went on are looked at for equally long. The stays of
either are put in order of their length, and each is looked at only as long as the stay lasted that has the same rank
among the others. Whatever happens at a constant pace, alike to both, is then as frequent in both.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from footfall.funnels.engine import Flags, Indices, Integers

LONGEST = 30 * 60_000
"""Milliseconds: whoever did nothing for so long is away."""
NEVER = 2**62
"""A moment after all others."""
AT_ONCE = 100_000
"""So much of what happened is looked at in one go, for it takes little memory."""
PLACE_BITS = 32
PLACE = 2**32 - 1


class Happened(NamedTuple):
    """What happened to the people of attempts, in any order: numbers of attempts, and when in Unix milliseconds."""

    attempts: Indices
    times: Integers


def first_after(happened: Happened, moments: Integers, *, later: bool = False) -> Integers:
    """Returns when something first happened to each attempt at each of its moments or after it, or only `later`.

    `moments` has a row for each step, none of them before the step before, and a column for each attempt; NEVER for
    what was not reached, and in what is returned for what did not happen.
    """
    found = np.full(moments.size, NEVER)
    for begin in range(0, len(happened.times), AT_ONCE):
        attempts, times = happened.attempts[begin : begin + AT_ONCE], happened.times[begin : begin + AT_ONCE]
        steps = np.full(len(times), -1)
        for row in moments:
            steps += row[attempts] < times if later else row[attempts] <= times
        after = steps >= 0
        np.minimum.at(found, (steps * moments.shape[1] + attempts)[after], times[after])
    # what happened after a later step happened after those before it too
    return np.minimum.accumulate(found.reshape(moments.shape)[::-1])[::-1]


class Leaving(NamedTuple):
    """When the next page was viewed, a page was left by its exit, and something happened that ends the attempt.

    In Unix milliseconds, NEVER for what did not happen; of each attempt at each step, or of the stays at one.
    """

    next_view: Integers
    first_exit: Integers
    excluded: Integers

    def at(self, step: int, attempts: Indices) -> "Leaving":
        """Returns the same of some attempts at one step."""
        return Leaving._make(moments[step, attempts] for moments in self)


class OfStays(NamedTuple):
    """Some of what happened, by its places, and of which stay each is, by the stays' places."""

    stays: Indices
    happened: Indices


@dataclass(frozen=True)
class Stays:
    """The stays of attempts at one step.

    `attempts` are their numbers among all `attempts_made`. `begun` is when they reached the step, `gone_on` when they
    reached the next one, NEVER for those who left, and `until` when their window closes, NEVER without one; all in Unix
    milliseconds.
    """

    attempts: Indices
    begun: Integers
    gone_on: Integers
    until: Integers
    leaving: Leaving
    attempts_made: int

    @property
    def left(self) -> Flags:
        """Who reached the step and not the next one."""
        left: Flags = self.gone_on == NEVER
        return left

    @property
    def exit(self) -> Integers:
        """When the page was left, by its own exit; NEVER where none was told before the next view."""
        next_view, first_exit, _ = self.leaving
        return np.where(first_exit <= next_view, first_exit, NEVER)

    @cached_property
    def lengths(self) -> Integers:
        """How long the stays are, in milliseconds."""
        next_view, _, excluded = self.leaving
        ends = [next_view, self.exit, excluded, self.gone_on, self.until, self.begun + LONGEST]
        lengths: Integers = np.minimum.reduce(ends) - self.begun
        return lengths

    @cached_property
    def looked_at(self) -> Integers:
        """How long each is looked at: as long as it lasted, and as the one of its rank among the others did."""
        lengths = self.lengths.copy()
        for side in (self.left, ~self.left):
            own, others = np.flatnonzero(side), np.sort(self.lengths[~side])
            if len(own) and len(others):
                ranked = own[_in_order(self.lengths[own])]
                same_rank = (2 * np.arange(len(own)) + 1) * len(others) // (2 * len(own))
                lengths[ranked] = np.minimum(self.lengths[ranked], others[same_rank])
        return lengths

    def saw(self, happened: Happened) -> Flags:
        """Returns to whom something happened while they were looked at."""
        return self.had(self._within(happened, self.begun + self.looked_at).stays)

    def page_exits(self, exits: Happened) -> "OfStays":
        """Returns the exits that tell something of the very page, whenever it was left."""
        return self._within(exits, self.leaving.next_view)

    def had(self, stays: Indices) -> Flags:
        """Returns which of all stays are among some, given by their places."""
        found = np.zeros(len(self.attempts), bool)
        found[stays] = True
        return found

    def _within(self, happened: Happened, last: Integers) -> "OfStays":
        # what happened from when they reached the step up to a moment
        at = self._places[happened.attempts]
        places = np.flatnonzero(at >= 0)
        at, times = at[places], happened.times[places]
        ours = (times >= self.begun[at]) & (times <= last[at])
        return OfStays(at[ours], places[ours])

    @cached_property
    def _places(self) -> Indices:
        # of each attempt, by its number; -1 of one that has no stay
        places = np.full(self.attempts_made, -1)
        places[self.attempts] = np.arange(len(self.attempts))
        return places

    @property
    def ended_the_visit(self) -> Flags:
        """Who left the page by its exit, and neither viewed another nor went on within half an hour."""
        found: Flags = (self.exit != NEVER) & (np.minimum(self.leaving.next_view, self.gone_on) - self.exit > LONGEST)
        return found


def _in_order(lengths: Integers) -> Indices:
    # the places of lengths in ascending order, of several alike the first first
    keys = np.sort(lengths << PLACE_BITS | np.arange(len(lengths)))
    return keys & PLACE
