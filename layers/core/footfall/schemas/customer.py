"""A customer: a person the shop knows by an id of its own, and who has placed at least one order with a price."""

from datetime import datetime
from typing import Literal, TypedDict, get_args

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


ClvCategory = Literal["high", "medium", "low"]
"""The fifth of all customers of whom most is expected, the two fifths of whom least is, and those between."""
ChurnFeature = Literal[
    "days_since_purchase",
    "days_since_first_purchase",
    "purchases",
    "times_overdue",
    "purchases_lately",
    "net_revenue_per_purchase",
    "refund_rate",
    "days_since_visit",
    "visits_lately",
    "pages_lately",
    "carts_lately",
    "checkouts_left_lately",
    "complaints_lately",
]
"""What the model `churn` may go by: `forecasts/churn_features.py` reckons each."""
CHURN_FEATURES: tuple[ChurnFeature, ...] = get_args(ChurnFeature)


class ChurnReason(TypedDict):
    """A feature of a customer, and by how much it moves the log-odds to churn against the median customer."""

    feature: ChurnFeature
    value: float
    effect: float


class LifetimeFields(TypedDict, total=False):
    """What the model `lifetime` writes on a customer; money in minor units, net of refunds.

    `predicted_clv` is what is expected of the next 365 days, between `predicted_clv_low` and `predicted_clv_high` in
    nine cases of ten; `clv_if_active` the same if they are still a customer, which is as likely as `p_alive` says.
    `next_purchase_on` is the day until which they are as likely as not to have bought again, None where that is not
    within these days. What only a fitted model can tell is None without one.
    """

    predicted_clv: int
    predicted_clv_low: int | None
    predicted_clv_high: int | None
    clv_if_active: int
    clv_category: ClvCategory
    p_alive: float | None
    next_purchase_on: str | None


class ChurnFields(TypedDict, total=False):
    """What the model `churn` writes on a customer.

    How likely they are not to buy within the model's horizon, from 0 to 1, None where the shop is too small for a model
    and the level goes by the days since their last purchase alone; and what moves it most.
    """

    churn_probability: float | None
    churn_risk_level: RiskLevel
    churn_reasons: list[ChurnReason]


class Forecasts(LifetimeFields, ChurnFields, total=False):
    """What is expected of a customer; nothing is there where the last training was before there were such models.

    `value_at_risk` is how likely they are to churn times what is expected of them if they are still a customer, in
    minor units; None where that likelihood is.
    """

    value_at_risk: int | None


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


class ModelFields(RfmFields, BehaviourSegmentFields, LifetimeFields, ChurnFields):
    """All that models write on a customer."""


class CustomerKey(TypedDict):
    """Who a customer is."""

    customer_id: str


class CustomerRfmSegment(CustomerKey):
    """Which RFM segment a customer is in."""

    rfm_segment: str


class CustomerSegments(CustomerKey, ModelFields):
    """Which segments a customer is in."""


class CustomerSums(CustomerSegments, Habits):
    """What a customer's orders amount to, as `CustomerDocument` says it."""

    recency: int
    frequency: int
    monetary: int
    refunded: int


class CountedSegments(TypedDict):
    """Which segments a customer is in, and what their orders amount to, as sums over customers need it."""

    rfm_segment: str
    behaviour_segment: str
    recency: int
    frequency: int
    monetary: int
    refunded: int


class CountedForecasts(TypedDict, total=False):
    """What is expected of a customer, as sums over customers need it."""

    churn_risk_level: RiskLevel
    predicted_clv: int


class CountedCustomer(CountedSegments, CountedForecasts):
    """What sums over customers need of each."""

    currency: str


class CustomerDocument(CustomerSums, Forecasts):
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
