"""What people are interested in: as the shop told it, and as it follows from what they did."""

from datetime import datetime
from typing import NotRequired, Required, TypedDict

from footfall.schemas.event import Commerce, Json


class ToldInterest(TypedDict):
    """An interest as a change told it last: `strength` from 1 to 5, None where it was taken back."""

    category: str
    strength: int | None
    at: datetime
    by: str


class FoundInterest(TypedDict):
    """A category that somebody viewed, searched for, put into a cart or bought of, how often, and when last.

    `weight` is what that amounts to.
    """

    category: str
    viewed: int
    searched: int
    added: int
    bought: int
    weight: int
    last_at: datetime


class ToldInterests(TypedDict):
    """What was told of the interests of one person."""

    person_id: str
    told: list[ToldInterest]


class InterestsDocument(ToldInterests):
    """The interests of one person; `categories` are the folded names of those they have, for lists by category.

    `revision` counts the writes.
    """

    _id: str
    site_id: str
    found: list[FoundInterest]
    categories: list[str]
    revision: NotRequired[int]


class InterestEvent(TypedDict, total=False):
    """What an event tells of somebody's interests."""

    type: Required[str]
    timestamp: Required[datetime]
    commerce: Commerce
    properties: Json


class ProductCategory(TypedDict):
    """Which category a product is in."""

    product_id: str
    category: str | None
