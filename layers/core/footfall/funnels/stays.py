"""How long attempts stay at a step of a funnel, and what happens to their people meanwhile.

A stay begins when an attempt reaches a step, and ends when its page is left (the page's exit, or the next page view),
when the attempt goes on or is over, and half an hour later at the latest. Whoever stays longer has more happen to them,
whether they go on after it or not: so those who left and those who went on are looked at for equally long. The stays of
either are put in order of their length, and each is looked at only as long as the stay lasted that has the same rank
among the others. Whatever happens at a constant pace, alike to both, is then as frequent in both.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from footfall.funnels.engine import Flags, Indices, Integers, Keys

LONGEST = 30 * 60_000
"""Milliseconds: whoever did nothing for so long is away."""
NEVER = 2**62
"""A moment after all others."""
TIME_BITS = np.uint64(39)
"""Ten years are less than 2^39 milliseconds, which leaves room for the numbers of 33 million attempts."""
TIME = np.uint64(2**39 - 1)


@dataclass(frozen=True)
class Moments:
    """When something happened to the people of attempts: numbers of attempts and milliseconds since `origin`, sorted.

    `origin` is a moment before everything, in Unix milliseconds.
    """

    keys: Keys
    origin: int

    @classmethod
    def of(cls, attempts: Indices, times: Integers, origin: int) -> "Moments":
        """Returns the moments of events, which come in any order."""
        return cls(np.sort(_keys(attempts, times, origin)), origin)

    def first(self, attempts: Indices, times: Integers, *, later: bool = False) -> Integers:
        """Returns when each attempt's first one is, at a time or after it, or only `later`; NEVER for none."""
        at = np.searchsorted(self.keys, _keys(attempts, times, self.origin), "right" if later else "left")
        keys = np.append(self.keys, np.uint64(2**64 - 1))[at]
        found = (keys & TIME).astype(np.int64) + self.origin
        return np.where(keys >> TIME_BITS == attempts.astype(np.uint64), found, NEVER)


def _keys(attempts: Indices, times: Integers, origin: int) -> Keys:
    return (attempts.astype(np.uint64) << TIME_BITS) | (times - origin).astype(np.uint64)


@dataclass(frozen=True)
class Leaving:
    """What ends stays: page views, exits of pages, and events that end an attempt."""

    views: Moments
    exits: Moments
    excluded: Moments | None = None


@dataclass(frozen=True)
class Stays:
    """The stays of attempts at one step.

    `begun` is when they reached it, `gone_on` when they reached the next one, NEVER for those who left, and `until`
    when their window closes, NEVER without one; all in Unix milliseconds.
    """

    attempts: Indices
    begun: Integers
    gone_on: Integers
    until: Integers
    leaving: Leaving

    @property
    def left(self) -> Flags:
        """Who reached the step and not the next one."""
        left: Flags = self.gone_on == NEVER
        return left

    @cached_property
    def next_view(self) -> Integers:
        """When the next page was viewed."""
        return self.leaving.views.first(self.attempts, self.begun, later=True)

    @cached_property
    def exit(self) -> Integers:
        """When the page was left, by its own exit; NEVER where none was told before the next view."""
        found = self.leaving.exits.first(self.attempts, self.begun)
        return np.where(found <= self.next_view, found, NEVER)

    @cached_property
    def lengths(self) -> Integers:
        """How long the stays are, in milliseconds."""
        ends = [self.next_view, self.exit, self.gone_on, self.until, self.begun + LONGEST]
        if self.leaving.excluded:
            ends.append(self.leaving.excluded.first(self.attempts, self.begun, later=True))
        lengths: Integers = np.minimum.reduce(ends) - self.begun
        return lengths

    @cached_property
    def looked_at(self) -> Integers:
        """How long each is looked at: as long as it lasted, and as the one of its rank among the others did."""
        lengths = self.lengths.copy()
        for side in (self.left, ~self.left):
            own, others = np.flatnonzero(side), np.sort(self.lengths[~side])
            if len(own) and len(others):
                ranked = own[np.argsort(self.lengths[own], kind="stable")]
                same_rank = (2 * np.arange(len(own)) + 1) * len(others) // (2 * len(own))
                lengths[ranked] = np.minimum(self.lengths[ranked], others[same_rank])
        return lengths

    def saw(self, moments: Moments) -> Flags:
        """Returns to whom something happened while they were looked at."""
        happened: Flags = moments.first(self.attempts, self.begun) - self.begun <= self.looked_at
        return happened

    def measured(self, moments: Moments) -> Flags:
        """Returns of whose page an exit tells something, whenever the page was left."""
        exits = moments.first(self.attempts, self.begun)
        found: Flags = (exits != NEVER) & (exits <= self.next_view)
        return found

    @property
    def ended_the_visit(self) -> Flags:
        """Who left the page by its exit, and neither viewed another nor went on within half an hour."""
        found: Flags = (self.exit != NEVER) & (np.minimum(self.next_view, self.gone_on) - self.exit > LONGEST)
        return found
