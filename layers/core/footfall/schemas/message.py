"""What travels through the queues."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from footfall.schemas.imports import IMPORT_ID
from footfall.schemas.site import SITE_ID

COLLECT_SOURCE = "collect"
"""The source of a message that collect made of events sent with a write key, which anybody may have."""
API_KEY_SOURCE = "collect:secret"
"""The same of events sent with a secret API key, which only the shop has."""
IMPORT_SOURCE = "import:"
"""How the source of a message begins that an import made; the import's id follows."""


Text = Annotated[str, Field(max_length=16_384)]
"""Text that can be stored: with a limit, pydantic refuses halves of surrogate pairs too."""


class Span(BaseModel):
    """A stretch of one visitor's time whose sessions are to be recomputed."""

    visitor_id: Text
    since: datetime
    until: datetime


class ArchivedPart(BaseModel):
    """Some of an archived day's events, by their places in its file: from `first` on, before `end`."""

    key: Text
    first: int = Field(ge=0)
    end: int = Field(ge=0)


class EventsMessage(BaseModel):
    """One message of the events queue: a batch of events of one site, as they came, and how they came.

    `country` is what the gateway found the sender's to be. `message_id` stays the same however often the message is
    sent, moved or delivered; older ones have none. A message of a job or of api/pipeline brings no events:
    `recheck` says whose sessions to recompute, `reprocess` from which stored events (by event id) to derive everything
    anew, `replay` which quarantined inputs to read again, `reread` of which feedback (by event id) to read the text
    anew, and `restore` which archived events to store again. `stale` are days from which an erasure has removed
    something.
    """

    version: Literal[1] = 1
    message_id: str | None = Field(default=None, max_length=64)
    site_id: Text
    source: Text
    received_at: datetime
    ip: Text | None = None
    user_agent: Text | None = None
    country: Text | None = None
    accept_language: Text | None = None
    events: list[Any] = []
    recheck: list[Span] = []
    reprocess: list[Text] = []
    replay: list[Text] = []
    reread: list[Text] = []
    restore: list[ArchivedPart] = []
    stale: list[date] = []


class ContinueMessage(BaseModel):
    """Our own message of the imports queue: to carry on with an import, or to read rows of it again.

    `replay` names the rows as quarantine does.
    """

    version: Literal[1] = 1
    site_id: str = Field(pattern=SITE_ID)
    import_id: str = Field(pattern=IMPORT_ID)
    replay: list[str] | None = None


class LiveOrder(BaseModel):
    """A purchase that came of a live session; `total` in minor units of `currency`."""

    placed_at: datetime
    total: int
    currency: str


class LiveEvent(BaseModel):
    """An event as announced to the live view, without whose it is.

    `key` tells it from others: a digest of its id, in which a shop may have written whose it is.
    """

    key: str
    at: datetime
    type: str
    name: str | None
    page: str | None
    device: str
    country: str | None


class SessionSummary(BaseModel):
    """A session as announced to the live view; `conversion_value` in minor units.

    `path` is that of its last page, `source` what it is attributed to, `orders` its newest ones, `first_kinds` of
    which kinds its first twenty events were, and `first_seconds` how long after the first each was. What has a default
    was not told by an older version.
    """

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
    path: str | None = None
    source: str | None = None
    bot: bool = False
    orders: list[LiveOrder] = []
    first_kinds: list[str] = []
    first_seconds: list[float] = []
    computed_at: datetime = datetime.min.replace(tzinfo=UTC)

    @property
    def place(self) -> tuple[datetime, int, datetime, bool]:
        """What grows with each news of a session; a server may tell after its last event what came of it."""
        return self.ended_at, self.events, self.computed_at, self.converted


class SessionsMessage(BaseModel):
    """One message of the sessions topic: whose behaviour changed, which sessions are live, and the newest events."""

    version: Literal[1] = 1
    site_id: str
    person_ids: list[str]
    sessions: list[SessionSummary]
    events: list[LiveEvent] = []
