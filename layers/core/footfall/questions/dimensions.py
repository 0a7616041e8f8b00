"""The questions which dimensions a site has, and which values one has over a range of days."""

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.dimensions import Dimension, Level, dimensions_of, none_named
from footfall.errors import NotFound
from footfall.questions.cache import Asked, Remembered
from footfall.questions.dimension_values import MOST_VALUES, Counted, values_in
from footfall.questions.filters import BOTS, Bots
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.sites import get_site
from footfall.stores.keys import ANALYTICS
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
    """Over which days, of whom, and which page of the values."""

    bots: Bots = Field(default="exclude", description=BOTS)


class DimensionValue(BaseModel):
    """One value, and how many have it."""

    value: str = Field(description="`unknown`, or `direct` of source and channel, where there is none", examples=["IT"])
    count: int = Field(description="How many sessions or events have it")


class DimensionValues(PagedAnswer, RangeAnswer):
    """A page of the values of a dimension in a range, the largest first.

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


class _Named(RangeQuestion):
    # which values are asked for, on whatever page
    name: str
    bots: Bots


class _AllValues(RangeAnswer):
    counted: Counted
    values: list[tuple[str, int]]
    other: int


_answers = Remembered(ANALYTICS, _AllValues)


def answer_values(site_id: str, name: str, question: DimensionValuesQuestion) -> DimensionValues:
    """Returns a page of the values of a dimension.

    Raises NotFound for a dimension that the site has not, with the names near it, Invalid, also for more than can be
    counted at once, and Unavailable.
    """
    found = _all_values(site_id, _Named(name=name, from_=question.from_, to=question.to, bots=question.bots))
    shown = found.values[question.skip : question.skip + question.page_size]
    return DimensionValues(
        dimension=name,
        values=[DimensionValue(value=value, count=count) for value, count in shown],
        **found.model_dump(exclude={"values"}),
        **paged(question, len(found.values)),
    )


@_answers.or_last
@answering()
def _all_values(site_id: str, question: _Named) -> _AllValues:
    with rollups_of(site_id) as rollups:
        dimension = dimensions_of(rollups.site).get(question.name)
        if dimension is None:
            raise NotFound(none_named(rollups.site, question.name))
        days = question.days_of(rollups)
        asked = Asked(rollups, days, question, "events", [dimension])
        return _answers.remember(asked, lambda: _counted(rollups, dimension, days, question))


def _counted(rollups: Rollups, dimension: Dimension, days: DayRange, question: _Named) -> _AllValues:
    found = values_in(rollups, dimension, days, bots=question.bots == "include")
    return _AllValues(range=Range.of(days), complete_to=None, **found._asdict())
