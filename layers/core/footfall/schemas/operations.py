"""What operations answers: how the road is doing, what it holds, and what was started."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from footfall.questions.models import TrainingRun


class Dependency(BaseModel):
    """One thing that Footfall stands on; without a `needed` one it does not work, without another less well."""

    status: Literal["ok", "unavailable"]
    needed: bool
    latency_ms: float | None = Field(description="how long it took to answer; null when it did not", examples=[1.4])


class QueueStatus(BaseModel):
    """What waits in a queue, in messages; one message holds up to 500 events."""

    waiting: int = Field(description="messages that nobody has taken yet", examples=[12])
    in_flight: int = Field(description="messages being worked on", examples=[2])
    oldest_seconds: float | None = Field(
        description="age of the oldest message as CloudWatch last saw it, at most some minutes ago; null when unseen"
    )
    dead_letters: int = Field(description="messages that were given up after five attempts", examples=[0])


class Queues(BaseModel):
    """Every queue of the road, in the order that data meets them; null when SQS does not answer."""

    imports: QueueStatus | None
    events: QueueStatus | None
    realtime: QueueStatus | None
    vectors: QueueStatus | None


class Connections(BaseModel):
    """How many of the connections that MongoDB takes are in use, by everything that uses it."""

    open: int = Field(examples=[42])
    most: int = Field(description="as many as there may be", examples=[1500])
    used: float = Field(description="share of them that are open, in percent", examples=[2.8])


class Health(BaseModel):
    """Whether Footfall works: `unavailable` without what it needs, `degraded` without the rest."""

    status: Literal["ok", "degraded", "unavailable"]
    timestamp: datetime
    dependencies: dict[str, Dependency]
    queues: Queues
    last_training: TrainingRun | None = Field(description="the site's newest training run; null when there was none")
    cache_hit_rate: float | None = Field(
        description="share of a week's lookups that found an answer, in percent; null when Redis does not answer",
        examples=[87.5],
    )
    mongodb_connections: Connections | None = Field(
        description="null when MongoDB does not answer, or does not tell this user (its role clusterMonitor may ask)"
    )


class EventCounts(BaseModel):
    """How many events the site has, bots among them."""

    total_events: int = Field(examples=[53405])
    by_type: dict[str, int] = Field(examples=[{"click": 4898, "pageview": 13597}])


class RecentEvent(BaseModel):
    """One stored event, without its sender's address and user agent."""

    event_id: str
    type: str = Field(examples=["pageview"])
    name: str | None = Field(default=None, description="an event's own name, where its type does not say it all")
    timestamp: datetime = Field(description="when it happened, the sender's clock corrected")
    received_at: datetime
    visitor_id: str
    user_id: str | None = None
    session_id: str | None = None
    page_type: str | None = None
    path: str | None = None
    device: str
    bot: bool
    source: str = Field(description="`collect`, or `import:` with the import's id", examples=["collect"])


class RecentEvents(BaseModel):
    """The newest events by the time they happened."""

    events: list[RecentEvent]
    count: int = Field(description="how many are in this answer", examples=[20])


class LedgerFigures(BaseModel):
    """Events that were read from the events queue, and what became of them: `received` is the sum of the rest."""

    received: int = Field(examples=[53_417])
    stored: int = Field(description="stored by their message; they count though they have expired since")
    duplicate: int = Field(description="here already, stored or quarantined, brought by another message")
    quarantined: int = Field(description="set aside with a reason; a message that cannot be read counts as one")
    waiting: int = Field(description="of messages that were opened and could not be processed: they come back")


class LedgerDay(LedgerFigures):
    """The events that were received on one day."""

    day: date = Field(description="the day in the site's time zone on which collect or the import received them")


class Ledger(LedgerFigures):
    """What became of every event that was ever read from the events queue.

    Messages that nobody has opened are not in it, since nobody knows whose events they hold: `queues` counts them.
    Rows that an import refused never were events: the import counts them.
    """

    by_day: list[LedgerDay] = Field(description="the newest 31 days on which anything was received, the newest first")


class LatestRollup(BaseModel):
    """The last time that daily figures of the site were recomputed."""

    ran_at: datetime
    days: int = Field(description="how many days were recomputed")
    events: int = Field(description="from how many events")
    milliseconds: int


class EtlStatus(BaseModel):
    """How far the road from event to answer is: with empty queues and no stale day, every answer is complete."""

    queues: Queues
    collections: dict[str, int] = Field(description="documents of the site in each collection")
    stale_days: int = Field(description="days whose figures wait to be recomputed")
    latest_rollup: LatestRollup | None
    ledger: Ledger | None = Field(description="null when adding it up takes longer than two seconds")


class RollupStarted(BaseModel):
    """Daily figures are being recomputed; `/etl/status` says when no stale day is left."""

    status: Literal["started"] = "started"
    target_date: date | None = Field(description="the day asked for; null for every stale day of the site")
