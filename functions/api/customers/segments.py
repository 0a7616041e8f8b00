"""The segments of a site's customers, with what each amounts to."""

from typing import Any, Literal

from footfall.customers.rfm_segments import RFM_SEGMENTS
from footfall.customers.traits import described
from footfall.errors import NotFound
from footfall.models import registry as models
from footfall.money import major_units
from footfall.rates import percentage
from footfall.schemas.customer import SegmentLine, SegmentsAnswer
from footfall.sites import find_site
from footfall.stores.mongo import database

from . import queries

NOBODY = {"customers": 0, "revenue": 0, "orders": 0, "days": 0}


def segments_of(site_id: str, segment_type: Literal["rfm", "behaviour"]) -> SegmentsAnswer:
    """Every segment of that kind, the one with most revenue first; raises NotFound for a site that is gone."""
    site = find_site(database(), site_id)
    if site is None:
        raise NotFound("the site is gone")
    sums = queries.segment_sums(site_id, f"{segment_type}_segment")
    described_by = {segment.name: segment.description for segment in RFM_SEGMENTS}
    if segment_type == "behaviour":
        found = models.behaviour_segments(database(), site_id)
        described_by = {segment["name"]: described(segment["deviations"]) for segment in found}
    everybody = {name: sum(found[name] for found in sums.values()) for name in NOBODY}
    lines = [
        _line(name, description, sums.get(name, NOBODY), everybody, site.currency)
        for name, description in described_by.items()
    ]
    return SegmentsAnswer(
        segment_type=segment_type,
        segments=sorted(lines, key=lambda line: -line.total_revenue),
        total_customers=everybody["customers"],
        currency=site.currency,
        as_of=max((found["as_of"] for found in sums.values()), default=None),
    )


def _line(name: str, description: str, sums: dict[str, Any], everybody: dict[str, Any], currency: str) -> SegmentLine:
    customers, orders = sums["customers"], sums["orders"]
    return SegmentLine(
        name=name,
        description=description,
        customer_count=customers,
        share=percentage(customers, everybody["customers"]),
        total_revenue=major_units(sums["revenue"], currency),
        revenue_share=percentage(sums["revenue"], everybody["revenue"]),
        avg_monetary=major_units(sums["revenue"] / customers, currency) if customers else 0.0,
        avg_order_value=major_units(sums["revenue"] / orders, currency) if orders else 0.0,
        avg_frequency=round(orders / customers, 2) if customers else 0.0,
        avg_recency=round(sums["days"] / customers, 1) if customers else 0.0,
    )
