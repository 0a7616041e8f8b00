"""Segments that a shop saves: conditions as data, of which each customer fulfils all or any."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

SegmentField = Literal[
    "recency",
    "frequency",
    "monetary",
    "refunds",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "customer_value_score",
    "expected_gap_days",
    "sessions",
    "page_views",
    "refund_rate",
    "predicted_clv",
    "value_at_risk",
    "churn_probability",
    "p_alive",
    "rfm_segment",
    "behaviour_segment",
    "customer_priority",
    "purchase_timing_status",
    "churn_risk_level",
    "clv_category",
    "device",
    "category",
]
SegmentOperator = Literal["at_least", "at_most", "is", "is_not"]
SegmentMatch = Literal["all", "any"]


class SegmentCondition(TypedDict):
    """One condition: `value` of a number, `values` of a text, of which any counts; money in major units."""

    field: SegmentField
    operator: SegmentOperator
    value: NotRequired[float]
    values: NotRequired[list[str]]


class SavedSegment(TypedDict):
    """One segment that was saved; `key` is its name without case."""

    name: str
    key: str
    match: SegmentMatch
    conditions: list[SegmentCondition]
    created_at: datetime


class SavedSegmentsDocument(TypedDict):
    """All segments that a site has saved, in the order they were."""

    _id: str
    site_id: str
    segments: list[SavedSegment]
