"""The range of days that a question is about, and what every answer says of it."""

from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from footfall.days import Day, DayRange, zone_named
from footfall.errors import FieldProblem, Invalid
from footfall.rollups import Rollups

DEFAULT_DAYS = 30
MAX_DAYS = 3_660


class RangeQuestion(BaseModel):
    """The parameters of every question about a range of days; one that is not known here is refused by name."""

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
        """Returns the days asked for; raises Invalid when they end before they begin or are more than ten years."""
        last = self.to or max(last_with_data, self.from_ or last_with_data)
        first = self.from_ or last - timedelta(days=DEFAULT_DAYS - 1)
        if last < first:
            raise Invalid([FieldProblem("to", "is before `from`")])
        if (last - first).days >= MAX_DAYS:
            raise Invalid([FieldProblem("from", f"is more than {MAX_DAYS} days before `to`")])
        return DayRange(first, last, zone)

    def days_of(self, rollups: Rollups) -> DayRange:
        """Returns the days asked for of a site; raises Invalid as `days` does."""
        return self.days(self.to or rollups.last_day(), zone_named(rollups.site.time_zone))

    def dated(self, rollups: Rollups) -> Self:
        """Returns the same question, which names the days that it asks of a site; raises Invalid as `days` does."""
        days = self.days_of(rollups)
        return self.model_copy(update={"from_": days.first, "to": days.last})


class Range(BaseModel):
    """The local days that an answer covers, both ends counted."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(description="First day, counted", alias="from", examples=["2015-01-01"])
    last: date = Field(description="Last day, counted", alias="to", examples=["2015-04-30"])
    time_zone: str = Field(description="IANA name of the site's time zone", examples=["Europe/London"])

    @classmethod
    def of(cls, days: DayRange) -> "Range":
        """Returns what an answer says of the days it covers."""
        return cls(first=days.first, last=days.last, time_zone=days.zone.key)

    @property
    def days(self) -> DayRange:
        """The same days."""
        return DayRange(self.first, self.last, zone_named(self.time_zone))


class RangeAnswer(BaseModel):
    """An answer about a range of days."""

    range: Range
    complete_to: datetime | None = Field(
        description="The watermark: every event that was taken (answered 202) before this moment is in the figures,"
        " unless it was quarantined; it moves on with the rollups. Null before the first, and while all days are done"
        " anew",
        examples=["2026-11-21T12:05:00Z"],
    )
    answered_at: datetime | None = Field(
        default=None,
        description="Null, as the answer is of now; while a store does not answer, the last answer may be given, and"
        " this is when it was made",
    )

    def counted_to(self, moment: datetime | None) -> Self:
        """Returns the answer with this watermark, which moves on while the answer stays in the cache."""
        return self.model_copy(update={"complete_to": moment})
