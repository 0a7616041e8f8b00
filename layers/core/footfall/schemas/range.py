"""What every analytic answer says of the days it covers."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


class Range(BaseModel):
    """The local days that an answer covers, both ends counted."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from", examples=["2015-01-01"])
    last: date = Field(alias="to", examples=["2015-04-30"])
    time_zone: str = Field(description="IANA name of the site's time zone", examples=["Europe/London"])


class Answer(BaseModel):
    """An answer about a range of days."""

    range: Range
    complete_to: datetime | None = Field(
        description="The watermark: what was processed before this moment is counted; null while not all is rolled up",
        examples=["2026-11-21T12:05:00Z"],
    )
