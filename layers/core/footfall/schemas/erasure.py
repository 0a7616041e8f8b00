"""Erasures of people, and the marks by which nobody who was erased comes back."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from pydantic import BaseModel, Field

from footfall.schemas.site import SITE_ID

ERASURE_ID = r"^[0-9a-f]{32}$"
ErasureState = Literal["running", "done"]


class Tombstone(TypedDict):
    """One document of `tombstones`: an id whose person was erased, as a keyed digest, and by which erasure."""

    _id: str
    site_id: str
    erasure_id: str
    at: datetime


class ErasureStatus(TypedDict):
    """How far an erasure is: `passes` over all stores are done, and `erased` of each store so many things."""

    erasure_id: str
    state: ErasureState
    asked_at: datetime
    passes: int
    erased: dict[str, int]
    done_at: NotRequired[datetime]


class ErasureDocument(ErasureStatus):
    """One document of `erasures`.

    `ids` are all that the person was seen under, `shared` those visitors who are somebody else too, and `texts` what
    else they are told apart by; with `days`, whose figures change, they go when it is done. `due_at` is when the next
    pass is made, and `gone_at` when the first had ended, of one that is running.
    """

    _id: str
    site_id: str
    ids: NotRequired[list[str]]
    shared: NotRequired[list[str]]
    texts: NotRequired[list[str]]
    days: NotRequired[list[str]]
    due_at: NotRequired[datetime]
    gone_at: NotRequired[datetime]


class ErasureToAsk(BaseModel):
    """Whom to erase: a customer's or a visitor's id."""

    site_id: str = Field(pattern=SITE_ID)
    person_id: str


class ErasureToMake(BaseModel):
    """Which erasure to go on with."""

    site_id: str = Field(pattern=SITE_ID)
    erasure_id: str = Field(pattern=ERASURE_ID)


class AskedErasure(TypedDict):
    """The erasure that was begun, or that of the same person before."""

    erasure_id: str
