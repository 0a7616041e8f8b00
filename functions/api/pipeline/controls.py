"""The levers of the road: receipts, quarantine and replay, dead letters, runs by hand, clean-up."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.dependencies.models import Dependant
from footfall.errors import FieldProblem, Invalid
from footfall.http.app import AdminSite, MayAdminister, Paged, ReadSite
from footfall.schemas.etl import (
    Cleanup,
    EtlRun,
    Moment,
    QuarantinedInput,
    QuarantineReason,
    QuarantineState,
    QueueName,
    Receipt,
    RecentSessions,
    Redriven,
    Replaying,
    Reprocessing,
    Started,
)
from footfall.schemas.paging import PagedAnswer, paged
from footfall.schemas.quarantine import Stage
from footfall.stores.mongo import answering

from . import quarantine, queries
from .drain import drain
from .jobs import clean_up, start_jobs
from .receipts import receipt_of
from .redrive import redrive
from .reprocess import reprocess


def only_known(request: Request) -> None:
    """A parameter that a lever does not know would be passed over, a misspelt `dry_run` too; raises Invalid."""
    known = _parameters(request.scope["route"].dependant)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise Invalid([FieldProblem(name, "is no parameter of this route") for name in unknown])


def _parameters(dependant: Dependant) -> set[str]:
    """The query parameters of a route and of all that it depends on."""
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_parameters(needed) for needed in dependant.dependencies))


router = APIRouter(dependencies=[Depends(only_known)])
Reason = Annotated[str | None, Query(max_length=64, description="Only inputs set aside for this reason")]
OfStage = Annotated[Stage | None, Query(description="Only events, or only rows of imports")]
Since = Annotated[Moment | None, Query(description="Only what was first seen then or later")]


class Quarantine(PagedAnswer):
    """What was set aside: every reason with its counts, and a page of inputs, the newest first."""

    reasons: list[QuarantineReason]
    items: list[QuarantinedInput]


@router.get("/collect/receipts/{event_id}")
def receipt(site_id: ReadSite, event_id: Annotated[str, Path(max_length=128)]) -> Receipt:
    """What became of an event: `queued stored duplicate quarantined unknown`.

    `queued` says that it is not here yet while something waits: nobody can look into a queue, so an id that was never
    sent is `queued` too until the queue is empty. Right after a 202 it may be `unknown` for a moment, since SQS counts
    its messages with some delay. An id of another site is unknown here.
    """
    return receipt_of(site_id, event_id)


@router.get("/etl/quarantine")
def list_quarantine(
    site_id: ReadSite,
    may_administer: MayAdminister,
    page: Paged,
    reason: Reason = None,
    stage: OfStage = None,
    since: Since = None,
    state: Annotated[QuarantineState, Query(description="Those that wait, or those replayed with success")] = "waiting",
) -> Quarantine:
    """What was set aside and why; `original` is shown to keys with the scope admin, as it may tell of people."""
    wanted = quarantine.Filter(reason, stage, since)
    with answering():
        total, items = quarantine.inputs(site_id, wanted, state, page, may_administer)
        return Quarantine(reasons=quarantine.reasons(site_id), items=items, **paged(page, total))


@router.post("/etl/replay", status_code=202)
def replay_quarantine(
    site_id: AdminSite,
    reason: Reason = None,
    stage: OfStage = None,
    since: Since = None,
    max_attempts: Annotated[
        int | None, Query(ge=0, le=1_000_000, description="Only inputs whose replays failed at most so often")
    ] = None,
    rate: Annotated[
        int, Query(ge=1, le=1000, description="Events a second; rows are read again import by import")
    ] = 100,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many inputs at most")] = 1_000,
    dry_run: Annotated[bool, Query(description="Tell what would be read again, and do nothing")] = False,
) -> Replaying:
    """Have quarantined inputs read again, from their original bytes, by the parser of today.

    What it can read now is stored as if it came the first time, and marked `replayed`; what it still refuses keeps its
    reason and counts an attempt. To replay twice changes nothing. Rows of an import are read with all the other waiting
    rows that make up the same event; an event that was stored without them meanwhile stays as it is, and the new one is
    set aside as an `id_conflict`.
    """
    wanted = quarantine.Filter(reason, stage, since, max_attempts)
    with answering():
        return quarantine.replay(site_id, wanted, rate, limit, dry_run)


@router.post("/etl/redrive")
def redrive_dead_letters(
    site_id: AdminSite,
    queue: Annotated[QueueName, Query(description="Whose dead letters to put back")],
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many at most")] = 1_000,
) -> Redriven:
    """Put messages that were given up after five attempts back into their queue, those of every site.

    Each is sent before it is deleted, so none is lost; what is processed twice changes nothing.
    """
    return redrive(queue, limit)


@router.post("/etl/run", status_code=202)
def run(site_id: AdminSite) -> Started:
    """Start what waits for a schedule: the sweeper, and the rollup of the site's stale days.

    The events queue needs nobody: its function takes messages as they come. `/etl/run-sync` takes them while you wait.
    """
    return start_jobs(site_id)


@router.post("/etl/run-sync")
def run_and_wait(
    site_id: AdminSite,
    batch_size: Annotated[int, Query(ge=1, le=100, description="Messages at most; each holds up to 500 events")] = 10,
) -> EtlRun:
    """Process messages of the events queue now, those of every site, and tell how long each step took."""
    return drain(batch_size)


@router.post("/etl/process/{event_type}", status_code=202)
def process_type(
    site_id: AdminSite,
    event_type: str,
    since: Annotated[Moment | None, Query(description="Only events that happened then or later")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many events at most, the newest first")] = 1_000,
) -> Reprocessing:
    """Derive people, sessions, orders and daily figures anew from stored events of a type; an unknown type is a 404."""
    with answering():
        return reprocess(site_id, event_type, since, limit)


@router.post("/etl/cleanup")
def cleanup(
    site_id: AdminSite,
    retention_days: Annotated[int, Query(ge=1, le=36_500, description="How many days of events to keep")],
    dry_run: Annotated[bool, Query(description="Tell what would be removed, and do nothing")] = False,
) -> Cleanup:
    """Remove events, sessions, feedback and replayed quarantine that are older; orders, people and daily figures stay.

    Nothing that is unprocessed is removed: neither what waits in quarantine, nor days whose figures wait to be
    recomputed.
    """
    return clean_up(site_id, retention_days, dry_run)


@router.get("/etl/recent-sessions")
def recent_sessions(
    site_id: ReadSite, limit: Annotated[int, Query(ge=1, le=100, description="How many at most")] = 20
) -> RecentSessions:
    """The newest sessions by their start, bots among them."""
    with answering():
        sessions = queries.recent_sessions(site_id, limit)
    return RecentSessions(sessions=sessions, count=len(sessions))
