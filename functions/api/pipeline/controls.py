"""The controls of the pipeline: receipts, quarantine and replay, dead letters, runs by hand, clean-up."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from footfall.days import Moment
from footfall.http.app import AdminSite, MayAdminister, Operator, ReadSite
from footfall.http.audit import AuditedRoute
from footfall.questions import flagged, quarantine, receipt, recent_sessions
from footfall.questions.queues import QueueName
from footfall.schemas.cleanup import Cleanup
from footfall.schemas.restoring import Restored

from .drain import MOST_MESSAGES, EtlRun, drain
from .jobs import RestoreQuestion, Started, clean_up, restore, start_jobs
from .redrive import Redriven, redrive
from .replay import ReplayCommand, Replaying, replay
from .reprocess import Reprocessing, reprocess

router = APIRouter(route_class=AuditedRoute)


@router.get("/collect/receipts/{event_id}", summary="What became of an event")
def get_receipt(
    site_id: ReadSite, event_id: Annotated[str, Path(max_length=128, description="As collect answered it")]
) -> receipt.Receipt:
    """Returns what became of an event: `queued stored duplicate quarantined unknown`.

    `queued` says that it is not here yet while something waits: nobody can look into a queue, so an id that was never
    sent is `queued` too until the queue is empty. Right after a 202 it may be `unknown` for a moment, since SQS counts
    its messages with some delay. An id of another site is unknown here.
    """
    return receipt.answer(site_id, receipt.ReceiptQuestion(event_id=event_id))


@router.get("/etl/quarantine", summary="What was quarantined, and why")
def get_quarantine(
    site_id: ReadSite,
    may_administer: MayAdminister,
    question: Annotated[quarantine.QuarantineQuestion, Query()],
) -> quarantine.Quarantine:
    """Returns every reason with its counts, and a page of what was quarantined.

    `original` is shown to keys with the scope admin, as it may tell of people.
    """
    return quarantine.answer(site_id, question, originals=may_administer)


@router.get("/etl/flagged", summary="Events that were not read as they were sent")
def get_flagged(site_id: ReadSite, question: Annotated[flagged.FlaggedQuestion, Query()]) -> flagged.Flagged:
    """Returns every flag with its count, and a page of the events that were not read as they were sent."""
    return flagged.answer(site_id, question)


@router.post("/etl/replay", status_code=202, summary="Read quarantined inputs again")
def replay_quarantine(site_id: AdminSite, command: Annotated[ReplayCommand, Query()]) -> Replaying:
    """Have quarantined inputs read again, from their original bytes, by the parser of today; returns how many.

    What it can read now is stored as if it came the first time, and marked `replayed`; what it still refuses keeps its
    reason and counts an attempt. To replay twice changes nothing. Rows of an import are read with all the other waiting
    rows that make up the same event; an event that was stored without them meanwhile stays as it is, and the new one is
    quarantined as an `id_conflict`.
    """
    return replay(site_id, command)


@router.post("/etl/redrive", summary="Put dead letters back into their queue")
def redrive_dead_letters(
    caller: Operator,
    queue: Annotated[QueueName, Query(description="Whose dead letters to put back")],
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many at most")] = 1_000,
) -> Redriven:
    """Put messages that were given up after five attempts back into their queue, those of every site.

    Returns how many. Each is sent before it is deleted, so none is lost; what is processed twice changes nothing. Only
    the operator may.
    """
    return redrive(queue, limit)


@router.post("/etl/run", status_code=202, summary="Start what waits for a schedule")
def run(site_id: AdminSite) -> Started:
    """Start the sweeper of the site's sessions, and the rollup of its stale days; returns what was started.

    The events queue needs nobody: its function takes messages as they come.
    """
    return start_jobs(site_id)


@router.post("/etl/run-sync", summary="Process the events queue while you wait")
def run_and_wait(
    caller: Operator,
    batch_size: Annotated[
        int, Query(ge=1, le=MOST_MESSAGES, description="Messages at most; each holds up to 500 events")
    ] = 10,
) -> EtlRun:
    """Process messages of the events queue now, those of every site; returns how long each step took.

    Only the operator may.
    """
    return drain(batch_size)


@router.post("/etl/process/{event_type}", status_code=202, summary="Derive everything anew from stored events")
def process_type(
    site_id: AdminSite,
    event_type: Annotated[str, Path(description="One of the types that `/events/count` names")],
    since: Annotated[Moment | None, Query(description="Only events that happened then or later")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many events at most, the newest first")] = 1_000,
) -> Reprocessing:
    """Derive people, sessions, orders and daily figures anew from stored events of a type; returns how many events.

    An unknown type is a 404.
    """
    return reprocess(site_id, event_type, since, limit)


@router.post("/etl/cleanup", summary="Remove what is old")
def cleanup(
    site_id: AdminSite,
    retention_days: Annotated[int, Query(ge=1, le=36_500, description="How many days of events to keep")],
    confirm: Annotated[bool, Query(description="Remove it; else it is only told what would be removed")] = False,
) -> Cleanup:
    """Returns how many events, sessions, texts of feedback and replayed inputs are older; removes them if confirmed.

    Orders, people and daily figures stay. Nothing that is unprocessed is removed: neither what waits in quarantine, nor
    days whose figures wait to be recomputed.
    """
    return clean_up(site_id, retention_days, dry_run=not confirm)


@router.post("/etl/lake/restore", summary="Store archived days again")
def restore_archived(site_id: AdminSite, question: Annotated[RestoreQuestion, Query()]) -> Restored:
    """Have the events of archived days stored in MongoDB again, of the days that the site's `hot_days` keep.

    Returns how far that is: ask again until nothing is missing. Every answer is the same before, meanwhile and after;
    a day's archive goes with the next clean-up once its events are there. `footfall lake restore` does all of it.
    """
    return restore(site_id, question)


@router.get("/etl/recent-sessions", summary="The newest sessions")
def get_recent_sessions(
    site_id: ReadSite, question: Annotated[recent_sessions.RecentSessionsQuestion, Query()]
) -> recent_sessions.RecentSessions:
    """Returns the newest sessions by their start, bots among them."""
    return recent_sessions.answer(site_id, question)
