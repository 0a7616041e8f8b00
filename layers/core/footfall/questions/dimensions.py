"""The questions which dimensions a site has, and which values one has over a range of days."""

from pydantic import BaseModel, Field

from footfall.dimensions import Dimension, Level, dimensions_of, none_named
from footfall.errors import NotFound
from footfall.questions.dimension_values import MOST_VALUES, Counted, values_in
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.rollups import rollups_of
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.sites import get_site
from footfall.stores.mongo import answering, database


class DimensionsQuestion(PagedQuestion):
    """Which page of the dimensions."""


class DimensionOut(BaseModel):
    """What figures can be broken down or filtered by."""

    name: str = Field(examples=["channel"])
    description: str = Field(description="What it tells, in a sentence")
    level: Level = Field(description="What has one value: an event, a session, a person, or a line of an order or cart")
    filter: bool = Field(description="Whether answers can be filtered by it")
    breakdown: bool = Field(description="Whether answers can be broken down by it")

    @classmethod
    def of(cls, row: Dimension) -> "DimensionOut":
        """Returns what is told of a dimension."""
        return cls(
            name=row.name,
            description=row.description,
            level=row.level,
            filter=row.filter,
            breakdown=row.breakdown,
        )


class Dimensions(PagedAnswer):
    """A page of a site's dimensions: those of every site, then its own."""

    dimensions: list[DimensionOut]


class DimensionValuesQuestion(RangeQuestion, PagedQuestion):
    """Over which days, and which page of the values."""


class DimensionValue(BaseModel):
    """One value, and how many have it."""

    value: str = Field(description="`unknown`, or `direct` of source and channel, where there is none", examples=["IT"])
    count: int = Field(description="How many sessions or events have it")


class DimensionValues(PagedAnswer, RangeAnswer):
    """A page of the values of a dimension in a range, the largest first; bots are left out.

    A session counts on the day it began. An event with several lines counts once for each different value.
    """

    dimension: str = Field(description="Its name", examples=["country"])
    counted: Counted = Field(description="What is counted: sessions wherever they have a value, else events that do")
    values: list[DimensionValue]
    other: int = Field(description=f"What all values amount to that are not among the largest {MOST_VALUES}")


@answering()
def answer(site_id: str, question: DimensionsQuestion) -> Dimensions:
    """Returns a page of a site's dimensions; raises NotFound or Unavailable."""
    rows = list(dimensions_of(get_site(database(), site_id)).values())
    shown = rows[question.skip : question.skip + question.page_size]
    return Dimensions(dimensions=[DimensionOut.of(row) for row in shown], **paged(question, len(rows)))


@answering()
def answer_values(site_id: str, name: str, question: DimensionValuesQuestion) -> DimensionValues:
    """Returns a page of the values of a dimension.

    Raises NotFound for a dimension that the site has not, with the names near it, Invalid, also for more than can be
    counted at once, and Unavailable.
    """
    with rollups_of(site_id) as rollups:
        dimension = dimensions_of(rollups.site).get(name)
        if dimension is None:
            raise NotFound(none_named(rollups.site, name))
        days = question.days_of(rollups)
        found = values_in(rollups, dimension, days)
        shown = found.values[question.skip : question.skip + question.page_size]
        return DimensionValues(
            dimension=name,
            counted=found.counted,
            values=[DimensionValue(value=value, count=count) for value, count in shown],
            other=found.other,
            range=Range.of(days),
            complete_to=rollups.received_to,
            **paged(question, len(found.values)),
        )
