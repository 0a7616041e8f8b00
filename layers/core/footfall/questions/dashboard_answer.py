"""What is asked and told of a shop at a glance. Money in answers is in major units of `currency`."""

from datetime import date

from pydantic import BaseModel, Field

from footfall.days import Compare
from footfall.questions.breakdown import Breakdown
from footfall.questions.comparison import DESCRIPTION, RangeComparison
from footfall.questions.drop_offs import DropOffPoint
from footfall.questions.figures import Currency, NetRevenueIfTold, Orders, RefundsIfTold, Revenue
from footfall.questions.filters import Filtered
from footfall.questions.key_figures import KeyFigures
from footfall.questions.left_out import LeftOut
from footfall.questions.range import RangeAnswer
from footfall.questions.sentiment_figures import SentimentDistribution
from footfall.schemas.funnel import Device

MOST_LETTERS = 64


class DashboardQuestion(Filtered):
    """Over which days, of whom, what to compare the key figures with, and by which dimension besides."""

    compare: Compare | None = Field(default=None, description=DESCRIPTION)
    breakdown: str | None = Field(
        default=None,
        max_length=MOST_LETTERS,
        description="Also by a dimension, one of `/api/dimensions`",
        examples=["source"],
    )


class DeviceFigures(BaseModel):
    """One device's part. A person seen on two devices counts on both."""

    device: Device
    users: int = Field(description="Distinct people over the range")
    sessions: int = Field(description="Sessions that began in the range")
    page_views: int = Field(description="On this device")
    bounce_rate: float = Field(description="Sessions that bounced, of all, in percent", examples=[41.5])
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")


class DayFigures(BaseModel):
    """One local day."""

    date: date
    users: int = Field(description="Distinct people of this day; days do not add up to a range's `total_users`")
    sessions: int = Field(description="Sessions that began on this day")
    page_views: int = Field(description="Of this day")
    bounce_rate: float = Field(description="Sessions that bounced, of all, in percent")
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")
    orders: Orders
    revenue: Revenue
    refunds: RefundsIfTold
    net_revenue: NetRevenueIfTold


class PageFigures(BaseModel):
    """One page, by its path, or by its type where it came without a path."""

    page: str = Field(description="Its path, or its type")
    views: int = Field(description="How often it was seen in the range")


class SourceFigures(BaseModel):
    """Where sessions came from; `direct` when no source is known."""

    source: str = Field(description="Where they came from")
    sessions: int = Field(description="Sessions that began in the range")
    conversions: int = Field(description="Sessions that an order came of, wherever it was told")


class Dashboard(LeftOut, KeyFigures, RangeAnswer):
    """A shop at a glance: what happened in the range. Rates in percent, 0 where there is nothing to divide by.

    Orders belong to the day they were placed on. With filters, people and page views are of the events that pass, and
    sessions those that pass by what they and their people are, and by what events alone have if one on their first day
    does. `orders` and `revenue` are then those that came of these sessions, on the day each session began, whenever the
    orders were placed; `refunds`, `net_revenue` and `sentiment_distribution` are null, and no order is left out. So it
    is where bots are included.
    """

    currency: Currency
    by_device: list[DeviceFigures]
    top_drop_off_points: list[DropOffPoint] = Field(description="The five that lose most people")
    daily: list[DayFigures] = Field(description="Every day of the range, in order")
    sentiment_distribution: SentimentDistribution | None
    top_pages: list[PageFigures] = Field(description="The ten most viewed")
    top_sources: list[SourceFigures] = Field(description="The ten with most sessions")
    breakdown: Breakdown | None = Field(description="Only with `breakdown`")
    comparison: RangeComparison | None = Field(description="The key figures beside earlier ones; only with `compare`")
