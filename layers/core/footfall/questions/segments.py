"""The question which segments the customers fall into.

Money in answers is in major units of `currency`: the one that the site had when the customers were found.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from footfall.customers.rfm_segments import RFM_SEGMENTS
from footfall.customers.traits import described
from footfall.models import registry as models
from footfall.money import major_units
from footfall.people.saved_segments import segments_saved
from footfall.questions.distribution import as_trained
from footfall.questions.figures import AverageOrderValue, Currency, Customers, NetRevenue, Refunds, Revenue
from footfall.questions.left_out import KNOWN_PEOPLE, LeftOut, left_out
from footfall.questions.saved_segments import SegmentOut, described_by, sums_of
from footfall.questions.trained import TrainedAnswer, trained
from footfall.rates import percentage
from footfall.schemas.model import BehaviourSegment, HabitKind, ModelDocument, SegmentingModel, SegmentSums
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores.mongo import answering, database

SegmentType = Literal["rfm", "behaviour", "saved"]
TrainedType = Literal["rfm", "behaviour"]
TOO_FEW = "fewer than 25 customers: their scores go by limits that are the same in every shop"
MODELS: dict[TrainedType, SegmentingModel] = {"rfm": "rfm", "behaviour": "behaviour_segments"}


class TrainedSegmentsQuestion(BaseModel):
    """Which kind of the segments that training finds."""

    model_config = ConfigDict(extra="forbid")

    segment_type: TrainedType = Field(
        default="rfm", description="`rfm`: by recency, frequency and money; `behaviour`: by how people shop"
    )


class SegmentsQuestion(BaseModel):
    """Which kind of segments."""

    model_config = ConfigDict(extra="forbid")

    segment_type: SegmentType = Field(
        default="rfm",
        description="`rfm`: by recency, frequency and money; `behaviour`: by how people shop; `saved`: those that the"
        " shop saved, counted now",
    )


class SegmentHabit(BaseModel):
    """What a larger share of a segment's customers did than of the others."""

    kind: HabitKind = Field(description="What it is: a page, by its type, an event, or a category of products")
    name: str = Field(description="What it is called", examples=["search"])
    customers: int = Field(description="Customers of the segment who did it, thirty at least", examples=[214])
    others: int = Field(description="Customers of other segments who did it", examples=[51])
    lift: float = Field(description="The share of the segment's customers by that of the others", examples=[2.8])
    low: float = Field(description="The lift is not lower, with 95 % confidence for all that are compared together")
    high: float = Field(description="The lift is not higher, likewise")


class SegmentLine(BaseModel):
    """One segment of the site's customers."""

    name: str = Field(description="What the segment is called", examples=["Champions"])
    description: str = Field(
        description="What its customers have in common", examples=["Bought lately, buy often and spend most"]
    )
    customer_count: int = Field(description="How many customers are in it")
    share: float = Field(description="Of all customers, in percent")
    total_revenue: float = Field(description="The same as `revenue`, which is of customers alone here")
    revenue_share: float = Field(description="Of all customers' revenue, in percent")
    avg_monetary: float = Field(description="`revenue` per customer")
    average_order_value: AverageOrderValue
    avg_frequency: float = Field(description="Orders per customer")
    avg_recency: float = Field(description="Mean days since the last order")
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue
    stability: float | None = Field(
        default=None,
        description="How much of a behaviour segment is found again among customers drawn by chance, from 0 to 1 (mean"
        " Jaccard similarity): below 0.6 it should not be relied on. Null for RFM, for a single segment, and until a"
        " training of 0.1.0",
    )
    habits: list[SegmentHabit] = Field(
        default=[], description="What a behaviour segment's customers surely do more often than others, at most five"
    )
    saved: SegmentOut | None = Field(
        default=None, description="What a segment that was saved asks for; null for others"
    )


class SegmentsAnswer(LeftOut, TrainedAnswer):
    """Every segment, the one with most revenue first.

    A customer is in exactly one of RFM and in one of behaviour, and in any number of those that were saved.
    """

    segment_type: str = Field(description="Which kind was asked for")
    segments: list[SegmentLine]
    total_customers: Customers
    currency: Currency
    as_of: date | None = Field(description="null before the first training")
    degraded: bool = Field(default=False, description="Whether scores are a fallback")
    reason: str | None = Field(default=None, description="Why they are")


@answering()
def answer(site_id: str, question: SegmentsQuestion) -> SegmentsAnswer:
    """Returns every segment of a kind, the one with most revenue first; raises NotFound or Unavailable."""
    site = get_site(database(), site_id)
    kind: TrainedType = "behaviour" if question.segment_type == "behaviour" else "rfm"
    model = model_of(site, kind)
    then = as_trained(site, model)
    lines = lines_of(site, kind, model, then.currency)
    customer_count = sum(line.customer_count for line in lines)
    if question.segment_type == "saved":
        lines = _saved(site, customer_count, sum(line.total_revenue for line in lines))
    degraded = kind == "rfm" and model is not None and model["details"].get("scored_by") == "limits"
    return SegmentsAnswer(
        segment_type=question.segment_type,
        segments=sorted(lines, key=lambda line: -line.total_revenue),
        total_customers=customer_count,
        currency=then.currency,
        as_of=date.fromisoformat(model["details"]["as_of"]) if model and customer_count else None,
        degraded=degraded,
        reason=TOO_FEW if degraded else None,
        **trained(site).model_dump(),
        **left_out(then, KNOWN_PEOPLE).model_dump(),
    )


def model_of(site: Site, segment_type: TrainedType) -> ModelDocument | None:
    """Returns the model in use that puts customers into segments of a kind; None before the first training."""
    return models.in_use(database(), site.site_id, MODELS[segment_type])


def lines_of(site: Site, segment_type: TrainedType, model: ModelDocument | None, currency: str) -> list[SegmentLine]:
    """Returns every segment of a kind, with what a model found of it."""
    sums = {segment["name"]: segment for segment in model.get("segments", [])} if model else {}
    described_by = {segment.name: segment.description for segment in RFM_SEGMENTS}
    known: dict[str, BehaviourSegment] = {}
    if segment_type == "behaviour":
        known = {segment["name"]: segment for segment in models.behaviour_segments(database(), site.site_id)}
        described_by = {name: described(segment["deviations"]) for name, segment in known.items()}
    customer_count = sum(found["customers"] for found in sums.values())
    revenue = sum(found["revenue"] for found in sums.values())
    return [
        _line(description, sums.get(name) or _nobody(name), customer_count, revenue, currency).model_copy(
            update=_told(known.get(name))
        )
        for name, description in described_by.items()
    ]


def _saved(site: Site, customer_count: int, revenue: float) -> list[SegmentLine]:
    # counted as customers are now; all of a training at once
    lines = []
    for segment in segments_saved(database(), site.site_id):
        sums = sums_of(site, segment)
        line = _line(described_by(segment), sums, customer_count, 0, site.currency)
        share = percentage(line.total_revenue, revenue)
        lines.append(line.model_copy(update={"revenue_share": share, "saved": SegmentOut.of(segment)}))
    return lines


def _told(segment: BehaviourSegment | None) -> dict[str, object]:
    if segment is None:
        return {}
    habits = [SegmentHabit.model_validate(habit) for habit in segment.get("habits", [])]
    return {"stability": segment.get("stability"), "habits": habits}


def _nobody(name: str) -> SegmentSums:
    return SegmentSums(name=name, customers=0, revenue=0, refunds=0, orders=0, days=0)


def _line(description: str, sums: SegmentSums, all_customers: int, all_revenue: int, currency: str) -> SegmentLine:
    count, orders, revenue = sums["customers"], sums["orders"], sums["revenue"]
    return SegmentLine(
        name=sums["name"],
        description=description,
        customer_count=count,
        share=percentage(count, all_customers),
        total_revenue=major_units(revenue, currency),
        revenue_share=percentage(revenue, all_revenue),
        avg_monetary=major_units(revenue / count, currency) if count else 0.0,
        average_order_value=major_units(revenue / orders, currency) if orders else 0.0,
        avg_frequency=round(orders / count, 2) if count else 0.0,
        avg_recency=round(sums["days"] / count, 1) if count else 0.0,
        revenue=major_units(revenue, currency),
        refunds=major_units(sums["refunds"], currency),
        net_revenue=major_units(revenue - sums["refunds"], currency),
    )
