"""From attempts to the figures of each step."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from footfall.figures import percentage
from footfall.funnels.engine import Attempts
from footfall.schemas.funnel import DEVICES, FunnelBreakdown, FunnelStep


def on_device(attempts: Attempts, device: str) -> Attempts:
    """The attempts that began on one device."""
    return attempts.only(attempts.devices == DEVICES.index(device))


def reached_each(attempts: Attempts, steps: int) -> list[int]:
    """How many attempts reached each step."""
    ended_at = np.bincount(attempts.reached, minlength=steps + 1)
    return [int(users) for users in ended_at[::-1].cumsum()[::-1][1:]]


def step_figures(attempts: Attempts, names: Sequence[str]) -> list[FunnelStep]:
    """The figures of each step, money left out."""
    users = reached_each(attempts, len(names))
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
            **_durations(seconds_to(attempts, number)),
            revenue=None,
        )
        for number, name in enumerate(names)
    ]


def seconds_to(attempts: Attempts, number: int) -> NDArray[np.float64]:
    """What each attempt that reached a step took to get there from the step before; nothing for the first step."""
    chosen = (attempts.reached > number) & (number > 0)
    taken: NDArray[np.float64] = (attempts.times[number, chosen] - attempts.times[number - 1, chosen]) / 1000
    return taken


def _durations(seconds: NDArray[np.float64]) -> dict[str, float | None]:
    if not len(seconds):
        return {"avg_seconds": None, "median_seconds": None, "p90_seconds": None}
    median, p90 = np.percentile(seconds, [50, 90])
    figures = {"avg_seconds": seconds.mean(), "median_seconds": median, "p90_seconds": p90}
    return {name: round(float(value), 3) for name, value in figures.items()}


def breakdowns(attempts: Attempts, names: Sequence[str]) -> list[FunnelBreakdown]:
    """The figures by the device that an attempt began on, largest first; devices that nobody began on are left out."""
    parts = [(device, step_figures(on_device(attempts, device), names)) for device in DEVICES]
    return [
        FunnelBreakdown(value=device, steps=steps, overall_conversion_rate=steps[-1].conversion_rate)
        for device, steps in sorted(parts, key=lambda part: -part[1][0].users)
        if steps[0].users
    ]
