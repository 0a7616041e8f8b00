"""Segments that a shop saves: what may be asked for, and what their customers add up to now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict, Field, field_validator

from footfall.customers.rfm_segments import RFM_SEGMENTS
from footfall.errors import Conflict, FieldProblem, Invalid
from footfall.models.registry import behaviour_segments
from footfall.people.saved_segments import segment_named
from footfall.people.segment_conditions import FIELDS, as_query
from footfall.schemas.model import SegmentSums
from footfall.schemas.segment import SavedSegment, SegmentCondition, SegmentField, SegmentMatch, SegmentOperator
from footfall.schemas.site import Site
from footfall.stores.collections import customers
from footfall.stores.mongo import Condition, Pipeline, database

MOST_SEGMENTS = 50
MOST_CONDITIONS = 20
MOST_VALUES = 20
MOST_MILLISECONDS = 5_000
MOST_MEMBERS = 10_000
LARGEST = 1e12
WORDS: dict[SegmentOperator, str] = {"at_least": "≥", "at_most": "≤", "is": "is", "is_not": "is not"}
Text = Annotated[str, Field(min_length=1, max_length=256)]


class SegmentConditionIn(BaseModel):
    """One condition. What is not known of a customer fulfils none."""

    model_config = ConfigDict(extra="forbid")

    field: SegmentField = Field(description="What it is about; money in major units of the site's currency")
    operator: SegmentOperator = Field(
        description="`at_least`, `at_most` and `is` of numbers; `is` and `is_not` of texts"
    )
    value: float | None = Field(default=None, ge=-LARGEST, le=LARGEST, description="The number", examples=[250])
    values: list[Text] | None = Field(
        default=None, min_length=1, max_length=MOST_VALUES, description="The texts, of which any counts"
    )

    def problem(self) -> str | None:
        """Returns what is wrong with it as a whole; None for nothing."""
        row = FIELDS[self.field]
        if self.operator not in row.operators:
            return f"of this field one may ask {', '.join(row.operators)}"
        number = row.kind in ("number", "money")
        if (self.value is None) == number or (self.values is not None) == number:
            return "takes `value` alone, a number" if number else "takes `values` alone, texts"
        known = self._known()
        if known and not set(self.values or ()) <= set(known):
            return f"has no other values than {', '.join(known)}"
        return None

    def _known(self) -> Sequence[str]:
        return [each.name for each in RFM_SEGMENTS] if self.field == "rfm_segment" else FIELDS[self.field].known

    def stored(self) -> SegmentCondition:
        """Returns it as it is stored."""
        condition = SegmentCondition(field=self.field, operator=self.operator)
        if self.value is not None:
            condition["value"] = self.value
        if self.values is not None:
            condition["values"] = [text.casefold() if self.field == "category" else text for text in self.values]
        return condition


class SegmentIn(BaseModel):
    """A segment to save."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=128, description="What it is called", examples=["Big spenders, overdue"])
    match: SegmentMatch = Field(default="all", description="Whether its customers fulfil all conditions, or any")
    conditions: list[SegmentConditionIn] = Field(
        min_length=1, max_length=MOST_CONDITIONS, description="What its customers have in common"
    )

    @field_validator("name")
    @classmethod
    def printable(cls, name: str) -> str:
        """Returns the name without blanks around it; raises ValueError for one that filters could not tell."""
        told = name.strip()
        if not told or not told.isprintable() or told.startswith("!"):
            raise ValueError("must have a printable character, no line break, and not begin with !")
        return told


class SegmentOut(SegmentIn):
    """A segment that was saved."""

    created_at: datetime = Field(description="When it was saved")

    @classmethod
    def of(cls, segment: SavedSegment) -> "SegmentOut":
        """Returns what is shown of a stored segment."""
        return cls(
            name=segment["name"],
            match=segment["match"],
            conditions=[SegmentConditionIn.model_validate(each) for each in segment["conditions"]],
            created_at=segment["created_at"],
        )


def to_save(site: Site, told: SegmentIn, saved: Sequence[SavedSegment], at: datetime) -> SavedSegment:
    """Returns a segment as it is stored; raises Invalid for conditions that mean nothing, Conflict for a name twice."""
    found = [(f"conditions.{place}", each.problem()) for place, each in enumerate(told.conditions)]
    if problems := [FieldProblem(field, problem) for field, problem in found if problem]:
        raise Invalid(problems)
    others = {each.name.casefold() for each in RFM_SEGMENTS}
    others |= {each["name"].casefold() for each in behaviour_segments(database(), site.site_id)}
    if told.name.casefold() in others or segment_named(saved, told.name):
        raise Conflict("there is a segment of this name")
    return SavedSegment(
        name=told.name,
        key=told.name.casefold(),
        match=told.match,
        conditions=[each.stored() for each in told.conditions],
        created_at=at,
    )


class _Sums(TypedDict):
    customers: int
    revenue: int
    refunds: int
    orders: int
    days: int


def sums_of(site: Site, segment: SavedSegment) -> SegmentSums:
    """Returns what the customers of a segment add up to now; raises Unavailable where that takes too long."""
    group = {
        "_id": None,
        "customers": {"$sum": 1},
        "revenue": {"$sum": "$monetary"},
        "refunds": {"$sum": "$refunded"},
        "orders": {"$sum": "$frequency"},
        "days": {"$sum": "$recency"},
    }
    match = {"site_id": site.site_id, **as_query(segment, site.currency)}
    pipeline: Pipeline = [{"$match": match}, {"$group": group}, {"$project": {"_id": 0}}]
    found = customers.aggregate(database(), _Sums, pipeline, max_milliseconds=MOST_MILLISECONDS)
    sums = next(found, _Sums(customers=0, revenue=0, refunds=0, orders=0, days=0))
    return SegmentSums(name=segment["name"], **sums)


def members_of(site: Site, segment: SavedSegment) -> list[str]:
    """Returns the ids of the customers who are in a segment now; raises Invalid for more than ten thousand of them."""
    match: Condition = {"site_id": site.site_id, **as_query(segment, site.currency)}
    found = customers.of(database()).find(match, {"customer_id": True}).limit(MOST_MEMBERS + 1)
    members = [each["customer_id"] for each in found.max_time_ms(MOST_MILLISECONDS)]
    if len(members) > MOST_MEMBERS:
        problem = f"more than {MOST_MEMBERS:,} customers are in this segment; save one with more conditions"
        raise Invalid([FieldProblem("segment", problem)])
    return members


def described_by(segment: SavedSegment) -> str:
    """Returns the conditions of a segment in words."""
    between = " and " if segment["match"] == "all" else " or "
    return between.join(map(_in_words, segment["conditions"]))


def _in_words(condition: SegmentCondition) -> str:
    told = f"{condition['value']:g}" if "value" in condition else " or ".join(condition.get("values", []))
    return f"{condition['field']} {WORDS[condition['operator']]} {told}"
