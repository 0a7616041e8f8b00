"""Figures for each value of a dimension: distinct people and page views of events, and what sessions amount to.

The values with most people are told apart; all others are counted together, so that thousands of values cost no more
than the events that have them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from footfall.breakdowns.columns import Activity, Integers, Visits
from footfall.funnels.engine import Coded, distinct

MOST_VALUES = 100
"""Values that are told apart; the largest answer has so many, and a day keeps so many of each dimension."""
PERSON_BITS = 32
LOW = 2**PERSON_BITS - 1


class Having(NamedTuple):
    """Which values sessions have: places of sessions, one of them perhaps several times, and the value at each."""

    places: Integers
    coded: Coded


class Figures(NamedTuple):
    """Figures of each value, at its place: `values` by most people, and if `cut` a last place for all others together.

    `people` are dense numbers; `events` have the value, also those that no figure of people counts. Of all others
    people are counted once, and everything else is added up.
    """

    values: list[str]
    cut: bool
    people: list[BitMap]
    events: Integers
    page_views: Integers
    sessions: Integers
    bounces: Integers
    milliseconds: Integers
    conversions: Integers
    orders: Integers
    revenue: Integers


SUMS = Figures._fields[3:]
"""The figures that are added up; people are counted once."""


def everywhere(coded: Coded) -> Having:
    """Returns the values of sessions that each have one."""
    return Having(np.arange(len(coded.codes), dtype=np.int64), coded)


def by_doing(does: Coded, begun: Integers) -> Having:
    """Returns the values that sessions have by events: those of events whose session's place is in `begun`, not -1."""
    those = begun >= 0
    return Having(begun[those], Coded(does.texts, does.codes[those]))


def figures(activity: Activity, does: Coded, visits: Visits, having: Having, most: int | None) -> Figures:
    """Returns the figures of every value that events (`does`) or sessions (`having`) have; of all without `most`."""
    texts, (acts, visited) = _together([does, having.coded])
    counted = activity.people >= 0
    people = distinct([_paired(acts[counted], activity.people[counted])])
    began = distinct([_paired(visited, having.places)])
    ends = np.searchsorted(people >> PERSON_BITS, np.arange(len(texts) + 1))
    events, sessions = _count(acts, texts), _count(began >> PERSON_BITS, texts)
    there = np.flatnonzero(events + sessions).tolist()
    many = np.diff(ends)
    kept = sorted(there, key=lambda code: (-many[code], texts[code]))[:most]
    cut = len(there) > len(kept)

    def summed(amounts: Integers) -> Integers:
        sums = np.zeros(len(texts), np.int64)
        np.add.at(sums, began >> PERSON_BITS, amounts[began & LOW])
        return folded(sums)

    def folded(column: Integers) -> Integers:
        others = [column.sum() - column[kept].sum()] if cut else []
        return np.concatenate([column[kept], np.array(others, np.int64)])

    return Figures(
        [texts[code] for code in kept],
        cut,
        _bitmaps((people & LOW).astype(np.uint32), ends.tolist(), kept, cut),
        folded(events),
        folded(_count(acts[activity.views & counted], texts)),
        folded(sessions),
        summed(visits.bounces),
        summed(visits.milliseconds),
        summed(visits.conversions),
        summed(visits.orders),
        summed(visits.revenue),
    )


def largest(found: Figures, most: int) -> Figures:
    """Returns the figures of the values with most people, and of all others together."""
    order = sorted(range(len(found.values)), key=lambda place: (-len(found.people[place]), found.values[place]))
    others = order[most:] + ([len(found.values)] if found.cut else [])
    groups = [[place] for place in order[:most]] + ([others] if others else [])
    return Figures(
        [found.values[place] for place in order[:most]],
        bool(others),
        [BitMap.union(*(found.people[place] for place in group)) for group in groups],
        *(np.array([column[group].sum() for group in groups], np.int64) for column in found[3:]),
    )


def _together(columns: Sequence[Coded]) -> tuple[list[str], list[Integers]]:
    # each column has texts of its own, some perhaps twice: here each has one place
    places: dict[str, int] = {}
    codes = []
    for coded in columns:
        ours = np.array([places.setdefault(text, len(places)) for text in coded.texts], np.int64)
        codes.append(ours[coded.codes] if len(coded.codes) else np.zeros(0, np.int64))
    return list(places), codes


def _paired(codes: Integers, numbers: Integers) -> Integers:
    return (codes << PERSON_BITS) | numbers


def _count(codes: Integers, texts: Sequence[str]) -> Integers:
    return np.bincount(codes, minlength=len(texts)).astype(np.int64)


def _bitmaps(people: NDArray[np.uint32], ends: Sequence[int], kept: Sequence[int], cut: bool) -> list[BitMap]:
    # people are sorted by code, those of each code between two ends
    found = [BitMap(people[ends[code] : ends[code + 1]]) for code in kept]
    if cut:
        left = np.ones(len(people), np.bool_)
        for code in kept:
            left[ends[code] : ends[code + 1]] = False
        found.append(BitMap(people[left]))
    return found
