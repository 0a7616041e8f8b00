"""api/pipeline: how the pipeline is doing, what it holds, and its controls."""

from typing import Annotated

from fastapi import Depends, Query, Response
from footfall.days import Day
from footfall.errors import Unavailable
from footfall.http.app import AdminSite, ReadSite, as_lambda, create_app, no_body
from footfall.schemas.operations import (
    EtlStatus,
    EventCounts,
    Health,
    RecentEvents,
    RollupStarted,
)
from footfall.stores.mongo import answering

from . import controls, queries
from .health import health_of
from .jobs import start_rollup
from .waiting import queues_now

app = create_app("pipeline", [Depends(no_body)])
app.include_router(controls.router)


@app.get("/api/health", responses={503: {"model": Health, "description": "Something that is needed does not answer"}})
def health(site_id: ReadSite, response: Response) -> Health:
    """Whether MongoDB, SQS, Redis and Milvus answer and how fast, what waits, and the site's last training.

    503 when something that is needed does not answer.
    """
    found = health_of(site_id)
    if found.status == "unavailable":
        response.status_code = 503
    return found


@app.get("/events/count")
def count_events(site_id: ReadSite) -> EventCounts:
    """How many events are stored, exactly, by type."""
    with answering():
        return queries.event_counts(site_id)


@app.get("/events/recent")
def recent_events(
    site_id: ReadSite, limit: Annotated[int, Query(ge=1, le=100, description="How many at most")] = 20
) -> RecentEvents:
    """The newest events by the time they happened, the newest first."""
    with answering():
        events = queries.recent_events(site_id, limit)
    return RecentEvents(events=events, count=len(events))


@app.get("/etl/status")
def etl_status(site_id: ReadSite) -> EtlStatus:
    """How far the road from event to answer is: what waits, what is stored, and what became of all that came."""
    queues = queues_now()
    if queues.events is None:
        raise Unavailable("SQS does not answer")
    with answering():
        return EtlStatus(
            queues=queues,
            collections=queries.collection_counts(site_id),
            stale_days=queries.stale_days(site_id),
            latest_rollup=queries.latest_rollup(site_id),
            ledger=queries.ledger(site_id),
        )


@app.post("/etl/calculate-daily-metrics", status_code=202)
def calculate_daily_metrics(
    site_id: AdminSite, target_date: Annotated[Day | None, Query(description="A day in the site's time zone")] = None
) -> RollupStarted:
    """Recompute a day's funnel and daily figures, or those of every stale day; `/etl/status` says when it is done."""
    start_rollup(site_id, target_date)
    return RollupStarted(target_date=target_date)


handler = as_lambda(app)
