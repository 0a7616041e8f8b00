"""A customer: a person the shop knows by an id of its own, and who has placed at least one order with a price."""

from datetime import datetime
from typing import Literal, TypedDict


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


RiskLevel = Literal["high", "medium", "low"]
"""How likely a customer is to leave."""


class Forecasts(TypedDict, total=False):
    """What models of churn and of lifetime value are to write on a customer; none does yet. Value in minor units."""

    churn_risk_level: RiskLevel
    predicted_clv: int


class ModelFields(RfmFields, BehaviourSegmentFields, Forecasts):
    """All that models write on a customer."""


class CustomerRfmSegment(TypedDict):
    """Which RFM segment a customer is in."""

    customer_id: str
    rfm_segment: str


class CustomerSegments(ModelFields):
    """Which segments a customer is in."""

    customer_id: str


class CustomerSums(CustomerSegments):
    """What a customer's orders amount to, as `CustomerDocument` says it."""

    recency: int
    frequency: int
    monetary: int
    refunded: int


class CustomerDocument(CustomerSums):
    """One stored customer, as the training of `version` found them.

    `recency` in days from the last order to `as_of`, the site's last day with an order or refund; `frequency` counts
    orders with a positive total; `monetary` is the sum of their totals and `refunded` that of refunds, both in minor
    units of `currency`.
    """

    _id: str
    site_id: str
    currency: str
    first_order_at: datetime
    last_order_at: datetime
    device: str
    as_of: str
    version: int
