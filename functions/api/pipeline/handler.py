"""api/pipeline: how the pipeline is doing, what it holds, and its controls."""

from typing import Annotated

from fastapi import Query, Response
from footfall.days import Day
from footfall.http.app import AdminSite, ReadSite, as_lambda, create_app
from footfall.questions import event_counts, health, pipeline_status, recent_events

from . import controls
from .jobs import RollupStarted, start_rollup

app = create_app("pipeline")
app.include_router(controls.router)


@app.get(
    "/api/health",
    responses={503: {"model": health.Health, "description": "Something that is needed does not answer"}},
)
def get_health(site_id: ReadSite, response: Response) -> health.Health:
    """Whether MongoDB, SQS, Redis and Milvus answer and how fast, what waits, and the site's last training.

    503 when something that is needed does not answer.
    """
    found = health.answer(site_id)
    if found.status == "unavailable":
        response.status_code = 503
    return found


@app.get("/events/count")
def count_events(site_id: ReadSite) -> event_counts.EventCounts:
    """How many events are stored, exactly, by type."""
    return event_counts.answer(site_id)


@app.get("/events/recent")
def get_recent_events(
    site_id: ReadSite, question: Annotated[recent_events.RecentEventsQuestion, Query()]
) -> recent_events.RecentEvents:
    """The newest events by the time they happened, the newest first."""
    return recent_events.answer(site_id, question)


@app.get("/etl/status")
def get_status(site_id: ReadSite) -> pipeline_status.EtlStatus:
    """How far the pipeline is from event to answer: what waits, what is stored, and what became of all that came."""
    return pipeline_status.answer(site_id)


@app.post("/etl/calculate-daily-metrics", status_code=202)
def calculate_daily_metrics(
    site_id: AdminSite, target_date: Annotated[Day | None, Query(description="A day in the site's time zone")] = None
) -> RollupStarted:
    """Recompute a day's funnel and daily figures, or those of every stale day; `/etl/status` says when it is done."""
    return start_rollup(site_id, target_date)


handler = as_lambda(app)
