"""What jobs/retention answers."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class Removed(BaseModel):
    """How many documents were removed, or would be."""

    events: int = Field(default=0, description="stored events")
    user_sessions: int = Field(default=0, description="sessions")
    daily_sessions: int = Field(default=0, description="days' sessions as columns")
    feedback: int = Field(default=0, description="texts and ratings")
    lake_periods: int = Field(default=0, description="days and months of the lake")
    archived_days: int = Field(default=0, description="days of the archive")
    quarantine: int = Field(default=0, description="replayed inputs; what still waits is never removed")


class Cleanup(BaseModel):
    """What was older than so many days, and is gone."""

    dry_run: bool = Field(description="whether this only tells what would be removed")
    retention_days: int = Field(description="how many days of events are kept")
    before: datetime = Field(description="what happened before this midnight of the site was removed")
    removed: Removed
    kept_days: list[date] = Field(description="days that are kept, because their figures wait to be recomputed")
    complete: bool = Field(description="false when time ran out: ask again")


class Cleanups(BaseModel):
    """What was removed of each site that was asked for."""

    cleanups: list[Cleanup]
