"""The commonest journeys."""

from typing import NamedTuple

import numpy as np

from footfall.paths.journeys import NOTHING, Flags, Integers, Journeys


class Pattern(NamedTuple):
    """A journey's first steps, whether it goes on after them, and how many such there are and converted."""

    steps: tuple[int, ...]
    goes_on: bool
    journeys: int
    converted: int


class Patterns(NamedTuple):
    """How many different patterns there are, and the commonest of them."""

    number: int
    commonest: list[Pattern]


def patterns(journeys: Journeys, converted: Flags, length: int, most: int) -> Patterns:
    """Returns the commonest patterns, each of at most `length` steps, and how many journeys have them.

    `converted` says it of each journey. Equally common patterns are in the order of their steps' numbers.
    """
    everybody = np.arange(len(journeys))
    columns = [journeys.step(journeys.begins + number, everybody) for number in range(length + 1)]
    columns[-1] = np.minimum(columns[-1], 0)
    labels = np.zeros(len(journeys), np.int64)
    for column in columns:
        labels = _refined(labels, column)
    _, first, counts = np.unique(labels, return_index=True, return_counts=True)
    bought = np.bincount(labels[converted], minlength=len(first))
    commonest = [
        Pattern(
            tuple(step for column in columns[:-1] if (step := int(column[first[at]])) != NOTHING),
            bool(columns[-1][first[at]] != NOTHING),
            int(counts[at]),
            int(bought[at]),
        )
        for at in np.argsort(-counts, kind="stable")[:most]
    ]
    return Patterns(len(counts), commonest)


def _refined(labels: Integers, column: Integers) -> Integers:
    # journeys have one label that had one before and have the same next step; labels are in the order of the steps
    width = int(column.max(initial=0)) + 2
    refined: Integers = np.unique(labels * width + column + 1, return_inverse=True)[1]
    return refined
