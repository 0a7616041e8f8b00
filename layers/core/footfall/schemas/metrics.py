"""Daily figures as stored, and the answers of the metrics routes. Money in answers is in major units of `currency`."""

from datetime import date, datetime
from typing import Literal, TypedDict

from pydantic import BaseModel, Field

from footfall.schemas.funnel import Device
from footfall.schemas.range import Answer


class DeviceDay(TypedDict):
    """What happened on one device on one day; `people` is a roaring bitmap of dense user ids."""

    people: bytes
    visitors: int
    page_views: int
    sessions: int
    bounces: int
    session_seconds: float
    conversions: int


class SourceDay(TypedDict):
    """Sessions of one day by where they came from."""

    source: str
    sessions: int
    conversions: int


class PageDay(TypedDict):
    """Views of one page on one day."""

    page: str
    views: int


class Buyers(TypedDict):
    """The orders of a day as columns: dense user ids (32 bits) and totals in minor units (64 bits), little-endian."""

    people: bytes
    totals: bytes


class StaleDay(TypedDict):
    """One document of `stale_days`: a local day whose figures must be recomputed; `token` changes with every mark."""

    _id: str
    site_id: str
    date: str
    token: object


class DayReading(TypedDict):
    """A local day, and when the events of its figures began to be read."""

    date: str
    read_at: datetime


class DayToken(DayReading):
    """What tells whether a day was recomputed: `token` changes whenever it is."""

    token: str


class DayFiguresDocument(DayToken):
    """A day's figures, as the dashboard reads them; money in minor units of `currency`."""

    visitors: int
    page_views: int
    sessions: int
    bounces: int
    session_seconds: float
    conversions: int
    orders: int
    revenue: int
    refunds: int
    currency: str
    by_device: dict[Device, DeviceDay]
    sources: list[SourceDay]
    pages: list[PageDay]


class DayDocument(DayFiguresDocument):
    """One document of `daily_metrics`: a local day of a site, bots left out; money in minor units of `currency`.

    Sessions belong to the day they began. `orders` were placed on this day; `revenue` is theirs before refunds, as far
    as it is in `currency`; `refunds` belong to orders first refunded on this day. `pages` keeps the day's thousand most
    viewed. `token` changes with every recompute; `read_at` is when its events began to be read.
    """

    _id: str
    site_id: str
    definition: str
    buyers: Buyers


class DeviceFigures(BaseModel):
    """One device's part. A person seen on two devices counts on both."""

    device: Device
    users: int
    sessions: int
    page_views: int
    bounce_rate: float = Field(examples=[41.5])
    avg_session_seconds: float


class DayFigures(BaseModel):
    """One local day."""

    date: date
    users: int = Field(description="Distinct people of this day; days do not add up to a range's `total_users`")
    sessions: int
    page_views: int
    bounce_rate: float
    avg_session_seconds: float
    orders: int
    revenue: float
    refunds: float


class DropOffPoint(BaseModel):
    """A step after which people left, in one of the site's funnels."""

    funnel: str = Field(examples=["default"])
    from_step: str = Field(examples=["home"])
    to_step: str = Field(examples=["search"])
    drop_off: int = Field(description="People who reached the one and not the other", examples=[45200])
    drop_off_rate: float = Field(examples=[50.0])


class PageFigures(BaseModel):
    """One page, by its path, or by its type where it came without a path."""

    page: str
    views: int


class SourceFigures(BaseModel):
    """Where sessions came from; `direct` is nowhere in particular."""

    source: str
    sessions: int
    conversions: int = Field(description="Sessions with an order")


class SentimentDistribution(BaseModel):
    """Feedback by its label. No text is labelled yet, so all three are 0 until a sentiment model is published."""

    positive: int = 0
    neutral: int = 0
    negative: int = 0


class Dashboard(Answer):
    """A shop at a glance. Rates in percent with two decimals, 0 where there is nothing to divide by."""

    total_users: int = Field(description="Distinct people over the range", examples=[90400])
    total_sessions: int = Field(description="Sessions that began in the range")
    page_views: int
    bounce_rate: float = Field(description="Sessions of one page view and no interaction, of all sessions")
    avg_session_seconds: float
    overall_conversion_rate: float = Field(
        description="People who went through the site's first funnel, of those who entered it: as /api/funnel gives it",
        examples=[0.5],
    )
    orders: int
    revenue: float = Field(description="Orders placed in the range, before refunds, guests included")
    refunds: float = Field(description="Refunds of orders first refunded in the range")
    currency: str = Field(examples=["GBP"])
    by_device: list[DeviceFigures]
    top_drop_off_points: list[DropOffPoint] = Field(description="The five that lose most people")
    daily: list[DayFigures] = Field(description="Every day of the range, in order")
    sentiment_distribution: SentimentDistribution
    top_pages: list[PageFigures] = Field(description="The ten most viewed")
    top_sources: list[SourceFigures] = Field(description="The ten with most sessions")


class BusinessFigures(BaseModel):
    """What the shop's customers and orders amount to at the end of a day, since the beginning.

    A customer is a known person with an order of more than nothing; guests are counted apart. Money is in major units
    of the site's currency; orders in other currencies are left out.
    """

    total_customers: int = Field(description="Known people who ever ordered", examples=[4338])
    active_customers: int = Field(description="Those who ordered in the last 30 days of data")
    churn_rate: float = Field(
        description="Customers whose last order is more than 90 days before the last day of data, in percent"
    )
    total_revenue: float = Field(description="Orders of customers, before refunds", examples=[8911407.9])
    guest_revenue: float = Field(description="Orders of people the shop does not know, before refunds")
    refunds: float = Field(description="Everything given back, to customers and guests, also for orders never seen")
    orders: int = Field(description="Orders of customers and guests")
    average_order_value: float = Field(description="`total_revenue` and `guest_revenue` per order")
    high_value_customers: int | None = Field(description="In the RFM segments Champions and Loyal, as last trained")
    at_risk_customers: int | None = Field(description="In the RFM segments At Risk and Cannot Lose, as last trained")
    predicted_clv: float | None = Field(default=None, description="Null until a lifetime value model is published")
    avg_clv: float | None = Field(default=None, description="Null until a lifetime value model is published")


class Compared(BaseModel):
    """A figure at the earlier day, and by how many percent it has changed since; null where there is none."""

    previous: float | None
    change: float | None


class Comparison(BaseModel):
    """Every figure against an earlier day. RFM segments are not kept over time, so they have no earlier figure."""

    compare: Literal["previous", "year"]
    as_of: date
    figures: dict[str, Compared]


class BusinessMetrics(BusinessFigures, Answer):
    """The figures at the end of the last day with an order or refund; `range` goes from the first such day."""

    currency: str = Field(examples=["GBP"])
    comparison: Comparison | None = Field(description="Only with `compare`")
