"""From attempts to their totals, and from totals to the figures of each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from footfall.funnels.engine import Attempts, Coded, Integers, Timeline
from footfall.funnels.totals import Counted, Totals, Values
from footfall.funnels.value import Brought
from footfall.rates import percentage

MILLISECONDS = 1_000
HALF_OF_A_TIME = 20


class Bought(NamedTuple):
    """What each attempt's person bought: what the orders amount to, and what was left after refunds, in minor units."""

    totals: Integers
    net: Integers


@dataclass(frozen=True)
class Summary:
    """Attempts at so many steps, and what they come to."""

    steps: int
    attempts: Attempts
    timeline: Timeline

    def told(self, dimension: str, step: int) -> Coded:
        """Returns what is told of each attempt at a step, from 0, or at the last that it reached, -1.

        Of an attempt that did not reach the step it is an empty text.
        """
        at = self.attempts.reached - 1 if step < 0 else np.full(len(self.attempts.reached), step)
        those = np.flatnonzero(at < self.attempts.reached)
        told = self.timeline.told_at(dimension, self.attempts.places[at[those], those])
        codes = np.full(len(at), len(told.texts), np.int64)
        codes[those] = told.codes
        return Coded([*told.texts, ""], codes)

    def totals(self, groups: Sequence[Values], group: Integers, bought: Bought | None = None) -> Totals:
        """Returns the totals of the attempts, each of which is in one of the groups, by its place."""
        sizes = self.steps + 1
        cells = group * sizes + self.attempts.reached
        ended = np.bincount(cells, minlength=len(groups) * sizes).reshape(-1, sizes)
        times = [self._times(number, group) for number in range(1, self.steps)]
        if bought is None:
            return Totals(groups, ended, times)
        some = np.flatnonzero(bought.net)
        amounts = np.zeros(len(groups) * sizes, np.int64)
        np.add.at(amounts, cells, bought.totals)
        net = Counted.of(cells[some], bought.net[some])
        return Totals(groups, ended, times, amounts.reshape(-1, sizes), net)

    def _times(self, number: int, group: Integers) -> Counted:
        # what a step took from the one before
        times, places = self.timeline.times, self.attempts.places
        who = np.flatnonzero(self.attempts.reached > number)
        return Counted.of(group[who], times[places[number, who]] - times[places[number - 1, who]])


class StepFigures(NamedTuple):
    """How many attempts reached one step, its `order` from 1, and how fast from the step before; rates in percent."""

    name: str
    order: int
    users: int
    conversion_rate: float
    step_conversion_rate: float
    drop_off: int
    drop_off_rate: float
    avg_seconds: float | None
    median_seconds: float | None
    p90_seconds: float | None


def step_figures(names: Sequence[str], totals: Totals, group: int) -> list[StepFigures]:
    """Returns the figures of each step for one group."""
    users = [int(users) for users in totals.ended[group, ::-1].cumsum()[::-1][1:]]
    before = [users[0], *users]
    took = [Durations(), *(durations(times.of_group(group)) for times in totals.times)]
    return [
        StepFigures(
            name=name,
            order=number + 1,
            users=users[number],
            conversion_rate=percentage(users[number], users[0]),
            step_conversion_rate=percentage(users[number], before[number]),
            drop_off=before[number] - users[number],
            drop_off_rate=percentage(before[number] - users[number], before[number]),
            **took[number]._asdict(),
        )
        for number, name in enumerate(names)
    ]


def brought(totals: Totals, net: Counted, group: int, order: int) -> Brought:
    """Returns what was left after refunds of the orders of those of a group who reached a step, from 1."""
    first = group * (totals.steps + 1)
    some = net.where(slice(*np.searchsorted(net.groups, [first + order, first + totals.steps + 1])))
    amounts, counts = some.numbers.tolist(), some.counts.tolist()
    each = list(zip(amounts, counts, strict=True))  # of Python's whole numbers, which have no largest
    people = int(totals.ended[group, order:].sum())
    return Brought(people, sum(a * n for a, n in each), sum(a * a * n for a, n in each))


class Durations(NamedTuple):
    """What something took on average, at most of half, and of nine in ten; None where nobody did it."""

    avg_seconds: float | None = None
    median_seconds: float | None = None
    p90_seconds: float | None = None


def durations(times: Counted) -> Durations:
    """Returns what it took, from the milliseconds that it took each of one group, rounded to milliseconds."""
    if not len(times.numbers):
        return Durations()
    until = times.counts.cumsum()
    count = int(until[-1])
    mean = _sum(times) / (count * MILLISECONDS)
    figures = mean, _percentile(times.numbers, until, 0.5), _percentile(times.numbers, until, 0.9)
    return Durations(*(round(figure, 3) for figure in figures))


def _sum(times: Counted) -> int:
    # in two halves, neither of which outgrows 64 bits
    high, low = times.numbers >> HALF_OF_A_TIME, times.numbers & (2**HALF_OF_A_TIME - 1)
    return (int((high * times.counts).sum()) << HALF_OF_A_TIME) + int((low * times.counts).sum())


def _percentile(ascending: Integers, until: Integers, share: float) -> float:
    # between the two nearest values, in proportion; `until` so many is each value the next
    place = share * (int(until[-1]) - 1)
    nearest = [int(place), min(int(place) + 1, int(until[-1]) - 1)]
    below, above = ascending[np.searchsorted(until, nearest, "right")] / MILLISECONDS
    return float(below + (above - below) * (place % 1))
