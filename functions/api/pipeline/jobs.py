"""The jobs that are run by hand: those that are started, and the clean-up, whose answer is waited for."""

from datetime import date
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.functions import invoke, start
from footfall.aws.queues import depth
from footfall.days import Day
from footfall.errors import FieldProblem, Invalid, Unavailable
from footfall.schemas.cleanup import Cleanup, Cleanups
from footfall.schemas.restoring import Restored
from footfall.settings import EventsQueueSettings, PipelineSettings, from_environment
from pydantic import BaseModel, ConfigDict, Field

CLEANUP_SECONDS = 15
MOST_DAYS = 62


class RollupStarted(BaseModel):
    """Daily figures are being recomputed; `/etl/status` says when no stale day is left."""

    status: Literal["started"] = "started"
    target_date: date | None = Field(description="the day asked for; null for every stale day of the site")


class Started(BaseModel):
    """Jobs that were started instead of waiting for their schedules."""

    status: Literal["started"] = "started"
    jobs: list[str] = Field(description="which were started", examples=[["sweep", "rollup"]])
    queued: int = Field(description="messages in the events queue, which its function is taking by itself")


def start_rollup(site_id: str, day: date | None) -> RollupStarted:
    """Have jobs/rollup recompute one day of a site, or every stale one; returns which, raises Unavailable."""
    command = {"site_id": site_id} | ({"date": day.isoformat()} if day else {})
    start(from_environment(PipelineSettings).rollup_function_name, command, "the rollup cannot be started")
    return RollupStarted(target_date=day)


def start_jobs(site_id: str) -> Started:
    """Start a site's jobs that else wait for their schedules; returns which, raises Unavailable."""
    try:
        queued = depth(from_environment(EventsQueueSettings).events_queue_url)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    start(from_environment(PipelineSettings).sweep_function_name, {"site_id": site_id}, "the sweeper cannot be started")
    start_rollup(site_id, None)
    return Started(jobs=["sweep", "rollup"], queued=queued["waiting"] + queued["in_flight"])


def clean_up(site_id: str, retention_days: int, *, dry_run: bool) -> Cleanup:
    """Have jobs/retention remove what is older, while the caller can wait; returns what, raises Unavailable."""
    command = {"site_id": site_id, "retention_days": retention_days, "dry_run": dry_run, "seconds": CLEANUP_SECONDS}
    function = from_environment(PipelineSettings).retention_function_name
    return invoke(function, command, Cleanups).cleanups[0]


class RestoreQuestion(BaseModel):
    """Which archived days to store again."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: Day = Field(alias="from", description="First day, counted, in the site's time zone")
    last: Day = Field(alias="to", description=f"Last day, counted; {MOST_DAYS} days at most")
    dry_run: bool = Field(default=False, description="Tell how far it is, and ask for nothing")


def restore(site_id: str, question: RestoreQuestion) -> Restored:
    """Have jobs/retention restore archived days; returns how far that is, raises Invalid, Unavailable."""
    if question.last < question.first:
        raise Invalid([FieldProblem("to", "is before `from`")])
    if (question.last - question.first).days >= MOST_DAYS:
        raise Invalid([FieldProblem("from", f"is more than {MOST_DAYS} days before `to`")])
    days = {"first": question.first.isoformat(), "last": question.last.isoformat()}
    command = {"site_id": site_id, "restore": days, "dry_run": question.dry_run, "seconds": CLEANUP_SECONDS}
    return invoke(from_environment(PipelineSettings).retention_function_name, command, Restored)
