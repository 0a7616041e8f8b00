"""api/operations: how the road is doing, what it holds, and the levers; and the documentation of every function."""

from typing import Annotated

from fastapi import Depends, Query, Response
from fastapi.responses import HTMLResponse
from footfall.days import Day
from footfall.errors import NotFound, Unavailable
from footfall.http.app import PROBLEMS, AdminSite, ReadSite, as_lambda, create_app, no_body
from footfall.schemas.model import ModelName
from footfall.schemas.operations import (
    EtlStatus,
    EventCounts,
    Health,
    Models,
    ModelVersions,
    RecentEvents,
    RollupStarted,
    TrainingStarted,
)
from footfall.stores.mongo import answering

from . import caching, documentation, etl, queries, registry
from .health import health_of
from .levers import start_rollup, start_training
from .waiting import queues_now

CACHED = {"Cache-Control": "public, max-age=300"}

app = create_app("operations", [Depends(no_body)])
app.include_router(caching.router)
app.include_router(registry.router)
app.include_router(etl.router)


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


@app.post("/api/models/train", status_code=202, responses={409: {**PROBLEMS[422], "description": "A run is under way"}})
def train(site_id: AdminSite) -> TrainingStarted:
    """Train the site's models from what is stored now; `/api/models` says how the run goes."""
    return start_training(site_id)


@app.get("/api/models")
def models(site_id: ReadSite) -> Models:
    """The newest version of every model, and the newest training runs."""
    with answering():
        return Models(models=queries.newest_models(site_id), runs=queries.training_runs(site_id))


@app.get("/api/models/{name}")
def model(site_id: ReadSite, name: ModelName) -> ModelVersions:
    """The versions of one model, the newest first."""
    with answering():
        versions = queries.model_versions(site_id, name)
    if not versions:
        raise NotFound("this model was never published")
    return ModelVersions(name=name, versions=versions)


@app.get("/docs", response_class=HTMLResponse)
def docs() -> Response:
    """A page to read about every route and to try it."""
    page, policy = documentation.page()
    return HTMLResponse(page, headers={**CACHED, "Content-Security-Policy": policy})


@app.get("/openapi.json")
def openapi() -> Response:
    """This document: OpenAPI 3.1, merged over all functions."""
    return Response(documentation.document(), media_type="application/json", headers=CACHED)


handler = as_lambda(app)
