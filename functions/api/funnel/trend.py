"""How a funnel went over time: one funnel for each period, and the periods where a rate broke."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
from footfall.days import DayRange
from footfall.funnels.anomalies import Anomaly, find_anomalies
from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import PERSON_BITS, Entries, distinct, ordered
from footfall.rates import percentage
from footfall.schemas.funnel import TrendAnomaly, TrendAnswer, TrendPeriod, TrendStep
from footfall.schemas.range import Range
from numpy.typing import NDArray

from . import queries
from .question import Asked, TrendQuestion


@dataclass(frozen=True)
class Period:
    """Days that are looked at together, both ends counted; clipped to the range."""

    first: date
    last: date


def trend(asked: Asked, question: TrendQuestion) -> TrendAnswer:
    """The answer to a question."""
    periods = list(_periods(asked.days, question.period))
    names = asked.funnel.steps
    users = _users(queries.entries(asked), periods, question.window)
    found = {
        (anomaly.index, number): anomaly
        for number in range(1, len(names))
        for anomaly in find_anomalies([(row[number - 1], row[number]) for row in users], question.period)
    }
    return TrendAnswer(
        range=Range(first=asked.days.first, last=asked.days.last, time_zone=asked.days.zone.key),
        complete_to=None,
        funnel=asked.funnel.name or None,
        period=question.period,
        data=[
            _period(period, row, names, {number: one for (at, number), one in found.items() if at == index})
            for index, (period, row) in enumerate(zip(periods, users, strict=True))
        ],
        anomalies=[_anomaly(periods[at], names, number, one) for (at, number), one in sorted(found.items())],
    )


def _periods(days: DayRange, period: str) -> Iterator[Period]:
    begins = {
        "day": lambda day: day,
        "week": lambda day: day - timedelta(days=day.weekday()),
        "month": lambda day: day.replace(day=1),
    }
    for _, group in groupby(days, begins[period]):
        found = list(group)
        yield Period(found[0], found[-1])


def _users(entered: Entered, periods: Sequence[Period], window: int | None) -> list[list[int]]:
    """How many people reached each step in each period, each period being a funnel of its own."""
    number_of_day = np.repeat(np.arange(len(periods)), [(period.last - period.first).days + 1 for period in periods])
    wide = [_person_in_period(step, number_of_day) for step in entered.steps]
    everybody = distinct(wide)
    steps = [
        Entries(np.searchsorted(everybody, people).astype(np.uint32), step.places)
        for step, people in zip(entered.steps, wide, strict=True)
    ]
    attempts = ordered(steps, entered.timeline, window)
    period = (everybody[attempts.people] >> PERSON_BITS).astype(np.int64)
    width = len(steps) + 1
    ended = np.bincount(period * width + attempts.reached, minlength=len(periods) * width).reshape(-1, width)
    reached: list[list[int]] = ended[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].tolist()
    return reached


def _person_in_period(step: DatedEntries, number_of_day: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Each entry's person and period as one number, the period in its upper half."""
    return (number_of_day[step.days].astype(np.uint64) << PERSON_BITS) | step.people


def _period(period: Period, users: Sequence[int], names: Sequence[str], found: dict[int, Anomaly]) -> TrendPeriod:
    before = [users[0], *users]
    steps = [
        TrendStep(
            name=name,
            order=number + 1,
            users=users[number],
            conversion_rate=percentage(users[number], users[0]),
            step_conversion_rate=percentage(users[number], before[number]),
            anomaly=found[number].kind if number in found else None,
        )
        for number, name in enumerate(names)
    ]
    return TrendPeriod(
        first=period.first, last=period.last, steps=steps, overall_conversion_rate=steps[-1].conversion_rate
    )


def _anomaly(period: Period, names: Sequence[str], number: int, found: Anomaly) -> TrendAnomaly:
    return TrendAnomaly(
        date=period.first,
        step=names[number],
        step_before=names[number - 1],
        rate=round(100 * found.rate, 2),
        expected_rate=round(100 * found.expected, 2),
        deviation=round(found.deviation, 1),
        kind=found.kind,
    )
