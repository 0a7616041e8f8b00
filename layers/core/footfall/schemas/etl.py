"""What operations answers about the road's work: receipts, quarantine, replays, and what was set in motion."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from footfall.schemas.quarantine import Stage

QueueName = Literal["imports", "events", "realtime", "vectors"]
ReceiptStatus = Literal["queued", "stored", "duplicate", "quarantined", "unknown"]
QuarantineState = Literal["waiting", "replayed"]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("a moment before the year 1 or after 9999 in UTC") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment in ISO 8601; without an offset it is UTC, and a day alone is its midnight."""


class Receipt(BaseModel):
    """What became of one event.

    `stored`: it is in the store. `duplicate`: it is, and it came again, which changed nothing. `quarantined`: it was
    set aside for `reason`. `queued`: it is not here yet, while the road still holds messages that nobody can look into,
    so it may be in one of them. `unknown`: it is not here, and nothing is on its way.
    """

    event_id: str
    status: ReceiptStatus
    timestamp: datetime | None = Field(default=None, description="when it happened, the sender's clock corrected")
    received_at: datetime | None = None
    stored_at: datetime | None = None
    repeated_at: datetime | None = Field(default=None, description="when it came again for the first time")
    reason: str | None = Field(
        default=None, description="why it, or something else that was sent under its id, was set aside"
    )
    detail: str | None = None


class QuarantineReason(BaseModel):
    """How many inputs were set aside for one reason."""

    stage: Stage
    reason: str = Field(examples=["integer_too_large"])
    waiting: int = Field(description="that may be replayed")
    replayed: int = Field(description="that were read again with success")


class QuarantineOrigin(BaseModel):
    """Where a quarantined input came from, without its sender's address and user agent."""

    source: str | None = Field(default=None, description="`collect`, `import:` with an import's id, `events queue`")
    received_at: datetime | None = None
    import_id: str | None = None
    file: str | None = None
    line: int | None = None
    message_id: str | None = Field(default=None, description="of a message that was set aside whole")


class QuarantinedInput(BaseModel):
    """One input that was set aside; `detail` names fields, never values."""

    quarantine_id: str
    stage: Stage
    reason: str
    detail: str
    state: QuarantineState
    first_seen: datetime
    event_id: str | None = None
    origin: QuarantineOrigin
    attempts: int = Field(default=0, description="how many replays have failed")
    tried_at: datetime | None = None
    replayed_at: datetime | None = None
    original_bytes: int
    original: str | None = Field(description="its first 4,000 characters, for keys with the scope admin; else null")


class Replaying(BaseModel):
    """What a replay reads again; `/etl/quarantine` tells what came of it."""

    dry_run: bool
    matching: int = Field(description="inputs in quarantine that were asked for")
    selected: int = Field(description="of which so many are read again now, those first that have waited longest")
    reasons: dict[str, int] = Field(description="the selected ones by reason", examples=[{"integer_too_large": 12}])
    messages: int = Field(description="messages that ask for it: to etl/events, and one for each import to etl/imports")
    seconds: float = Field(description="how long it takes at this rate until the last of them is read")


class Redriven(BaseModel):
    """Dead letters that were put back into their queue."""

    queue: QueueName
    moved: int
    left: int = Field(description="about so many are left; ask again")


class Started(BaseModel):
    """Jobs that were started instead of waiting for their schedules."""

    status: Literal["started"] = "started"
    jobs: list[str] = Field(examples=[["sweep", "rollup"]])
    queued: int = Field(description="messages in the events queue, which its function is taking by itself")


class EtlStep(BaseModel):
    """One step of a run."""

    step_name: str
    records_processed: int = Field(description="messages that went through this step")
    execution_time: float = Field(description="in seconds")


class EtlRun(BaseModel):
    """What one run did; messages that failed come back within a minute."""

    steps: list[EtlStep]
    events: int = Field(description="events in the messages that were processed, of all sites")
    failed: int = Field(description="messages that could not be processed")
    left: int = Field(description="messages that still wait in the queue, about")


class Reprocessing(BaseModel):
    """Stored events from which sessions, people, orders and daily figures are being derived anew."""

    event_type: str
    events: int
    messages: int


class Removed(BaseModel):
    """How many documents were removed, or would be."""

    events: int = 0
    user_sessions: int = 0
    feedback: int = 0
    quarantine: int = Field(default=0, description="replayed inputs; what still waits is never removed")


class Cleanup(BaseModel):
    """What was older than so many days, and is gone."""

    dry_run: bool
    retention_days: int
    before: datetime = Field(description="what happened before this midnight of the site was removed")
    removed: Removed
    kept_days: list[date] = Field(description="days that are kept, because their figures wait to be recomputed")
    complete: bool = Field(description="false when time ran out: ask again")


class RecentSession(BaseModel):
    """One session, the newest state that is known of it."""

    session_id: str
    visitor_id: str
    user_id: str | None = None
    started_at: datetime
    ended_at: datetime
    duration: float = Field(description="in seconds")
    device: str
    country: str | None = None
    bot: bool
    events: int
    page_views: int
    pages_visited: list[str]
    entry_page: str | None = None
    exit_page: str | None = None
    converted: bool
    conversion_value: int = Field(description="in minor units of `currency`")
    currency: str | None = None
    bounce: bool


class RecentSessions(BaseModel):
    """The newest sessions by their start."""

    sessions: list[RecentSession]
    count: int
