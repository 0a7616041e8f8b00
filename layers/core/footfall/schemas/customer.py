"""A customer: a person the shop knows by an id of its own, and who has placed at least one order with a price.

Customers as stored, and the answers of the customers routes. Money in answers is in major units of `currency`.
"""

from datetime import date, datetime
from typing import TypedDict

from pydantic import BaseModel, Field

from footfall.schemas.order import OrderStatus


class RfmFields(TypedDict):
    """What the model `rfm` writes on a customer: scores from 1 to 5, 5 being best, and the segment they amount to."""

    recency_score: int
    frequency_score: int
    monetary_score: int
    rfm_score: str
    rfm_segment: str


class BehaviourSegmentFields(TypedDict):
    """What the model `behaviour_segments` writes on a customer."""

    behaviour_segment: str


class ModelFields(RfmFields, BehaviourSegmentFields):
    """All that models write on a customer."""


class CustomerSegments(ModelFields):
    """Which segments a customer is in."""

    customer_id: str


class CustomerDocument(CustomerSegments):
    """One stored customer, as the training of `version` found them.

    `recency` in days from the last order to `as_of`, the site's last day with an order or refund; `frequency` counts
    orders with a positive total; `monetary` is the sum of their totals and `refunded` that of refunds, both in minor
    units of `currency`.
    """

    _id: str
    site_id: str
    recency: int
    frequency: int
    monetary: int
    refunded: int
    currency: str
    first_order_at: datetime
    last_order_at: datetime
    device: str
    as_of: str
    version: int


class Rfm(BaseModel):
    """How lately, how often and for how much somebody buys, as the last training found it.

    Each score is the fifth of all customers that somebody is in, 5 being best; equal values share a score.
    """

    recency: int = Field(description="Days from the last order to `as_of`", examples=[12])
    frequency: int = Field(description="Orders with a price", examples=[7])
    monetary: float = Field(description="What those orders amount to, before refunds", examples=[1250.5])
    refunded: float = Field(description="What was refunded of all orders", examples=[20.0])
    rfm_score: str = Field(description="Scores for recency, frequency and monetary value", examples=["545"])
    rfm_segment: str = Field(examples=["Champions"])
    behaviour_segment: str = Field(
        description="By how they shop, found by clustering", examples=["Frequent, big orders"]
    )
    as_of: date = Field(description="The last day with an order or refund when the models were trained")


class CustomerLine(Rfm):
    """One customer in a list."""

    customer_id: str = Field(examples=["12347"])
    currency: str = Field(examples=["GBP"])
    first_order_at: datetime
    last_order_at: datetime
    device: str = Field(description="The device most visits were made on", examples=["Mobile"])


class CustomersAnswer(BaseModel):
    """A page of the site's customers, as the last training found them."""

    customers: list[CustomerLine]
    total: int = Field(description="Customers that the filters let through", examples=[4338])
    page: int
    page_size: int
    total_pages: int


class Visits(BaseModel):
    """What is known of a person's visits; all zero for a customer who was never seen on the site itself."""

    sessions: int
    page_views: int
    average_seconds: float
    bounce_rate: float = Field(description="Sessions of one page view and nothing else, in percent")
    converted_sessions: int
    devices: dict[str, int] = Field(description="Sessions by device", examples=[{"Desktop": 3, "Mobile": 1}])
    first_seen: datetime | None
    last_seen: datetime | None


class CustomerOrder(BaseModel):
    """One order, or a refund whose order was never seen (`refund_only`)."""

    order_id: str
    placed_at: datetime | None
    refunded_at: datetime | None
    status: OrderStatus
    total: float
    refunded: float
    currency: str
    items: int = Field(description="Pieces ordered")
    products: list[str] = Field(description="Ids of the first ten products")


class OrdersSummary(BaseModel):
    """All orders as they stand now, of the site's currency; `recent` are the newest twenty in any currency."""

    count: int = Field(description="Orders with a price")
    total: float = Field(description="What they amount to, before refunds")
    refunded: float
    average_order_value: float
    recent: list[CustomerOrder]


class CustomerAnswer(BaseModel):
    """One customer: scores as of the last training, visits and orders as they stand now."""

    customer_id: str
    currency: str
    rfm: Rfm | None = Field(description="null for a customer who has come since the last training")
    sessions: Visits
    orders: OrdersSummary


class SegmentLine(BaseModel):
    """One segment of the site's customers."""

    name: str = Field(examples=["Champions"])
    description: str = Field(examples=["Bought lately, buy often and spend most"])
    customer_count: int
    share: float = Field(description="Of all customers, in percent")
    total_revenue: float = Field(description="What their orders amount to, before refunds")
    revenue_share: float = Field(description="Of all customers' revenue, in percent")
    avg_monetary: float = Field(description="Revenue per customer")
    avg_order_value: float
    avg_frequency: float = Field(description="Orders per customer")
    avg_recency: float = Field(description="Mean days since the last order")


class SegmentsAnswer(BaseModel):
    """Every segment, the one with most revenue first; a customer is in exactly one of each kind."""

    segment_type: str
    segments: list[SegmentLine]
    total_customers: int
    currency: str
    as_of: date | None = Field(description="null before the first training")
