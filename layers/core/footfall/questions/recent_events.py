"""The question which events happened last."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.schemas.event import EventDocument
from footfall.stores.collections import events
from footfall.stores.mongo import answering, database


class RecentEventsQuestion(BaseModel):
    """How many."""

    limit: int = Field(default=20, ge=1, le=100, description="How many at most")


class RecentEvent(BaseModel):
    """One stored event, without its sender's address and user agent."""

    event_id: str
    type: str = Field(description="what happened", examples=["pageview"])
    name: str | None = Field(default=None, description="an event's own name, where its type does not say it all")
    timestamp: datetime = Field(description="when it happened, the sender's clock corrected")
    received_at: datetime
    visitor_id: str
    user_id: str | None = None
    session_id: str | None = Field(default=None, description="what the client calls its session")
    page_type: str | None = Field(default=None, description="what kind of page it was on")
    path: str | None = Field(default=None, description="where in the shop")
    device: str
    bot: bool = Field(description="whether a program did it")
    source: str = Field(
        description="`collect`, `collect:secret` with an API key, or `import:` with the import's id",
        examples=["collect"],
    )


class RecentEvents(BaseModel):
    """The newest events by the time they happened."""

    events: list[RecentEvent]
    count: int = Field(description="how many are in this answer", examples=[20])


@answering()
def answer(site_id: str, question: RecentEventsQuestion) -> RecentEvents:
    """Returns the newest events by the time they happened, the newest first; raises Unavailable."""
    shown = dict.fromkeys(RecentEvent.model_fields, True)
    newest = events.of(database()).find({"site_id": site_id}, shown).sort("timestamp", -1).limit(question.limit)
    found = [_event(event) for event in newest]
    return RecentEvents(events=found, count=len(found))


def _event(event: EventDocument) -> RecentEvent:
    return RecentEvent(
        event_id=event["event_id"],
        type=event["type"],
        name=event.get("name"),
        timestamp=event["timestamp"],
        received_at=event["received_at"],
        visitor_id=event["visitor_id"],
        user_id=event.get("user_id"),
        session_id=event.get("session_id"),
        page_type=event.get("page_type"),
        path=event.get("path"),
        device=event["device"],
        bot=event["bot"],
        source=event["source"],
    )
