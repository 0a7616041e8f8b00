"""What trends of figures by day, week or month have in common."""

from collections.abc import Callable
from datetime import date
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from footfall.days import Compare, DayRange, Period, PeriodName, periods_of
from footfall.errors import FieldProblem, Invalid
from footfall.questions.cache import Asked
from footfall.questions.comparison import DESCRIPTION, Figures, RangeComparison, compared, is_told
from footfall.questions.range import RangeAnswer, RangeQuestion
from footfall.rollups import Rollups

MOST_PERIODS = 1_100
"""Three years of days; with a comparison each has about a kilobyte of the 6 MB that an answer may have."""
Found = TypeVar("Found", bound=BaseModel)


class PeriodsQuestion(RangeQuestion):
    """Over which days, by which periods, and what to compare them with."""

    period: PeriodName = Field(default="day", description="Weeks begin on Monday")
    compare: Compare | None = Field(default=None, description=DESCRIPTION)

    def asked(self, rollups: Rollups, days: DayRange) -> Asked:
        """Returns what a trend's answer is remembered by: which period is over changes with the day."""
        return Asked(rollups, days, self, earlier=True, also=rollups.today.isoformat())


class PeriodComparison(BaseModel):
    """The figures of a period beside those of earlier days; each is null where these are before any data."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First of the earlier days")
    last: date = Field(alias="last_date", description="The last of them, counted")
    figures: Figures


class PeriodPart(BaseModel):
    """Which days a period has in the range."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First day of the period that lies in the range")
    last: date = Field(alias="last_date", description="Its last day in the range, counted")
    whole: bool = Field(
        description="Whether the range has all of its days and they are over; else its sums are those of a part"
    )
    comparison: PeriodComparison | None = Field(
        description="Beside the days as far before these as those that the whole range is compared with; only with"
        " `compare`"
    )


class PeriodsAnswer(RangeAnswer):
    """Figures over time."""

    period: PeriodName = Field(description="What each item of `data` covers")
    comparison: RangeComparison | None = Field(
        description="`overall` beside the same of earlier days; only with `compare`"
    )


class Trend(NamedTuple, Generic[Found]):
    """Figures of a whole range and of its periods, each with what it is compared with."""

    overall: Found
    comparison: RangeComparison | None
    periods: list[tuple[PeriodPart, Found]]


def trend_of(
    rollups: Rollups, days: DayRange, question: PeriodsQuestion, figures: Callable[[list[DayRange]], list[Found]]
) -> Trend[Found]:
    """Returns the figures of a range and of its periods; raises Invalid for too many periods.

    `figures` gives those of some ranges: the first holds all others, and none begins before the one in front of it.
    """
    periods = _periods(days, question.period)
    spans = [days, *(DayRange(each.first, each.last, days.zone) for each in periods)]
    overall, *found = figures(spans)
    if question.compare is None:
        parts = [_part(rollups, each, None) for each in periods]
        return Trend(overall, None, list(zip(parts, found, strict=True)))
    earlier = [days.earlier_of(span, question.compare) for span in spans]
    before, began = figures(earlier), rollups.first_day()
    beside = [_beside(*each, began) for each in zip(earlier[1:], found, before[1:], strict=True)]
    parts = [_part(rollups, *each) for each in zip(periods, beside, strict=True)]
    comparison = RangeComparison.of(question.compare, earlier[0], began, overall, before[0])
    return Trend(overall, comparison, list(zip(parts, found, strict=True)))


def _periods(days: DayRange, period: PeriodName) -> list[Period]:
    periods = list(periods_of(days, period))
    if len(periods) > MOST_PERIODS:
        raise Invalid([FieldProblem("period", f"gives more than {MOST_PERIODS:,} periods; ask for longer ones")])
    return periods


def _beside(earlier: DayRange, now: BaseModel, before: BaseModel, began: date | None) -> PeriodComparison:
    figures = compared(now, before if is_told(earlier, began) else None)
    return PeriodComparison(first=earlier.first, last=earlier.last, figures=figures)


def _part(rollups: Rollups, period: Period, comparison: PeriodComparison | None) -> PeriodPart:
    whole = period.whole and period.last < rollups.today
    return PeriodPart(first=period.first, last=period.last, whole=whole, comparison=comparison)
