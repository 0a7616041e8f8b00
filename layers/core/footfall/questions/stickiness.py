"""The question how often people are there: by day, week and month, and on how many days of the range."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import BaseModel, Field
from pyroaring import BitMap

from footfall.days import DayRange, Period
from footfall.errors import FieldProblem, Invalid
from footfall.questions.active_people import ActivePeople, is_complete
from footfall.questions.added_up import AddedUp
from footfall.questions.filters import Filtered
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.retention.activity import MONTH, DayActivity, days_there, rolling
from footfall.rollups import Rollups, rollups_of
from footfall.stores.mongo import answering

MOST_DAYS = 1_000


class StickinessQuestion(Filtered):
    """Over which days, and of whom."""


class StickinessDay(BaseModel):
    """Who was there on a day, and in the days that end with it."""

    date: date
    daily_users: int = Field(description="People who were there on this day", examples=[310])
    weekly_users: int = Field(description="In the seven days that end with it", examples=[1702])
    monthly_users: int = Field(description="In the thirty days that end with it", examples=[5480])
    daily_of_weekly: float = Field(description="`daily_users` of `weekly_users`, in percent", examples=[18.21])
    daily_of_monthly: float = Field(description="`daily_users` of `monthly_users`, in percent", examples=[5.66])
    complete: bool = Field(description="Whether the day is over")


class DaysThere(BaseModel):
    """Those who were there on so many days of the range."""

    days: int = Field(description="On exactly so many days", examples=[2])
    users: int = Field(description="How many people", examples=[912])
    share: float = Field(description="The same of all `users`, in percent", examples=[14.3])


class Stickiness(RangeAnswer):
    """How often people are there. Means are of the days that are over."""

    users: int = Field(description="Distinct people over the range", examples=[6377])
    avg_daily_users: float = Field(description="Mean of `daily_users`", examples=[294.1])
    avg_weekly_users: float = Field(description="Mean of `weekly_users`", examples=[1650.4])
    avg_monthly_users: float = Field(description="Mean of `monthly_users`", examples=[5391.7])
    daily_of_weekly: float = Field(description="The mean of a day of that of a week, in percent", examples=[17.82])
    daily_of_monthly: float = Field(description="The mean of a day of that of a month, in percent", examples=[5.45])
    data: list[StickinessDay] = Field(description="Every day of the range, in order")
    days_there: list[DaysThere] = Field(description="From one day to as many as anybody was there on")


@answering()
def answer(site_id: str, question: StickinessQuestion) -> Stickiness:
    """Returns how often people are there; raises NotFound, Unavailable, or Invalid, also for too many days."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        if len(days) > MOST_DAYS:
            raise Invalid([FieldProblem("from", f"is more than {MOST_DAYS} days before `to`")])
        return ADDED_UP.answer(rollups, question)


class _Active(NamedTuple):
    # who was there, by the day's place from the first that is looked at
    days: dict[int, BitMap]


BEFORE = MONTH - 1
"""So many days before the range are looked at."""


def _about_nobody(rollups: Rollups, question: StickinessQuestion) -> Stickiness:
    days = question.days_of(rollups)
    data = [
        _day(day, DayActivity(0, 0, 0), complete=is_complete(Period(day, day, whole=True), rollups, days))
        for day in days
    ]
    complete_to = ActivePeople.of(rollups, question).complete_to(days)
    return _stickiness(Range.of(days), data, [BitMap()]).counted_to(complete_to)


def _sums(rollups: Rollups, question: StickinessQuestion) -> _Active:
    days = question.days_of(rollups)
    looked_at = DayRange(days.first - timedelta(days=BEFORE), days.last, days.zone)
    return _Active(dict(enumerate(ActivePeople.of(rollups, question).by_day(looked_at))))


def _answered(_question: StickinessQuestion, about_nobody: Stickiness, sums: _Active) -> Stickiness:
    by_day = [sums.days[number] for number in range(len(sums.days))]
    found = zip(about_nobody.data, rolling(by_day, BEFORE), strict=True)
    data = [_day(day.date, active, complete=day.complete) for day, active in found]
    return _stickiness(about_nobody.range, data, by_day[BEFORE:]).counted_to(about_nobody.complete_to)


def _day(day: date, active: DayActivity, *, complete: bool) -> StickinessDay:
    return StickinessDay(
        date=day,
        daily_users=active.daily,
        weekly_users=active.weekly,
        monthly_users=active.monthly,
        daily_of_weekly=percentage(active.daily, active.weekly),
        daily_of_monthly=percentage(active.daily, active.monthly),
        complete=complete,
    )


def _stickiness(range_: Range, data: Sequence[StickinessDay], by_day: Sequence[BitMap]) -> Stickiness:
    over = [day for day in data if day.complete]
    daily, weekly, monthly = (
        sum(day.daily_users for day in over),
        sum(day.weekly_users for day in over),
        sum(day.monthly_users for day in over),
    )
    users = len(BitMap.union(*by_day))
    return Stickiness(
        range=range_,
        complete_to=None,
        users=users,
        avg_daily_users=_mean(daily, len(over)),
        avg_weekly_users=_mean(weekly, len(over)),
        avg_monthly_users=_mean(monthly, len(over)),
        daily_of_weekly=percentage(daily, weekly),
        daily_of_monthly=percentage(daily, monthly),
        data=list(data),
        days_there=[
            DaysThere(days=number, users=people, share=percentage(people, users))
            for number, people in enumerate(days_there(by_day), 1)
        ],
    )


def _mean(total: int, days: int) -> float:
    return round(total / days, 2) if days else 0.0


ADDED_UP = AddedUp(StickinessQuestion, Stickiness, _Active, _about_nobody, _sums, _answered)
