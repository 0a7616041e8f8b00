"""What travels through the queues."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

IMPORT_SOURCE = "import:"
"""How the source of a message begins that an import made; the import's id follows."""


class Span(BaseModel):
    """A stretch of one visitor's time whose sessions are to be recomputed."""

    visitor_id: str
    since: datetime
    until: datetime


class EventsMessage(BaseModel):
    """One message of the events queue: a batch of events of one site, as they came, and how they came.

    The sweeper sends no events but `recheck`: whose sessions to recompute.
    """

    version: Literal[1] = 1
    site_id: str
    source: str
    received_at: datetime
    ip: str | None = None
    user_agent: str | None = None
    events: list[dict[str, Any]] = []
    recheck: list[Span] = []


class SessionSummary(BaseModel):
    """A session as announced to the live view; `conversion_value` in minor units."""

    session_id: str
    visitor_id: str
    person_id: str
    device: str
    started_at: datetime
    ended_at: datetime
    last_page: str | None
    last_event: str
    events: int
    converted: bool
    conversion_value: int


class SessionsMessage(BaseModel):
    """One message of the sessions topic: whose behaviour changed, and which sessions are live."""

    version: Literal[1] = 1
    site_id: str
    person_ids: list[str]
    sessions: list[SessionSummary]
