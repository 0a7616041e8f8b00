"""The range of days that a question is about."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from footfall.days import Day, DayRange
from footfall.errors import FieldProblem, Invalid

DEFAULT_DAYS = 30
MAX_DAYS = 3_660


class RangeQuestion(BaseModel):
    """The query parameters of every answer about a range of days; one that is not known here is refused by name."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Day | None = Field(
        default=None,
        alias="from",
        description="First day, counted, in the site's time zone; without it 29 days before the last.",
        examples=["2015-01-01"],
    )
    to: Day | None = Field(
        default=None,
        description="Last day, counted, in the site's time zone; without it the last day that has data.",
        examples=["2015-04-30"],
    )

    def days(self, last_with_data: date, zone: ZoneInfo) -> DayRange:
        """The days asked for; raises Invalid when they end before they begin or are more than ten years."""
        last = self.to or max(last_with_data, self.from_ or last_with_data)
        first = self.from_ or last - timedelta(days=DEFAULT_DAYS - 1)
        if last < first:
            raise Invalid([FieldProblem("to", "is before `from`")])
        if (last - first).days >= MAX_DAYS:
            raise Invalid([FieldProblem("from", f"is more than {MAX_DAYS} days before `to`")])
        return DayRange(first, last, zone)
