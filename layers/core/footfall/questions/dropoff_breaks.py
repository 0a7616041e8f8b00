"""Since when people leave a funnel where they did not before: breaks of each step's rate, of all and by device."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
from pydantic import Field

from footfall.funnels.anomalies import find_anomalies
from footfall.funnels.columns import Entered
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


Breaks = Mapping[int, Sequence[DropoffBreak]]


def breaks(query: FunnelQuery, question: FunnelModes, entered: Entered) -> Breaks | None:
    """Returns the breaks of each step but the first, by its place from 1; None for more days than are looked at."""
    days = list(query.days)
    if len(days) * len(query.funnel.steps) > MOST_FIGURES:
        return None
    found: defaultdict[int, list[DropoffBreak]] = defaultdict(list)
    for device, users in _by_device(question, entered, len(days)):
        for number in range(1, len(query.funnel.steps)):
            series = [(row[number - 1], row[number]) for row in users]
            found[number + 1] += _found(series, days, device)
    return found


def _found(series: Sequence[tuple[int, int]], days: Sequence[date], device: Device | None) -> Iterator[DropoffBreak]:
    begin = 0
    for one in find_anomalies(series, "day", days[0].weekday()):
        before = None
        if one.kind == "shift":
            could, did = (sum(counts) for counts in zip(*series[begin : one.index], strict=True))
            begin, before = one.index, percentage(did, could)
        yield DropoffBreak(date=days[one.index], device=device, rate_before=before, **marked(one))


def _by_device(
    question: FunnelModes, entered: Entered, days: int
) -> Iterator[tuple[Device | None, Sequence[Sequence[int]]]]:
    # how many reached each step on each day, each day being a funnel of its own; by device where there are several
    cut = in_periods(entered, [1] * days)
    attempts = followed(cut.entered, question)
    yield None, cut.reached_each(attempts, days)
    devices = cut.entered.told("device", attempts, 0).codes
    there = np.unique(devices)
    for device in there if len(there) > 1 else ():
        yield DEVICES[device], cut.reached_each(attempts, days, devices == device)
