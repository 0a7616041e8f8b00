"""The question which events were not read as they were sent: every flag with its count, and a page of them."""

from datetime import datetime

from pydantic import BaseModel, Field
from pymongo.errors import ExecutionTimeout

from footfall.questions.index_values import values_of
from footfall.questions.keyed_list import COUNTED, KeyedAnswer, KeyedQuestion, newest
from footfall.schemas.paging import paged
from footfall.stores.collections import BY_FLAG, NEWEST_FLAGGED, events
from footfall.stores.mongo import Condition, Mongo, answering, database

MOST_MILLISECONDS = 2_000


class FlaggedQuestion(KeyedQuestion):
    """Which page of which events."""

    flag: str | None = Field(default=None, max_length=64, description="Only events with this flag")


class FlaggedEvent(BaseModel):
    """A stored event of which something was not read as it was sent; `flags` name the fields, never their values."""

    event_id: str
    type: str = Field(description="what happened")
    name: str | None = Field(default=None, description="an event's own name, where its type does not say it all")
    timestamp: datetime
    received_at: datetime
    source: str = Field(description="`collect`, or `import:` with an import's id")
    flags: list[str] = Field(description="what was not read as it was sent", examples=[["title_cut"]])


class Flagged(KeyedAnswer):
    """Every flag with the number of events that have it, and a page of those events, the newest first."""

    flags: dict[str, int] | None = Field(description="null when counting takes longer than two seconds")
    events: list[FlaggedEvent]
    total: int = Field(description=f"Events with the flag that was asked for, or with any; {COUNTED}")


@answering()
def answer(site_id: str, question: FlaggedQuestion) -> Flagged:
    """Returns every flag with its count and a page of events, the newest first; raises Unavailable."""
    wanted: Condition = {"site_id": site_id, "flags": question.flag or {"$exists": True}}
    index = BY_FLAG if question.flag else NEWEST_FLAGGED
    found = newest(database(), events, wanted, "timestamp", question, FlaggedEvent.model_fields, index)
    return Flagged(
        flags=flag_counts(database(), site_id),
        events=[FlaggedEvent.model_validate(event) for event in found.documents],
        next=found.next,
        **paged(question, found.total),
    )


def flag_counts(database: Mongo, site_id: str) -> dict[str, int] | None:
    """Returns how many events have each flag, exactly, by the index alone; None when it takes too long."""
    try:
        return {
            flag: events.count(database, {"site_id": site_id, "flags": flag}, max_milliseconds=MOST_MILLISECONDS)
            for flag in values_of(database, events, {"site_id": site_id}, "flags", BY_FLAG)
        }
    except ExecutionTimeout:
        return None
