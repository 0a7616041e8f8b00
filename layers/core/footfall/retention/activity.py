"""How often people are there, and at which stage they are, from who was there on each day."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

WEEK, MONTH = 7, 30
"""Days of the windows that weekly and monthly active people are counted in, the day itself among them."""


class DayActivity(NamedTuple):
    """How many people were there on a day, in the seven days that end with it, and in the thirty."""

    daily: int
    weekly: int
    monthly: int


class Stages(NamedTuple):
    """People of one period: `new` were never there before, `returning` were in the period before, `resurrecting` were
    before that one; `dormant` were there in the period before and are not in this one."""

    new: int
    returning: int
    resurrecting: int
    dormant: int


def rolling(days: Sequence[BitMap], first: int) -> list[DayActivity]:
    """Returns who was there by the day, week and month, of the days from place `first` on."""
    last_there = np.full(_most(days) + 1, -MONTH, np.int32)
    found = []
    for number, people in enumerate(days):
        last_there[_numbers(people)] = number
        if number >= first:
            weekly, monthly = (int(np.count_nonzero(last_there > number - window)) for window in (WEEK, MONTH))
            found.append(DayActivity(len(people), weekly, monthly))
    return found


def days_there(days: Iterable[BitMap]) -> list[int]:
    """Returns how many people were there on exactly 1, 2, 3 … of the days, as far as anybody was."""
    known = list(days)
    counts = np.zeros(_most(known) + 1, np.int32)
    for people in known:
        counts[_numbers(people)] += 1
    by_days: list[int] = np.bincount(counts)[1:].tolist()
    return by_days


def stages(known: BitMap, before: BitMap, periods: Iterable[tuple[BitMap, BitMap]]) -> Iterator[Stages]:
    """Yields the stages of each period, of which both who is counted and everybody who was there are given.

    `known` are those who were ever there before the first period, `before` those counted in the period before it. New,
    returning and resurrecting are all who are counted; returning and dormant all who were in the period before.
    """
    known = known | before
    for people, everybody in periods:
        new, back = people - known, people & known
        returning = back.intersection_cardinality(before)
        yield Stages(len(new), returning, len(back) - returning, len(before) - returning)
        known |= people | everybody
        before = people


def _most(days: Iterable[BitMap]) -> int:
    return max((people.max() for people in days if people), default=0)


def _numbers(people: BitMap) -> NDArray[np.uint32]:
    return np.frombuffer(people.to_array(), np.uint32)
