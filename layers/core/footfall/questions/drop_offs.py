"""After which steps of a site's funnels people left."""

from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel, Field

from footfall.rates import percentage
from footfall.schemas.site import Funnel

MOST_POINTS = 5
Reached = Sequence[tuple[Funnel, Sequence[int]]]
"""Funnels, and how many people reached each step of them."""


class DropOffPoint(BaseModel):
    """A step after which people left, in one of the site's funnels."""

    funnel: str = Field(description="The funnel's name", examples=["default"])
    from_step: str = Field(description="The step that they reached", examples=["home"])
    to_step: str = Field(description="The step that they did not", examples=["search"])
    drop_off: int = Field(description="People who reached the one and not the other", examples=[45200])
    drop_off_rate: float = Field(description="The same of those who reached the one, in percent", examples=[50.0])


def drop_offs(reached: Reached) -> list[DropOffPoint]:
    """Returns the five steps after which most people left."""
    points = [
        DropOffPoint(
            funnel=funnel.name,
            from_step=step,
            to_step=following,
            drop_off=before - after,
            drop_off_rate=percentage(before - after, before),
        )
        for funnel, users in reached
        for (step, following), (before, after) in zip(pairwise(funnel.steps), pairwise(users), strict=True)
        if before > after
    ]
    return sorted(points, key=lambda point: -point.drop_off)[:MOST_POINTS]
