"""From attempts to the figures of each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Attempts, Coded, Indices, Integers, Timeline
from footfall.rates import percentage
from footfall.schemas.funnel import DEVICES

Seconds = NDArray[np.float64]


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


@dataclass(frozen=True)
class Summary:
    """What attempts come to: all together, and for groups of them."""

    names: Sequence[str]
    attempts: Attempts
    timeline: Timeline

    def steps(self) -> list[StepFigures]:
        """Returns the figures of each step for everybody."""
        users = reached_each(self.attempts.reached, len(self.names))
        return step_figures(self.names, users, [seconds for seconds, _ in self._taken])

    def steps_of(self, group: NDArray[np.bool_]) -> list[StepFigures]:
        """Returns the figures of each step for some of the attempts."""
        users = reached_each(self.attempts.reached[group], len(self.names))
        return step_figures(self.names, users, [seconds[group[who]] for seconds, who in self._taken])

    def told(self, dimension: str, step: int) -> Coded:
        """Returns what is told of each attempt at a step, from 0, or at the last that it reached, -1.

        Of an attempt that did not reach the step it is an empty text.
        """
        at = self.attempts.reached - 1 if step < 0 else np.full(len(self.attempts.reached), step)
        places = self.attempts.places[at, np.arange(len(at))] if len(at) else np.zeros(0, np.uint32)
        texts, codes = self._of_places(dimension)
        found = codes[np.where(at < self.attempts.reached, places, 0)] if len(at) else codes[:0]
        return Coded([*texts, ""], np.where(at < self.attempts.reached, found, len(texts)))

    def _of_places(self, dimension: str) -> Coded:
        if dimension in self.timeline.told:
            return self.timeline.told[dimension]
        return Coded(DEVICES, self.timeline.devices)

    @cached_property
    def _taken(self) -> list[tuple[Seconds, Indices]]:
        # for each step, what it took from the step before, and whom; nobody for the first
        times, places = self.timeline.times, self.attempts.places
        taken = []
        for number in range(len(self.names)):
            who = np.flatnonzero(self.attempts.reached > number) if number else np.zeros(0, np.intp)
            seconds = (times[places[number, who]] - times[places[number - 1, who]]) / 1000
            taken.append((seconds, who))
        return taken


def reached_each(reached: Integers, steps: int) -> list[int]:
    """Returns how many attempts reached each step."""
    ended_at = np.bincount(reached, minlength=steps + 1)
    return [int(users) for users in ended_at[::-1].cumsum()[::-1][1:]]


def step_figures(names: Sequence[str], users: Sequence[int], seconds: Sequence[Seconds]) -> list[StepFigures]:
    """Returns the figures of each step, from how many reached it and what it took each from the step before."""
    before = [users[0], *users]
    return [
        StepFigures(
            name=name,
            order=number + 1,
            users=users[number],
            conversion_rate=percentage(users[number], users[0]),
            step_conversion_rate=percentage(users[number], before[number]),
            drop_off=before[number] - users[number],
            drop_off_rate=percentage(before[number] - users[number], before[number]),
            **durations(seconds[number])._asdict(),
        )
        for number, name in enumerate(names)
    ]


class Durations(NamedTuple):
    """What something took on average, at most of half, and of nine in ten; None where nobody did it."""

    avg_seconds: float | None = None
    median_seconds: float | None = None
    p90_seconds: float | None = None


def durations(seconds: Seconds) -> Durations:
    """Returns what it took, from what it took each."""
    if not len(seconds):
        return Durations()
    ascending = np.sort(seconds)
    figures = ascending.mean(), _percentile(ascending, 0.5), _percentile(ascending, 0.9)
    return Durations(*(round(float(figure), 3) for figure in figures))


def _percentile(ascending: Seconds, share: float) -> float:
    # between the two nearest values, in proportion: as np.percentile, which takes much longer to begin
    place = share * (len(ascending) - 1)
    below, above = ascending[int(place)], ascending[min(int(place) + 1, len(ascending) - 1)]
    return float(below + (above - below) * (place % 1))
