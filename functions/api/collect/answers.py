"""What collect answers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class Rejected(BaseModel):
    """One event of a batch that was not taken: `code` for programs, `message` for people; never its values."""

    index: int = Field(description="place in the batch, from 0", examples=[3])
    event_id: str | None = Field(default=None, description="the event's own id, where it gave one")
    code: str = Field(description="for programs", examples=["invalid"])
    message: str = Field(description="for people; never its values", examples=["eventType: Field required"])


class Accepted(BaseModel):
    """Every accepted event is in the queue, durably, under the id named here."""

    status: Literal["accepted"] = "accepted"
    accepted: int = Field(description="how many events were taken", examples=[1])
    event_id: str | None = Field(default=None, description="the id of a single event")
    event_ids: list[str] | None = Field(default=None, description="the ids of a batch's accepted events, in order")
    rejected: list[Rejected] = []
    timestamp: datetime


class Success(BaseModel):
    """What an SDK hears: all that it sent is in the queue, and of what is not rejected all is stored.

    An SDK sends no event again because of its form, so rejected ones are kept in quarantine.
    """

    success: bool = Field(default=True, description="whether nothing is rejected")
    rejected: list[Rejected] | None = None


class Alive(BaseModel):
    """Whether events can be taken now."""

    status: Literal["ok", "unavailable"]
    timestamp: datetime
