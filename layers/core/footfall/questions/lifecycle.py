"""The question at which stage people are: new, returning, resurrecting or dormant, in each period of a range."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pyroaring import BitMap

from footfall.days import DayRange, Period, PeriodName, beginning_of, periods_of
from footfall.questions.active_people import ActivePeople, ever_before, is_complete
from footfall.questions.added_up import AddedUp
from footfall.questions.filters import Filtered
from footfall.questions.range import Range, RangeAnswer
from footfall.retention.activity import Stages, stages
from footfall.rollups import Rollups, rollups_of
from footfall.stores.mongo import answering


class LifecycleQuestion(Filtered):
    """By which periods, and of whom."""

    period: PeriodName = Field(default="day", description="Weeks begin on Monday")


class LifecyclePeriod(BaseModel):
    """The stages of one period. `new`, `returning` and `resurrecting` are together `users`; `returning` and `dormant`
    are together the `users` of the period before."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First day of the period that lies in the range")
    last: date = Field(alias="last_date", description="Its last day in the range, counted")
    users: int = Field(description="People who were there", examples=[410])
    new: int = Field(
        description="Of them, those who never were before, whatever the filters; of bots that are counted, those who"
        " were not since the period before the range",
        examples=[120],
    )
    returning: int = Field(description="Those who were in the period before", examples=[230])
    resurrecting: int = Field(description="Those who were earlier, and not in the period before", examples=[60])
    dormant: int = Field(description="Those who were there in the period before and not in this one", examples=[95])
    complete: bool = Field(
        description="Whether all days of the period are in the range and over: of one that is not, who is dormant may"
        " still come"
    )


class Lifecycle(RangeAnswer):
    """At which stage people are. Before the first period of the range comes the whole one before it."""

    period: PeriodName = Field(description="What each item of `data` covers")
    data: list[LifecyclePeriod] = Field(description="Every period of the range, in order")


@answering()
def answer(site_id: str, question: LifecycleQuestion) -> Lifecycle:
    """Returns the stages of each period; raises NotFound, Unavailable, or Invalid, also for too many events."""
    with rollups_of(site_id) as rollups:
        return ADDED_UP.answer(rollups, question)


class _Active(NamedTuple):
    # who is counted in each period, in the one before the first, and at all; who was ever there before them
    counted: dict[int, BitMap]
    before: BitMap
    everybody: dict[int, BitMap]
    known: BitMap


def _about_nobody(rollups: Rollups, question: LifecycleQuestion) -> Lifecycle:
    days = question.days_of(rollups)
    data = [
        _period(period, 0, Stages(0, 0, 0, 0), complete=is_complete(period, rollups, days))
        for period in periods_of(days, question.period)
    ]
    found = Lifecycle(range=Range.of(days), complete_to=None, period=question.period, data=data)
    return found.counted_to(ActivePeople.of(rollups, question).complete_to(days))


def _sums(rollups: Rollups, question: LifecycleQuestion) -> _Active:
    days, people = question.days_of(rollups), ActivePeople.of(rollups, question)
    periods = list(periods_of(days, question.period))
    before, *counted = _in_each(people, [_before(days, question.period), *periods], days)
    everybody = counted
    if people.narrowed:
        everybody = _in_each(ActivePeople(rollups, None, {}), periods, days)
    return _Active(dict(enumerate(counted)), before, dict(enumerate(everybody)), ever_before(rollups, days.first))


def _answered(question: LifecycleQuestion, about_nobody: Lifecycle, sums: _Active) -> Lifecycle:
    pairs = [(sums.counted[number], sums.everybody[number]) for number in range(len(sums.counted))]
    periods = periods_of(about_nobody.range.days, question.period)
    found = zip(periods, about_nobody.data, pairs, stages(sums.known, sums.before, pairs), strict=True)
    data = [_period(period, len(ours), stage, complete=day.complete) for period, day, (ours, _), stage in found]
    return about_nobody.model_copy(update={"data": data})


def _before(days: DayRange, by: PeriodName) -> Period:
    # the whole period before the range's first
    last = beginning_of(days.first, by) - timedelta(days=1)
    return Period(beginning_of(last, by), last, whole=True)


def _in_each(people: ActivePeople, periods: Sequence[Period], days: DayRange) -> list[BitMap]:
    first = periods[0].first
    by_day = people.by_day(DayRange(first, days.last, days.zone))
    return [BitMap.union(*by_day[(period.first - first).days : (period.last - first).days + 1]) for period in periods]


def _period(period: Period, users: int, stage: Stages, *, complete: bool) -> LifecyclePeriod:
    return LifecyclePeriod(first=period.first, last=period.last, users=users, complete=complete, **stage._asdict())


ADDED_UP = AddedUp(LifecycleQuestion, Lifecycle, _Active, _about_nobody, _sums, _answered)
