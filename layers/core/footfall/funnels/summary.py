"""From attempts to the figures of each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Attempts, Codes, Indices, Integers, Timeline
from footfall.rates import percentage
from footfall.schemas.funnel import DEVICES, FunnelStep

Seconds = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """What attempts come to: all together, and by the device each began on."""

    names: Sequence[str]
    attempts: Attempts
    timeline: Timeline

    def steps(self) -> list[FunnelStep]:
        """The figures of each step for everybody, money left out."""
        users = reached_each(self.attempts.reached, len(self.names))
        return step_figures(self.names, users, [seconds for seconds, _ in self._taken])

    def steps_by_device(self) -> dict[str, list[FunnelStep]]:
        """The figures of each step for those who began on each device, money left out."""
        devices, taken = self.devices(), self._taken
        return {
            device: step_figures(
                self.names,
                reached_each(self.attempts.reached[devices == code], len(self.names)),
                [seconds[devices[who] == code] for seconds, who in taken],
            )
            for code, device in enumerate(DEVICES)
        }

    def devices(self) -> Codes:
        """The device that each attempt began on."""
        began_on: Codes = self.timeline.devices[self.attempts.places[0]]
        return began_on

    @cached_property
    def _taken(self) -> list[tuple[Seconds, Indices]]:
        """For each step, what it took from the step before, and whom; nobody for the first."""
        times, places = self.timeline.times, self.attempts.places
        taken = []
        for number in range(len(self.names)):
            who = np.flatnonzero(self.attempts.reached > number) if number else np.zeros(0, np.intp)
            seconds = (times[places[number, who]] - times[places[number - 1, who]]) / 1000
            taken.append((seconds, who))
        return taken


def reached_each(reached: Integers, steps: int) -> list[int]:
    """How many attempts reached each step."""
    ended_at = np.bincount(reached, minlength=steps + 1)
    return [int(users) for users in ended_at[::-1].cumsum()[::-1][1:]]


def step_figures(names: Sequence[str], users: Sequence[int], seconds: Sequence[Seconds]) -> list[FunnelStep]:
    """The figures of each step, from how many reached it and what it took each of them from the step before."""
    before = [users[0], *users]
    return [
        FunnelStep(
            name=name,
            order=number + 1,
            users=users[number],
            conversion_rate=percentage(users[number], users[0]),
            step_conversion_rate=percentage(users[number], before[number]),
            drop_off=before[number] - users[number],
            drop_off_rate=percentage(before[number] - users[number], before[number]),
            **_durations(seconds[number]),
            revenue=None,
        )
        for number, name in enumerate(names)
    ]


def _durations(seconds: Seconds) -> dict[str, float | None]:
    if not len(seconds):
        return {"avg_seconds": None, "median_seconds": None, "p90_seconds": None}
    ascending = np.sort(seconds)
    figures = {
        "avg_seconds": ascending.mean(),
        "median_seconds": _percentile(ascending, 0.5),
        "p90_seconds": _percentile(ascending, 0.9),
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def _percentile(ascending: Seconds, share: float) -> float:
    """Between the two nearest values, in proportion: as np.percentile, which takes much longer to begin."""
    place = share * (len(ascending) - 1)
    below, above = ascending[int(place)], ascending[min(int(place) + 1, len(ascending) - 1)]
    return float(below + (above - below) * (place % 1))
