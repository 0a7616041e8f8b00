"""The same figures for each value of a dimension: what answers tell of them, and where they are read from."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from footfall.breakdowns.days import added
from footfall.breakdowns.engine import MOST_VALUES, Figures, largest
from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.money import major_units
from footfall.rates import percentage
from footfall.rollups import Rollups
from footfall.schemas.dimension import DimensionFigures
from footfall.stores.collections import daily_dimensions
from footfall.stores.mongo import database

BATCH = 20_000


class ValueFigures(BaseModel):
    """What people did, and what came of sessions."""

    users: int = Field(description="Distinct people over the range; somebody with two values counts for both")
    page_views: int = Field(description="Of pages with this value, or in sessions that have it")
    sessions: int = Field(
        description="Sessions that began in the range and have the value; of what events alone have, those with such an"
        " event on the day they began"
    )
    bounce_rate: float = Field(description="Sessions that bounced, of all, in percent")
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")
    conversions: int = Field(description="Sessions that an order came of, wherever it was told")
    conversion_rate: float = Field(description="The same of all these sessions, in percent")
    orders: int = Field(description="Orders in the site's currency that came of these sessions, whenever they came")
    revenue: float = Field(description="What these orders amount to, before refunds")


class BreakdownValue(ValueFigures):
    """The figures of one value."""

    value: str = Field(description="`unknown`, or `direct` of source and channel, where there is none", examples=["IT"])


class Breakdown(BaseModel):
    """The same figures for each value of a dimension."""

    dimension: str = Field(description="Its name", examples=["source"])
    values: list[BreakdownValue] = Field(description="The hundred with most people")
    other: ValueFigures | None = Field(
        description="All other values together: people are counted once, everything else is added up; also what a value"
        " had on days on which it was not among the hundred with most people. Null where all values are told"
    )


def told(dimension: str, found: Figures, currency: str) -> Breakdown:
    """Returns what an answer says of figures by dimension."""
    most = largest(found, MOST_VALUES)
    figures = list(each_of(most, currency))
    pairs = zip(most.values, figures, strict=False)
    return Breakdown(
        dimension=dimension,
        values=[BreakdownValue(value=value, **one.model_dump()) for value, one in pairs if one.users or one.sessions],
        other=figures[-1] if most.cut else None,
    )


def each_of(found: Figures, currency: str) -> Iterator[ValueFigures]:
    """Returns the figures at each place."""
    for place, people in enumerate(found.people):
        sessions, conversions = int(found.sessions[place]), int(found.conversions[place])
        yield ValueFigures(
            users=len(people),
            page_views=int(found.page_views[place]),
            sessions=sessions,
            bounce_rate=percentage(int(found.bounces[place]), sessions),
            avg_session_seconds=round(int(found.milliseconds[place]) / 1000 / sessions, 1) if sessions else 0.0,
            conversions=conversions,
            conversion_rate=percentage(conversions, sessions),
            orders=int(found.orders[place]),
            revenue=major_units(int(found.revenue[place]), currency),
        )


def in_days(rollups: Rollups, row: Dimension) -> bool:
    """Returns whether all days there are have figures by a dimension: what is of people is told when it is asked."""
    return rollups.current and not row.needs_person


def of_days(rollups: Rollups, dimension: str, days: DayRange) -> Figures:
    """Returns the figures by a dimension that the days of a range have, as of their last rollup."""
    return added(figures_of_days(rollups, dimension, days))


def figures_of_days(rollups: Rollups, dimension: str, days: DayRange) -> list[DimensionFigures]:
    """Returns the same day by day."""
    query = {"site_id": rollups.site.site_id, "dimension": dimension, "date": days.dates}
    found = daily_dimensions.read(database(), DimensionFigures, query, session=rollups.session, batch_size=BATCH)
    return found.to_list()
