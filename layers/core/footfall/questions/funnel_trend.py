"""The question how a funnel goes over time: one funnel for each period, and the periods where a rate broke."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from footfall.days import Period, PeriodName, periods_of
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.anomalies import Anomaly, Kind, find_anomalies
from footfall.funnels.columns import Entered
from footfall.funnels.engine import Limits
from footfall.funnels.following import ordered
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Remembered
from footfall.questions.funnel_entries import entries
from footfall.questions.funnel_periods import in_periods
from footfall.questions.funnel_query import FunnelQuery, FunnelSelection
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.stores.keys import FUNNEL
from footfall.stores.mongo import answering

MOST_FIGURES = 20_000
"""Steps in all periods together, each some 160 bytes of the 6 MB that an answer may have."""


class TrendQuestion(FunnelSelection):
    """How far people come in each day, week or month."""

    period: PeriodName = Field(default="day", description="Weeks begin on Monday")


class Mark(BaseModel):
    """A step's rate that is, from a period on or in it alone, another than it was, beyond chance."""

    date: date
    rate: float = Field(description="Step conversion rate of the period, in percent", examples=[20.1])
    expected_rate: float = Field(
        description="The rate that it had before, of a `spike` around it, as it is on this weekday, in percent",
        examples=[80.0],
    )
    level_rate: float | None = Field(
        description="The rate from a `shift` to the next one, in percent; null for a `spike`", examples=[19.8]
    )
    deviation: float = Field(
        description="How sure it is: what is compared, the period or the level that begins with it, is as improbable by"
        " chance as so many standard deviations of the normal distribution; negative for a fall",
        examples=[-11.4],
    )
    kind: Literal["shift", "spike"] = Field(
        description="`shift`: the rate stayed there, and this is the first period in which most of it shows;"
        " `spike`: it did not, or not yet"
    )


class TrendAnomaly(Mark):
    """A mark, and which step's rate it is of."""

    step: str = Field(description="The step that the rate is of")
    step_before: str = Field(description="The step before it")


class TrendStep(BaseModel):
    """One step in one period."""

    name: str = Field(description="The step, as it was asked for")
    order: int = Field(description="Its place in the funnel, from 1")
    users: int = Field(description="Distinct people who reached it in the period")
    conversion_rate: float = Field(description="Of those who entered the funnel, in percent")
    step_conversion_rate: float = Field(description="Of those who reached the step before, in percent")
    anomaly: Literal["shift", "spike"] | None = Field(description="Set where the step conversion rate is marked")


class TrendPeriod(BaseModel):
    """The funnel of one day, week or month by itself: only what happened on its days."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First day of the period that lies in the range")
    last: date = Field(alias="last_date", description="Its last day in the range, counted")
    steps: list[TrendStep]
    overall_conversion_rate: float = Field(
        description="Those who reached the last step, of those who reached the first, in percent"
    )


class TrendAnswer(RangeAnswer):
    """A funnel over time. Each period equals the answer of /api/funnel for its days."""

    funnel: str | None = Field(description="The funnel's name; null for a question's own `steps`")
    period: PeriodName = Field(description="What each item of `data` covers")
    data: list[TrendPeriod]
    anomalies: list[TrendAnomaly] = Field(
        description="Where a step conversion rate broke. A rate that is constant is marked in fewer than one of twenty"
        " series, whatever the counts; weekdays are compared with like weekdays; weeks and months that are only partly"
        " in the range are not compared, nor is a change of less than a twentieth of the rate"
    )


_answers = Remembered(FUNNEL, TrendAnswer)


@_answers.or_last
@answering()
def answer(site_id: str, question: TrendQuestion) -> TrendAnswer:
    """Returns the funnel of each period; raises NotFound, Unavailable, or Invalid, also for too many to answer."""
    with rollups_of(site_id) as rollups:
        query = FunnelQuery.of(rollups, question)
        _check_size(query, question.period)
        return _answers.remember(query.asked(question), lambda: ADDED_UP.answer(rollups, question))


def _check_size(query: FunnelQuery, period: PeriodName) -> None:
    steps = len(query.funnel.steps)
    if sum(1 for _ in periods_of(query.days, period)) * steps <= MOST_FIGURES:
        return
    most = MOST_FIGURES // steps
    raise Invalid(
        [FieldProblem("period", f"too many for one answer: ask by week or month, or for at most {most:,} {period}s")]
    )


class _Users(NamedTuple):
    # how many people reached each step in each period
    reached: NDArray[np.int64]


def _about_nobody(rollups: Rollups, question: TrendQuestion) -> TrendAnswer:
    query = FunnelQuery.of(rollups, question)
    names = query.funnel.steps
    found = TrendAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        period=question.period,
        data=[_period(period, [0] * len(names), names, {}) for period in periods_of(query.days, question.period)],
        anomalies=[],
    )
    return query.counted(found)


def _sums(rollups: Rollups, question: TrendQuestion) -> _Users:
    query = FunnelQuery.of(rollups, question)
    periods = list(periods_of(query.days, question.period))
    return _Users(np.array(_users(entries(query), periods, question.window), np.int64))


def _answered(question: TrendQuestion, about_nobody: TrendAnswer, sums: _Users) -> TrendAnswer:
    periods = list(periods_of(about_nobody.range.days, question.period))
    names = [step.name for step in about_nobody.data[0].steps]
    users = sums.reached.tolist()
    found = _found(periods, users, question.period)
    data = [
        _period(period, row, names, found.get(index, {}))
        for index, (period, row) in enumerate(zip(periods, users, strict=True))
    ]
    anomalies = [
        _anomaly(periods[index], names, number, one)
        for index, of_steps in sorted(found.items())
        for number, one in of_steps.items()
    ]
    return about_nobody.model_copy(update={"data": data, "anomalies": anomalies})


def _found(
    periods: Sequence[Period], users: Sequence[Sequence[int]], period: PeriodName
) -> dict[int, dict[int, Anomaly]]:
    # by the place of the period, and then by that of the step
    found: dict[int, dict[int, Anomaly]] = {}
    for number in range(1, len(users[0])):
        for anomaly in find_anomalies(_counts(periods, users, number), period, periods[0].first.weekday()):
            found.setdefault(anomaly.index, {})[number] = anomaly
    return found


def _counts(periods: Sequence[Period], users: Sequence[Sequence[int]], number: int) -> list[tuple[int, int]]:
    # the days of a part of a week are not like those of a whole one
    pairs = zip(periods, users, strict=True)
    return [(row[number - 1], row[number]) if period.whole else (0, 0) for period, row in pairs]


def _users(entered: Entered, periods: Sequence[Period], window: int | None) -> list[list[int]]:
    # how many people reached each step in each period, each period being a funnel of its own
    cut = in_periods(entered, [(period.last - period.first).days + 1 for period in periods])
    attempts = ordered(cut.entered.steps, entered.timeline, Limits(window))
    return cut.reached_each(attempts, len(periods))


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
    return TrendAnomaly(date=period.first, step=names[number], step_before=names[number - 1], **marked(found))


class Marked(TypedDict):
    """What is said of a mark; rates in percent."""

    rate: float
    expected_rate: float
    level_rate: float | None
    deviation: float
    kind: Kind


def marked(found: Anomaly) -> Marked:
    """Returns what answers say of a mark."""
    return Marked(
        rate=round(100 * found.rate, 2),
        expected_rate=round(100 * found.expected, 2),
        level_rate=None if found.level is None else round(100 * found.level, 2),
        deviation=round(found.deviation, 1),
        kind=found.kind,
    )


ADDED_UP = AddedUp(TrendQuestion, TrendAnswer, _Users, _about_nobody, _sums, _answered)
