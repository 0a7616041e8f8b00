"""Figures beside those of earlier days."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, Field

from footfall.days import Compare, DayRange
from footfall.questions.range import Range
from footfall.rates import percentage

DESCRIPTION = (
    "With which earlier days to compare: `previous`, as many just before; `weekdays`, the nearest whole weeks before"
    " that have none of these days, so that Mondays meet Mondays; `year`, the same dates a year before, and"
    " for 29 February the 28th. Of a range of more than a year the two overlap"
)


class Compared(BaseModel):
    """A figure of earlier days, and by how many percent it has changed since; null where there is none."""

    previous: float | None = Field(description="The figure of the earlier days")
    change: float | None = Field(
        description="By how many percent it has changed since, of what it was without its sign; null where it was"
        " nothing"
    )

    @classmethod
    def of(cls, now: float | None, before: float | None) -> "Compared":
        """Returns a figure's comparison with what it was before."""
        change = percentage(now - before, abs(before)) if before and now is not None else None
        return cls(previous=before, change=change)


Figures = dict[str, Compared]


def compared(now: BaseModel, before: BaseModel | None) -> Figures:
    """Returns every figure of a model beside that of an earlier one, or beside nothing."""
    earlier: Mapping[str, float | None] = before.model_dump() if before else {}
    return {name: Compared.of(value, earlier.get(name)) for name, value in now.model_dump().items()}


def is_told(days: DayRange, began: date | None) -> bool:
    """Returns whether a site whose figures begin on a day can tell of these: they are not all before it."""
    return began is not None and began <= days.last


class RangeComparison(BaseModel):
    """Every figure of a range beside that of the earlier days; each is null where these are before any data."""

    compare: Compare = Field(description="What was asked for")
    range: Range
    first_with_data: date | None = Field(
        description="The first day that has figures, where it is among the earlier days and not the first of them:"
        " these are then told by a part of them alone"
    )
    figures: Figures

    @classmethod
    def of(
        cls, compare: Compare, earlier: DayRange, began: date | None, now: BaseModel, before: BaseModel
    ) -> "RangeComparison":
        """Returns what an answer says of earlier days, of a site whose figures begin on the day `began`."""
        told = is_told(earlier, began)
        return cls(
            compare=compare,
            range=Range.of(earlier),
            first_with_data=began if began and earlier.first < began <= earlier.last else None,
            figures=compared(now, before if told else None),
        )
