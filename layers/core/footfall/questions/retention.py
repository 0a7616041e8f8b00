"""The question who comes back: cohorts by when somebody did something first, and how many of each did so again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from pyroaring import BitMap

from footfall.days import DayRange, Period, PeriodName, periods_of
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.steps import Reading, any_of
from footfall.questions.active_people import VISITS, ActivePeople, is_complete, is_visit
from footfall.questions.added_up import AddedUp
from footfall.questions.event_rows import dimensions_named, joined, narrowed
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import MAX_STEP_LENGTH, StepsQuery, conditions_of
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.read_rows import Read, read_rows
from footfall.questions.session_columns import stacked
from footfall.questions.step_names import check_name
from footfall.questions.sums import added
from footfall.rates import percentage
from footfall.retention.cohorts import (
    Cohorts,
    Happened,
    Integers,
    Returns,
    Triangle,
    averages,
    averages_by,
    returns,
    triangle,
    triangle_of,
)
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
        return ADDED_UP.answer(rollups, question)


class _Averaged(NamedTuple):
    # people, and of each number of periods after the first event what `averages` tells of it
    users: int
    people: Integers
    returned: Integers


class _Sums(NamedTuple):
    whole: Triangle
    values: dict[str, _Averaged]


@dataclass(frozen=True)
class _Table:
    # the periods of the range, and how many columns their triangle has
    rollups: Rollups
    days: DayRange
    question: RetentionQuestion
    periods: list[Period]
    width: int

    @classmethod
    def of(cls, rollups: Rollups, question: RetentionQuestion) -> "_Table":
        days = question.days_of(rollups)
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

    @property
    def of_visits(self) -> bool:
        # whether days tell it: events do where they are read of a part of the people
        question = self.question
        by_name = not question.first == question.returning == question.breakdown is None
        return self.people.from_figures and not by_name and self.rollups.part is None

    @property
    def people(self) -> ActivePeople:
        return ActivePeople.of(self.rollups, self.question)

    @property
    def complete_to(self) -> datetime | None:
        return self.people.complete_to(self.days) if self.of_visits else self.rollups.received_to


def _about_nobody(rollups: Rollups, question: RetentionQuestion) -> RetentionAnswer:
    table = _Table.of(rollups, question)
    nothing = [0] * table.width
    cohorts = [_cohort(period, 0, nothing, table.complete[number:]) for number, period in enumerate(table.periods)]
    return RetentionAnswer(
        range=Range.of(table.days),
        complete_to=table.complete_to,
        period=question.period,
        first=question.first,
        returning=question.returning,
        users=0,
        cohorts=cohorts,
        averages=[],
        breakdowns=[],
    )


def _cohort(period: Period, size: int, returned: Sequence[int], complete: Sequence[bool]) -> RetentionCohort:
    cells = [
        RetentionCell(period=after, users=users, rate=percentage(users, size), complete=is_whole)
        for after, (users, is_whole) in enumerate(zip(returned, complete, strict=False))
    ]
    return RetentionCohort(first=period.first, last=period.last, users=size, periods=cells)


def _answered(question: RetentionQuestion, about_nobody: RetentionAnswer, sums: _Sums) -> RetentionAnswer:
    complete = [cohort.periods[0].complete for cohort in about_nobody.cohorts]
    periods = periods_of(about_nobody.range.days, question.period)
    found = enumerate(zip(periods, sums.whole.sizes.tolist(), sums.whole.returned.tolist(), strict=True))
    cohorts = [_cohort(period, size, returned, complete[number:]) for number, (period, size, returned) in found]
    whole = [_average(after, *counts) for after, counts in enumerate(averages(sums.whole, complete))]
    listed = [_breakdown(value, counts) for value, counts in _largest(sums.values)]
    return about_nobody.model_copy(
        update={
            "users": int(sums.whole.sizes.sum()),
            "cohorts": cohorts,
            "averages": whole,
            "breakdowns": sorted(listed, key=lambda part: -part.users),
        }
    )


def _average(after: int, people: int, returned: int) -> RetentionAverage:
    return RetentionAverage(period=after, users=people, returned=returned, rate=percentage(returned, people))


def _largest(values: Mapping[str, _Averaged]) -> list[tuple[str, _Averaged]]:
    # those with most people, and beyond them all as `other`
    ranked = sorted(values.items(), key=lambda each: (-each[1].users, each[0]))
    others = [counts for _, counts in ranked[MOST_VALUES:]]
    return [*ranked[:MOST_VALUES], *([(OTHER, added(others))] if others else [])]


def _breakdown(value: str, counts: _Averaged) -> RetentionBreakdown:
    pairs = zip(counts.people.tolist(), counts.returned.tolist(), strict=True)
    found = [_average(after, *pair) for after, pair in enumerate(pairs)]
    return RetentionBreakdown(value=value, users=counts.users, averages=found)


def _sums(rollups: Rollups, question: RetentionQuestion) -> _Sums:
    table = _Table.of(rollups, question)
    return _of_visits(table) if table.of_visits else _of_events(table)


def _of_visits(table: _Table) -> _Sums:
    by_day = table.people.by_day(table.days)
    ends = pairwise([*table.starts, len(by_day)])
    return _Sums(triangle_of([BitMap.union(*by_day[begin:end]) for begin, end in ends], table.width), {})


@dataclass(frozen=True)
class _FirstAndReturning(Reading):
    # the names of both are its steps; one that is empty, as no event is called, is any visit

    def places(self, event: NamedEvent) -> frozenset[int]:
        visits = {place for place, name in enumerate(self.steps) if not name and is_visit(event)}
        return super().places(event) | visits

    def condition(self) -> dict[str, object]:
        return {"$or": [any_of([name]) if name else VISITS for name in self.steps]}


def _of_events(table: _Table) -> _Sums:
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
    by_value = [_by_value(table, name, read, cohorts, found) for name in told]
    return _Sums(whole, by_value[0] if by_value else {})


def _happened(table: _Table, read: Read, group: int) -> Happened:
    ours = [(rows, places) for rows, places in zip(read.rows, read.places, strict=True) if group in rows.steps]
    days = stacked(rows.days for rows, _ in ours)
    return Happened(
        stacked(rows.people for rows, _ in ours),
        np.searchsorted(table.starts, days, "right") - 1,
        stacked(places for _, places in ours),
    )


def _by_value(table: _Table, name: str, read: Read, cohorts: Cohorts, found: Returns) -> dict[str, _Averaged]:
    column = joined([rows.told[name] for rows in read.rows if FIRST in rows.steps])
    used, codes = np.unique(column.codes[cohorts.events], return_inverse=True)
    counts = averages_by(cohorts, found, table.complete, table.width, codes, len(used))
    each = zip(used.tolist(), *(line.tolist() for line in counts[:1]), *counts[1:], strict=True)
    return {column.texts[code]: _Averaged(users, people, returned) for code, users, people, returned in each}


ADDED_UP = AddedUp(RetentionQuestion, RetentionAnswer, _Sums, _about_nobody, _sums, _answered)
