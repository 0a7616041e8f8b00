"""The question what each segment of customers brings. Money in answers is in major units of `currency`."""

from pydantic import BaseModel, Field

from footfall.questions.distribution import Distribution, as_trained, distribution
from footfall.questions.figures import AverageOrderValue, Currency, NetRevenue, Refunds, Revenue
from footfall.questions.left_out import KNOWN_PEOPLE, LeftOut, left_out
from footfall.questions.segments import SegmentLine, TrainedSegmentsQuestion, lines_of, model_of
from footfall.sites import get_site
from footfall.stores.mongo import answering, database


class RevenueBySegmentQuestion(TrainedSegmentsQuestion):
    """Which kind of segments."""


class SegmentRevenue(BaseModel):
    """What one segment's customers brought, since the beginning."""

    name: str = Field(description="What the segment is called", examples=["Champions"])
    customer_count: int = Field(description="How many customers are in it", examples=[633])
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue
    revenue_share: float = Field(description="Of all customers' revenue, in percent", examples=[64.9])
    average_order_value: AverageOrderValue
    avg_monetary: float = Field(description="`revenue` per customer")


class RevenueBySegment(LeftOut, Distribution):
    """Every segment, the one with most revenue first; guests, who are in none, are left out."""

    segment_type: str = Field(description="Which kind was asked for")
    currency: Currency
    data: list[SegmentRevenue]


@answering()
def answer(site_id: str, question: RevenueBySegmentQuestion) -> RevenueBySegment:
    """Returns what each segment of a kind brought; raises NotFound or Unavailable."""
    site = get_site(database(), site_id)
    model = model_of(site, question.segment_type)
    then = as_trained(site, model)
    lines = lines_of(site, question.segment_type, model, then.currency) if model else []
    return RevenueBySegment(
        segment_type=question.segment_type,
        currency=then.currency,
        data=[_revenue(line) for line in sorted(lines, key=lambda line: -line.revenue)],
        **dict(distribution(site, model)),
        **dict(left_out(then, KNOWN_PEOPLE)),
    )


def _revenue(line: SegmentLine) -> SegmentRevenue:
    return SegmentRevenue(**line.model_dump(include=set(SegmentRevenue.model_fields)))
