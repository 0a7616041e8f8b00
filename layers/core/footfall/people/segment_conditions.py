"""Which customers a saved segment has: asked of MongoDB, and told of one customer alike."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from operator import eq, ge, le
from typing import Literal, NamedTuple, get_args

from footfall.money import digits_of
from footfall.schemas.customer import ClvCategory, Priority, PurchaseTiming, RiskLevel
from footfall.schemas.segment import SavedSegment, SegmentCondition, SegmentField, SegmentOperator

FieldKind = Literal["number", "money", "text", "texts"]
Customer = Mapping[str, object]
Condition = dict[str, object]
Has = Callable[[Customer], bool]
COMPARE: dict[SegmentOperator, Callable[[float, float], bool]] = {"at_least": ge, "at_most": le, "is": eq}
IN_MONGODB: dict[SegmentOperator, str] = {"at_least": "$gte", "at_most": "$lte", "is": "$eq"}
OF_NUMBERS: tuple[SegmentOperator, ...] = ("at_least", "at_most", "is")
OF_TEXTS: tuple[SegmentOperator, ...] = ("is", "is_not")


class SegmentFieldRow(NamedTuple):
    """One field that conditions may speak of: where a customer has it, of which kind, and the texts that there are.

    Without such texts, a text may be any.
    """

    stored: str
    kind: FieldKind
    known: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[SegmentOperator, ...]:
        """What may be asked of it."""
        return OF_NUMBERS if self.kind in ("number", "money") else OF_TEXTS


NUMBERS: tuple[SegmentField, ...] = (
    "recency",
    "frequency",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "customer_value_score",
    "expected_gap_days",
    "sessions",
    "page_views",
    "refund_rate",
    "churn_probability",
    "p_alive",
)
FIELDS: dict[SegmentField, SegmentFieldRow] = {
    **{name: SegmentFieldRow(name, "number") for name in NUMBERS},
    "monetary": SegmentFieldRow("monetary", "money"),
    "refunds": SegmentFieldRow("refunded", "money"),
    "predicted_clv": SegmentFieldRow("predicted_clv", "money"),
    "value_at_risk": SegmentFieldRow("value_at_risk", "money"),
    "rfm_segment": SegmentFieldRow("rfm_segment", "text"),
    "behaviour_segment": SegmentFieldRow("behaviour_segment", "text"),
    "customer_priority": SegmentFieldRow("customer_priority", "text", get_args(Priority)),
    "purchase_timing_status": SegmentFieldRow("purchase_timing", "text", get_args(PurchaseTiming)),
    "churn_risk_level": SegmentFieldRow("churn_risk_level", "text", get_args(RiskLevel)),
    "clv_category": SegmentFieldRow("clv_category", "text", get_args(ClvCategory)),
    "device": SegmentFieldRow("device", "text"),
    "category": SegmentFieldRow("categories", "texts"),
}
"""Every field there is: whatever else a caller names is refused."""
STORED = sorted({row.stored for row in FIELDS.values()})


def has(segment: SavedSegment, currency: str) -> Has:
    """Returns what tells whether a customer is in a segment; `currency` is the site's.

    What is missing fulfils no condition.
    """
    conditions = [_fulfils(condition, currency) for condition in segment["conditions"]]
    together = all if segment["match"] == "all" else any
    return lambda customer: together(fulfils(customer) for fulfils in conditions)


def _fulfils(condition: SegmentCondition, currency: str) -> Has:
    stored, operator = FIELDS[condition["field"]].stored, condition["operator"]
    if "value" in condition:
        bound, compare = _bound(condition, currency), COMPARE[operator]
        return lambda customer: isinstance(told := customer.get(stored), int | float) and compare(told, bound)
    values, wanted = frozenset(condition.get("values", ())), operator == "is"

    def fulfils(customer: Customer) -> bool:
        told = customer.get(stored)
        return told is not None and values.isdisjoint(_texts(told)) != wanted

    return fulfils


def _texts(told: object) -> Iterable[str]:
    return [each for each in (told if isinstance(told, list) else [told]) if isinstance(each, str)]


def _bound(condition: SegmentCondition, currency: str) -> float:
    value = condition.get("value", 0.0)
    money = FIELDS[condition["field"]].kind == "money"
    return float(Decimal(str(value)).scaleb(digits_of(currency))) if money else value


def as_query(segment: SavedSegment, currency: str) -> Condition:
    """Returns the same as a condition to MongoDB, made of fields and operators of ours and of values alone."""
    conditions = [_as_query(condition, currency) for condition in segment["conditions"]]
    return {"$and" if segment["match"] == "all" else "$or": conditions}


def _as_query(condition: SegmentCondition, currency: str) -> Condition:
    stored, operator = FIELDS[condition["field"]].stored, condition["operator"]
    if "value" in condition:
        return {stored: {IN_MONGODB[operator]: _bound(condition, currency)}}
    values = condition.get("values", [])
    return {stored: {"$in": values} if operator == "is" else {"$nin": [*values, None]}}
