"""A customer: a person the shop knows by an id of its own, and who has placed at least one order with a price."""

from datetime import datetime
from typing import Literal, TypedDict

ClvCategory = Literal["high", "medium", "low"]
"""How much is expected of a customer, among all."""
PurchaseTiming = Literal["not_due", "due", "overdue", "unknown"]
"""Where somebody stands between their last order and the next that is expected; unknown where nobody came back yet."""
Priority = Literal["high", "medium", "low"]
"""Whom to turn to first."""


class ValueFields(TypedDict, total=False):
    """What else the model `rfm` writes on a customer; one of before 0.1.0 does not.

    `customer_value_score` from 0 to 100; `expected_gap_days` between the last order and the next, and `due_on`, the day
    that it ends; both None where nothing is expected.
    """

    customer_value_score: float
    purchase_timing: PurchaseTiming
    expected_gap_days: float | None
    due_on: str | None


class RfmFields(ValueFields):
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


class Habits(TypedDict, total=False):
    """How a customer shops, as training counts it; a training of before 0.1.0 did not write it.

    `page_views` in `sessions` without those of bots, `refund_rate` of their revenue, in percent; `categories` are the
    ten they are most interested in, without case. `priority_order` grows with the priority, and within one with the
    value score.
    """

    sessions: int
    page_views: int
    refund_rate: float
    categories: list[str]
    customer_priority: Priority
    priority_order: int


class ModelFields(RfmFields, BehaviourSegmentFields, Forecasts):
    """All that models write on a customer."""


class CustomerRfmSegment(TypedDict):
    """Which RFM segment a customer is in."""

    customer_id: str
    rfm_segment: str


class CustomerSegments(ModelFields):
    """Which segments a customer is in."""

    customer_id: str


class CustomerSums(CustomerSegments, Habits):
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
