"""The question who comes back: cohorts by when somebody did something first, and how many of each did so again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from pyroaring import BitMap

from footfall.days import DayRange, Period, PeriodName, periods_of
from footfall.dimensions import Dimension
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded
from footfall.funnels.steps import Reading, any_of
from footfall.questions.active_people import VISITS, ActivePeople, is_complete, is_visit
from footfall.questions.event_rows import dimensions_named, joined, narrowed
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import MAX_STEP_LENGTH, StepsQuery, conditions_of
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.read_rows import Read, read_rows
from footfall.questions.step_names import check_name
from footfall.rates import percentage
from footfall.retention.cohorts import Cohorts, Happened, Returns, Triangle, averages, returns, triangle, triangle_of
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.event import NamedEvent
from footfall.stores.mongo import answering

MOST_PERIODS = 60
MOST_COHORTS = 400
MOST_VALUES = 100
OTHER = "other"
FIRST, RETURNING = 0, 1


class RetentionQuestion(Filtered):
    """Who comes back to what, by which periods."""

    period: PeriodName = Field(default="day", description="Weeks begin on Monday")
    periods: int | None = Field(
        default=None,
        ge=1,
        le=MOST_PERIODS,
        description=f"How many periods cohorts are followed for; without it all of the range, at most {MOST_PERIODS}",
        examples=[12],
    )
    first: str | None = Field(
        default=None,
        max_length=MAX_STEP_LENGTH,
        description="What puts somebody in a cohort, by a name as steps of funnels have it, `a|b` being either: the"
        " first such event in the range; without it any visit",
        examples=["product_added"],
    )
    returning: str | None = Field(
        default=None,
        max_length=MAX_STEP_LENGTH,
        description="What somebody comes back to, by such a name; without it any visit",
        examples=["Order Completed"],
    )
    breakdown: str | None = Field(
        default=None, description="Also by a dimension, told by each person's first event", examples=["source"]
    )


class RetentionCell(BaseModel):
    """How many of a cohort came back in one period."""

    period: int = Field(description="How many periods after their first event; 0 is the same period", examples=[1])
    users: int = Field(description="People who came back in it", examples=[61])
    rate: float = Field(description="The same of all people of the cohort, in percent", examples=[18.54])
    complete: bool = Field(
        description="Whether all days of the period are in the range and over; what is not may still become more"
    )


class RetentionCohort(BaseModel):
    """Those whose first event was in one period."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First day of the period that lies in the range")
    last: date = Field(alias="last_date", description="Its last day in the range, counted")
    users: int = Field(description="How many people", examples=[329])
    periods: list[RetentionCell]


class RetentionAverage(BaseModel):
    """What cohorts have in common so many periods after their first event, weighted by their people."""

    period: int = Field(description="How many periods after their first event", examples=[1])
    users: int = Field(description="People of the cohorts of which this period is complete", examples=[2410])
    returned: int = Field(description="How many of them came back in it", examples=[460])
    rate: float = Field(description="The same in percent; 0 where no cohort is so old", examples=[19.09])


class RetentionBreakdown(BaseModel):
    """The same averages for the people of one value; nobody is in two of them."""

    value: str = Field(description="The value; beyond the hundred largest all others are `other`", examples=["google"])
    users: int = Field(description="How many people", examples=[806])
    averages: list[RetentionAverage]


class RetentionAnswer(RangeAnswer):
    """Who comes back. A person is in one cohort, by their first such event in the range, whoever was seen before it."""

    period: PeriodName = Field(description="What each cohort covers")
    first: str | None = Field(description="What puts somebody in a cohort; null for any visit")
    returning: str | None = Field(description="What somebody comes back to; null for any visit")
    users: int = Field(description="People in all cohorts", examples=[2739])
    cohorts: list[RetentionCohort] = Field(
        description="One for each period of the range. Somebody came back by an event at or after their first one:"
        " where both are the same, all did in period 0"
    )
    averages: list[RetentionAverage]
    breakdowns: list[RetentionBreakdown] = Field(description="The largest first; empty without `breakdown`")


@answering()
def answer(site_id: str, question: RetentionQuestion) -> RetentionAnswer:
    """Returns the cohorts; raises NotFound, Unavailable, or Invalid, also for too many cohorts or events."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        people = ActivePeople.of(rollups, question)
        table = _Table.of(rollups, days, question)
        if people.from_figures and question.first == question.returning == question.breakdown is None:
            return _of_visits(table, people).counted_to(people.complete_to(days))
        return _of_events(table).counted_to(rollups.received_to)


@dataclass(frozen=True)
class _Table:
    # the periods of the range, and how many columns their triangle has
    rollups: Rollups
    days: DayRange
    question: RetentionQuestion
    periods: list[Period]
    width: int

    @classmethod
    def of(cls, rollups: Rollups, days: DayRange, question: RetentionQuestion) -> "_Table":
        periods = list(periods_of(days, question.period))
        if len(periods) > MOST_COHORTS:
            message = f"there are more than {MOST_COHORTS}: ask by week or month, or for fewer days"
            raise Invalid([FieldProblem("period", message)])
        width = min(question.periods or MOST_PERIODS, len(periods) - 1) + 1
        return cls(rollups, days, question, periods, width)

    @property
    def complete(self) -> list[bool]:
        return [is_complete(period, self.rollups, self.days) for period in self.periods]

    @property
    def starts(self) -> list[int]:
        # the place of each period's first day in the range
        return [(period.first - self.days.first).days for period in self.periods]

    def answer(self, found: Triangle, breakdowns: Sequence[RetentionBreakdown]) -> RetentionAnswer:
        return RetentionAnswer(
            range=Range.of(self.days),
            complete_to=None,
            period=self.question.period,
            first=self.question.first,
            returning=self.question.returning,
            users=int(found.sizes.sum()),
            cohorts=[self._cohort(found, number) for number in range(len(self.periods))],
            averages=self.averages(found),
            breakdowns=list(breakdowns),
        )

    def averages(self, found: Triangle) -> list[RetentionAverage]:
        return [
            RetentionAverage(period=after, users=people, returned=returned, rate=percentage(returned, people))
            for after, (people, returned) in enumerate(averages(found, self.complete))
        ]

    def _cohort(self, found: Triangle, number: int) -> RetentionCohort:
        period, size = self.periods[number], int(found.sizes[number])
        returned = found.returned[number, : len(self.periods) - number].tolist()
        cells = [
            RetentionCell(period=after, users=users, rate=percentage(users, size), complete=complete)
            for after, (users, complete) in enumerate(zip(returned, self.complete[number:], strict=False))
        ]
        return RetentionCohort(first=period.first, last=period.last, users=size, periods=cells)


def _of_visits(table: _Table, people: ActivePeople) -> RetentionAnswer:
    by_day = people.by_day(table.days)
    ends = pairwise([*table.starts, len(by_day)])
    return table.answer(triangle_of([BitMap.union(*by_day[begin:end]) for begin, end in ends], table.width), [])


@dataclass(frozen=True)
class _FirstAndReturning(Reading):
    # the names of both are its steps; one that is empty, as no event is called, is any visit

    def places(self, event: NamedEvent) -> frozenset[int]:
        visits = {place for place, name in enumerate(self.steps) if not name and is_visit(event)}
        return super().places(event) | visits

    def condition(self) -> dict[str, object]:
        return {"$or": [any_of([name]) if name else VISITS for name in self.steps]}


def _of_events(table: _Table) -> RetentionAnswer:
    question, site = table.question, table.rollups.site
    for field, name in (("first", question.first), ("returning", question.returning)):
        if name is not None:
            check_name(field, site, name)
    reading = _FirstAndReturning([question.first or "", question.returning or ""])
    told = dimensions_named(site, [question.breakdown] if question.breakdown else [])
    query = StepsQuery(
        table.rollups,
        table.days,
        *narrowed(site, question),
        told,
        by_session=False,
        bots=question.bots == "include",
        reading=reading,
        conditions=conditions_of(site, reading),
    )
    read = read_rows(query)
    cohorts = Cohorts.of(_happened(table, read, FIRST))
    found = returns(cohorts, _happened(table, read, RETURNING))
    whole = triangle(cohorts, found, len(table.periods), table.width)
    return table.answer(whole, _breakdowns(table, told, read, cohorts, found))


def _happened(table: _Table, read: Read, group: int) -> Happened:
    ours = [rows for rows in read.rows if group in rows.steps]
    none = np.zeros(0, np.int64)
    begins = np.concatenate([[0], read.counted.cumsum()[:-1]])
    days = np.concatenate([none, *(rows.days for rows in ours)])
    return Happened(
        np.concatenate([none, *(rows.people for rows in ours)]),
        np.searchsorted(table.starts, days, "right") - 1,
        begins[days] + np.concatenate([none, *(rows.ranks for rows in ours)]),
    )


def _breakdowns(
    table: _Table, told: dict[str, Dimension], read: Read, cohorts: Cohorts, found: Returns
) -> list[RetentionBreakdown]:
    breakdowns = []
    for name in told:
        column = joined([rows.told[name] for rows in read.rows if FIRST in rows.steps])
        values = _largest(Coded(column.texts, column.codes[cohorts.events]))
        for code, value in enumerate(values.texts):
            part = triangle(cohorts, found, len(table.periods), table.width, values.codes == code)
            users = int(part.sizes.sum())
            breakdowns.append(RetentionBreakdown(value=value, users=users, averages=table.averages(part)))
    return sorted(breakdowns, key=lambda part: -part.users)


def _largest(told: Coded) -> Coded:
    # the values that somebody has, beyond the largest `other`
    codes: NDArray[np.int64]
    used, codes, counts = np.unique(told.codes, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    places = np.zeros(len(used), np.int64)
    places[order] = np.minimum(np.arange(len(used)), MOST_VALUES)
    texts = [told.texts[used[number]] for number in order[:MOST_VALUES]]
    return Coded([*texts, OTHER] if len(used) > MOST_VALUES else texts, places[codes])
