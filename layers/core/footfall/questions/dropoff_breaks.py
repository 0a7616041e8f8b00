"""Since when people leave a funnel where they did not before: breaks of each step's rate, of all and by device."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
from pydantic import Field

from footfall.days import DayRange
from footfall.funnels.anomalies import find_anomalies
from footfall.funnels.columns import Entered
from footfall.funnels.engine import Integers
from footfall.questions.funnel_attempts import followed
from footfall.questions.funnel_periods import in_periods
from footfall.questions.funnel_query import FunnelModes, FunnelQuery
from footfall.questions.funnel_trend import MOST_FIGURES, Mark, marked
from footfall.rates import percentage
from footfall.schemas.funnel import DEVICES, Device


class DropoffBreak(Mark):
    """A mark of the step's rate by day, as /api/funnel/trend has it."""

    device: Device | None = Field(
        description="On which device the rate is another; null where it is that of everybody together"
    )
    rate_before: float | None = Field(
        description="Of a `shift`, the rate from the one before it, or the first day, to the day before it, in percent;"
        " null for a `spike`",
        examples=[15.9],
    )


ALL = -1
"""What stands for all devices."""
Breaks = Mapping[int, Sequence[DropoffBreak]]


def too_many(days: DayRange, steps: int) -> bool:
    """Returns whether these are more days than are looked at."""
    return len(days) * steps > MOST_FIGURES


def breaks(reached: Mapping[int, Integers], days: Sequence[date]) -> Breaks:
    """Returns the breaks of each step but the first, by its place from 1, of what `reached_by_day` returns."""
    found: defaultdict[int, list[DropoffBreak]] = defaultdict(list)
    for device, users in _series(reached):
        for number in range(1, users.shape[1]):
            series = [(before, after) for before, after in users[:, number - 1 : number + 1].tolist()]
            found[number + 1] += _found(series, days, device)
    return found


def _series(reached: Mapping[int, Integers]) -> Iterator[tuple[Device | None, Integers]]:
    yield None, reached[ALL]
    devices = sorted(reached.keys() - {ALL})
    for device in devices if len(devices) > 1 else ():
        yield DEVICES[device], reached[device]


def _found(series: Sequence[tuple[int, int]], days: Sequence[date], device: Device | None) -> Iterator[DropoffBreak]:
    begin = 0
    for one in find_anomalies(series, "day", days[0].weekday()):
        before = None
        if one.kind == "shift":
            could, did = (sum(counts) for counts in zip(*series[begin : one.index], strict=True))
            begin, before = one.index, percentage(did, could)
        yield DropoffBreak(date=days[one.index], device=device, rate_before=before, **marked(one))


def reached_by_day(query: FunnelQuery, question: FunnelModes, entered: Entered) -> dict[int, Integers]:
    """Returns how many reached each step on each day, each day being a funnel of its own; nothing for too many days.

    It is told of ALL, and of each device by its place in DEVICES.
    """
    days = len(query.days)
    if too_many(query.days, len(query.funnel.steps)):
        return {}
    cut = in_periods(entered, [1] * days)
    attempts = followed(cut.entered, question)
    devices = entered.timeline.devices[attempts.places[0]] if len(attempts.people) else np.zeros(0, np.uint8)
    found = {ALL: cut.reached_each(attempts, days)}
    found |= {int(device): cut.reached_each(attempts, days, devices == device) for device in np.unique(devices)}
    return {device: np.array(users, np.int64) for device, users in found.items()}
