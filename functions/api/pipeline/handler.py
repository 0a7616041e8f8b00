"""api/pipeline: how the pipeline is doing, what it holds, and its controls."""

from typing import Annotated

from fastapi import Query, Response
from footfall.days import Day
from footfall.http.app import AdminSite, ReadSite, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.questions import event_counts, health, lake_check, pipeline_status, recent_events

from . import controls
from .jobs import RollupStarted, start_rollup

app = create_app("pipeline", AuditedRoute)
app.include_router(controls.router)


@app.get(
    "/api/health",
    summary="What answers, and what waits",
    responses={503: {"model": health.Health, "description": "Something that is needed does not answer"}},
)
def get_health(site_id: ReadSite, response: Response) -> health.Health:
    """Returns whether MongoDB, SQS, Redis and Milvus answer and how fast, what waits, and the site's last training.

    503 when something that is needed does not answer.
    """
    found = health.answer(site_id)
    if found.status == "unavailable":
        response.status_code = 503
    return found


@app.get("/events/count", summary="How many events there are")
def count_events(site_id: ReadSite) -> event_counts.EventCounts:
    """Returns how many events are stored, exactly, by type."""
    return event_counts.answer(site_id)


@app.get("/events/recent", summary="The newest events")
def get_recent_events(
    site_id: ReadSite, question: Annotated[recent_events.RecentEventsQuestion, Query()]
) -> recent_events.RecentEvents:
    """Returns the newest events by the time they happened, the newest first."""
    return recent_events.answer(site_id, question)


@app.get("/etl/status", summary="How far the pipeline is")
def get_status(site_id: ReadSite) -> pipeline_status.EtlStatus:
    """Returns what waits, what is stored, what became of all that came, and how far the daily figures are."""
    return pipeline_status.answer(site_id)


@app.get("/etl/lake/check", summary="Whether the lake is whole")
def check_lake(site_id: AdminSite, question: Annotated[lake_check.LakeCheckQuestion, Query()]) -> lake_check.LakeCheck:
    """Returns whether the lake has every event that is stored, and whether its files are as they were written.

    It reads all of both, so a month is asked for at a time; `footfall lake check` does so.
    """
    return lake_check.answer(site_id, question)


@app.post("/etl/calculate-daily-metrics", status_code=202, summary="Recompute daily figures")
def calculate_daily_metrics(
    site_id: AdminSite, target_date: Annotated[Day | None, Query(description="A day in the site's time zone")] = None
) -> RollupStarted:
    """Recompute a day's funnel and daily figures, or those of every stale day; returns which.

    `/etl/status` says when it is done.
    """
    return start_rollup(site_id, target_date)


handler = as_lambda(app)
