"""jobs/rollup: recomputes the daily figures of days that have changed, the one writer of them and of the ledger's sums.

`{}` (or a schedule's event) does every stale day of every site, in its share of the time; `{"site_id"}` those of one
site, and again while somebody asks for them; `{"site_id", "date"}` does one day, stale or not. Days that do not fit
into the time stay marked for the next run, which is started at once.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Literal, NamedTuple

from footfall.aws.functions import start
from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.clock import now
from footfall.days import Day, DayRange, day_of, zone_named
from footfall.documents import note_documents
from footfall.errors import FootfallError, Unavailable
from footfall.funnels.steps import definition
from footfall.ledger import fold_ledger
from footfall.observability import logger, telling_codes
from footfall.schemas.funnel import LastRun, RollupRun
from footfall.schemas.site import Site
from footfall.sites import find_site, get_site, site_ids
from footfall.stores.collections import rollups
from footfall.stores.mongo import UNAVAILABLE, answering, database
from pydantic import BaseModel
from pymongo.errors import ExecutionTimeout

from . import lake, queries, turns, watermark
from .expired import known_before, recount
from .recompute import recompute
from .writing import DayRollup, note_failure, note_run, replace_days, unmark

GUARD_MILLISECONDS = 10_000
MOST_STARTED = 12
"""So many runs start one another, and so many sites at once go on by themselves; the schedule does the rest. Lambda
ends a chain of 16 functions that start each other."""
SUMS: tuple[Literal["days", "events", "people_unknown"], ...] = ("days", "events", "people_unknown")
NEVER = datetime.min.replace(tzinfo=UTC)
InTime = Callable[[], bool]


class RollupsFailed(FootfallError):
    """Raised once all is done for the other sites."""

    title = "Rollups failed"


class Command(BaseModel):
    """Which days to do: all that are stale, or this one of this site; how many runs have started one another before."""

    site_id: str | None = None
    date: Day | None = None
    started: int = 0


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> dict[str, int]:
    """Recompute; returns what was done: sites, days, events, days left, milliseconds.

    Raises NotFound when the site asked for is not there. A site that fails is noted and skipped; RollupsFailed says
    that there was one once all others are done, so that the function's alarm rings.
    """
    started = time.monotonic()
    command = Command.model_validate(event)
    with answering():
        sites = _sites(command)
        failing: list[str] = []
        runs = _all_runs(sites, command, context, failing)
    done: dict[str, int] = {name: sum(run[name] for _, run in runs) for name in SUMS}
    left = sum({site_id: run["left"] for site_id, run in runs}.values())  # after the last run of each
    summary = {"sites": len(sites), **done, "left": left, "milliseconds": _milliseconds_since(started)}
    logger().info("rolled up", extra=summary)
    if failing:
        raise RollupsFailed(f"the rollups of {len(failing)} sites failed: /etl/status of each says how")
    return summary


def _sites(command: Command) -> list[Site]:
    if command.site_id:
        return [get_site(database(), command.site_id)]
    # a site that goes away meanwhile is left out
    sites = [site for site_id in site_ids(database()) if (site := find_site(database(), site_id))]
    ran = {run["site_id"]: run.get("ran_at", NEVER) for run in rollups.read(database(), LastRun, {})}
    return sorted(sites, key=lambda site: ran.get(site.site_id, NEVER))  # whom the time was too short for comes first


def _all_runs(
    sites: list[Site], command: Command, context: LambdaContext, failing: list[str]
) -> list[tuple[str, RollupRun]]:
    emptied = watermark.emptied_to()  # before any mark is read
    runs: list[tuple[str, RollupRun]] = []
    cut: list[str] = []
    for number, site in enumerate(sites):
        in_time = _share(context, len(sites) - number)
        done: list[_Done] = []
        with _failing_alone(site, failing):
            done += _runs(site, command, emptied, in_time, context)
            _add_up(site, context)
        runs += [(site.site_id, each.run) for each in done]
        if done and not in_time() and _goes_on(done, command):
            cut.append(site.site_id)
    if not command.date:
        _go_on(cut[:MOST_STARTED], command.started + 1, context)
    return runs


class _Done(NamedTuple):
    # one run, and whether somebody asked for another one since it began
    run: RollupRun
    asked: bool


def _goes_on(done: list[_Done], command: Command) -> bool:
    # what came no day further is left to the schedule
    return (done[-1].asked or done[-1].run["left"] > 0) and (
        not command.started or any(one.run["days"] for one in done)
    )


@contextmanager
def _failing_alone(site: Site, failing: list[str]) -> Iterator[None]:
    # what takes too long fails for the site that has it; a database that does not answer does so for all
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        if isinstance(error, UNAVAILABLE) and not isinstance(error, ExecutionTimeout):
            raise
        logger().exception("a site's rollup failed", extra={"site_id": site.site_id})
        failing.append(site.site_id)
        note_failure(site.site_id, type(error).__name__, now())


def _add_up(site: Site, context: LambdaContext) -> None:
    fold_ledger(database(), site.site_id, now())
    if _in_time(context):
        note_documents(database(), site.site_id, now())


def _share(context: LambdaContext, sites: int) -> InTime:
    # of the time that is left, as much as each of so many sites may have
    left = max(context.get_remaining_time_in_millis() - GUARD_MILLISECONDS, 0)
    ends = GUARD_MILLISECONDS + left * (sites - 1) // sites
    return lambda: context.get_remaining_time_in_millis() > ends


def _go_on(sites: list[str], started: int, context: LambdaContext) -> None:
    if started > MOST_STARTED:
        return
    for site_id in sites:
        try:
            start(context.invoked_function_arn, {"site_id": site_id, "started": started}, "Lambda does not answer")
        except Unavailable:
            logger().warning("the next rollup waits for its schedule", extra={"site_id": site_id})


def _runs(
    site: Site, command: Command, emptied: datetime | None, in_time: InTime, context: LambdaContext
) -> Iterator[_Done]:
    if command.date:  # asked for by hand, it is done beside what else is under way
        yield _Done(_roll_up(site, command, emptied, in_time), asked=False)
        return
    asked = True
    while asked and (turn := turns.take(site.site_id, context.aws_request_id)):
        done = _run_in_turn(turn, site, command, emptied, in_time)
        yield done
        asked = done.asked and in_time()
        emptied = watermark.emptied_to() if asked else None


def _run_in_turn(turn: turns.Turn, site: Site, command: Command, emptied: datetime | None, in_time: InTime) -> _Done:
    asked = False
    try:
        run = _roll_up(site, command, emptied, lambda: in_time() and turn.holds())
    finally:
        asked = turn.end()
    return _Done(run, asked)


def _roll_up(site: Site, command: Command, emptied: datetime | None, in_time: InTime) -> RollupRun:
    started = time.monotonic()
    received_to = watermark.received_to(site.site_id, emptied)
    marks = queries.marks_of(site.site_id)
    defined = queries.defined(site.site_id)
    dates = (
        {command.date.isoformat()} if command.date else {*marks, *_otherwise_defined(site, defined), *_missing(site)}
    )
    written: list[DayRollup] = []
    expired = known_before(site, dates, _first_kept(site))
    for part in chain(recount(site, expired, in_time), recompute(site, dates - expired, in_time)):
        columns = {date.fromisoformat(rollup.date): rollup.columns for rollup in part if rollup.columns}
        done = replace_days(site.site_id, part, lake.write(site, columns, anew=bool(command.date)))
        unmark(site.site_id, done, marks)
        written += [rollup.without_documents() for rollup in done]
    left = dates - {rollup.date for rollup in written}
    if in_time() and (closed := lake.close(site)):
        replace_days(site.site_id, [], closed)
    run = RollupRun(
        definition=definition(site) if not command.date and not left else defined,
        ran_at=now(),
        days=len(written),
        events=sum(rollup.events for rollup in written),
        left=len(left),
        people_unknown=sum(rollup.people_unknown for rollup in written),
        milliseconds=_milliseconds_since(started),
    )
    if received_to:
        run["received_to"] = received_to
        if not left and not command.date:
            run["complete_to"] = received_to
    note_run(site.site_id, run)
    return run


def _otherwise_defined(site: Site, defined: str | None) -> set[str]:
    # the site's time zone, currency or funnels have changed
    return set() if defined == definition(site) else queries.computed_otherwise(site.site_id, definition(site))


def _missing(site: Site) -> set[str]:
    # days that the lake does not hold, or as other columns
    ends = queries.first_and_last_event(site.site_id)
    if ends is None:
        return set()
    zone = zone_named(site.time_zone)
    days = DayRange(max(day_of(ends[0], zone), _first_kept(site)), day_of(ends[1], zone), zone)
    if days.last < days.first:  # all are older than the site keeps
        return set()
    return {day.isoformat() for day in days} - queries.in_the_lake(site)


def _first_kept(site: Site) -> date:
    # of a day before, some events may be removed
    if not site.retention_days:
        return date.min
    return day_of(now() - timedelta(days=site.retention_days), zone_named(site.time_zone)) + timedelta(days=1)


def _in_time(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() > GUARD_MILLISECONDS


def _milliseconds_since(started: float) -> int:
    return round(1000 * (time.monotonic() - started))
