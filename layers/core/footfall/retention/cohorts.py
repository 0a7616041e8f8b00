"""Cohorts: who did something for the first time in one period, and something again so many periods later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from footfall.funnels.engine import in_order

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Happened:
    """Events in any order: whose each is, in which period, and at which place in the order of time.

    No two events have one place.
    """

    people: Integers
    periods: Integers
    places: Integers


@dataclass(frozen=True)
class Cohorts:
    """Everybody in ascending order: in which period their first event was, at which place in time, and which it is."""

    people: Integers
    periods: Integers
    places: Integers
    events: Integers

    @classmethod
    def of(cls, first: Happened) -> "Cohorts":
        """Returns the cohorts that the first events of people put them in."""
        order = in_order(first.people, first.places)
        events = order[_begins(first.people[order])]
        return cls(first.people[events], first.periods[events], first.places[events], events)


class Returns(NamedTuple):
    """Who came back and how many periods after their first event, each once; `who` are places among the people."""

    who: Integers
    after: Integers


class Triangle(NamedTuple):
    """How many people each cohort has, and in `returned[cohort, n]` how many of them came back n periods later."""

    sizes: Integers
    returned: Integers


class Average(NamedTuple):
    """Of all cohorts whose n-th period is complete: their people, and how many of them came back in it."""

    people: int
    returned: int


def returns(cohorts: Cohorts, returning: Happened) -> Returns:
    """Returns who came back when: an event counts from the person's first one on, that one too if it is of both."""
    if not len(cohorts.people):
        return Returns(np.zeros(0, np.int64), np.zeros(0, np.int64))
    at = np.searchsorted(cohorts.people, returning.people)
    at[at == len(cohorts.people)] = 0
    theirs = (cohorts.people[at] == returning.people) & (returning.places >= cohorts.places[at])
    who, periods = at[theirs], returning.periods[theirs]
    width = int(periods.max(initial=0)) + 1
    pairs = np.sort(who * width + periods - cohorts.periods[who])
    found, after = np.divmod(pairs[_begins(pairs)], width)
    return Returns(found, after)


def triangle(cohorts: Cohorts, found: Returns, periods: int, width: int) -> Triangle:
    """Returns the triangle of so many periods and, with the cohorts' own, `width` columns."""
    ours = found.after < width
    cells = cohorts.periods[found.who[ours]] * width + found.after[ours]
    returned = np.bincount(cells, minlength=periods * width).reshape(periods, width)
    return Triangle(np.bincount(cohorts.periods, minlength=periods), returned)


def triangle_of(active: Sequence[BitMap], width: int) -> Triangle:
    """Returns the same of who was there in each period, where being there is both the first event and the returning."""
    sizes, returned = np.zeros(len(active), np.int64), np.zeros((len(active), width), np.int64)
    seen = BitMap()
    for number, people in enumerate(active):
        cohort = people - seen
        seen |= people
        sizes[number] = len(cohort)
        for after, later in enumerate(active[number : number + width]):
            returned[number, after] = cohort.intersection_cardinality(later)
    return Triangle(sizes, returned)


def averages(found: Triangle, complete: Sequence[bool]) -> list[Average]:
    """Returns what cohorts have in common, weighted by their people; `complete` says it of every period."""
    whole = np.array(complete, bool)
    sums = []
    for after in range(min(found.returned.shape[1], len(whole))):
        ours = np.flatnonzero(whole[after:])
        sums.append(Average(int(found.sizes[ours].sum()), int(found.returned[ours, after].sum())))
    return sums


class Averages(NamedTuple):
    """Of each of some groups its people, and by how many periods later what `averages` tells: people, returned."""

    users: Integers
    people: Integers
    returned: Integers


def averages_by(
    cohorts: Cohorts, found: Returns, complete: Sequence[bool], width: int, groups: Integers, count: int
) -> Averages:
    """Returns the averages of so many groups, of which `groups` says everybody's, with `width` columns."""
    periods = len(complete)
    # whether a cohort's period so many later is complete; none that is behind the last is
    places = np.arange(periods)[:, None] + np.arange(width)
    whole = np.append(np.array(complete, bool), False)[np.minimum(places, periods)]
    sizes = np.bincount(groups * periods + cohorts.periods, minlength=count * periods).reshape(count, periods)
    near = found.who[found.after < width], found.after[found.after < width]
    ours = whole[cohorts.periods[near[0]], near[1]]
    cells = groups[near[0][ours]] * width + near[1][ours]
    returned = np.bincount(cells, minlength=count * width).reshape(count, width)
    return Averages(sizes.sum(axis=1), sizes @ whole.astype(np.int64), returned)


def _begins(ascending: Integers) -> Flags:
    begins = np.ones(len(ascending), bool)
    begins[1:] = ascending[1:] != ascending[:-1]
    return begins
