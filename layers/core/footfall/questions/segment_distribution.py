"""The question how many customers are in each segment."""

from pydantic import BaseModel, Field

from footfall.questions.distribution import Distribution, currency_of, distribution
from footfall.questions.segments import SegmentLine, TrainedSegmentsQuestion, lines_of, model_of
from footfall.sites import get_site
from footfall.stores.mongo import answering, database


class SegmentDistributionQuestion(TrainedSegmentsQuestion):
    """Which kind of segments."""


class SegmentShare(BaseModel):
    """One segment's part of the customers."""

    name: str = Field(description="What the segment is called", examples=["Champions"])
    customer_count: int = Field(description="How many customers are in it", examples=[633])
    share: float = Field(description="Of all customers, in percent", examples=[14.59])


class SegmentDistribution(Distribution):
    """Every segment, the largest first; a customer is in exactly one of each kind."""

    segment_type: str = Field(description="Which kind was asked for")
    data: list[SegmentShare]


@answering()
def answer(site_id: str, question: SegmentDistributionQuestion) -> SegmentDistribution:
    """Returns how many customers are in each segment of a kind; raises NotFound or Unavailable."""
    site = get_site(database(), site_id)
    model = model_of(site, question.segment_type)
    lines = lines_of(site, question.segment_type, model, currency_of(site, model)) if model else []
    return SegmentDistribution(
        segment_type=question.segment_type,
        data=[_share(line) for line in sorted(lines, key=lambda line: -line.customer_count)],
        **dict(distribution(site, model)),
    )


def _share(line: SegmentLine) -> SegmentShare:
    return SegmentShare(name=line.name, customer_count=line.customer_count, share=line.share)
