"""jobs/rollup: recomputes the daily figures of days that have changed, the one writer of them and of the ledger's sums.

`{}` (or a schedule's event) does every stale day of every site; `{"site_id", "date"}` does one day, stale or not.
Days that do not fit into the time stay marked for the next run.
"""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Literal

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.clock import now
from footfall.days import Day, DayRange, day_of, zone_named
from footfall.documents import note_documents
from footfall.funnels.steps import definition
from footfall.ledger import fold_ledger
from footfall.observability import logger, telling_codes
from footfall.schemas.funnel import RollupRun
from footfall.schemas.site import Site
from footfall.sites import find_site, get_site, site_ids
from footfall.stores.mongo import answering, database
from pydantic import BaseModel

from . import lake, queries, watermark
from .expired import known_before, recount
from .recompute import recompute
from .writing import DayRollup, note_run, replace_days, unmark

GUARD_MILLISECONDS = 10_000
SUMS: tuple[Literal["days", "events", "left", "people_unknown"], ...] = ("days", "events", "left", "people_unknown")


class Command(BaseModel):
    """Which days to do: all that are stale, or this one of this site."""

    site_id: str | None = None
    date: Day | None = None


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> dict[str, int]:
    """Recompute; returns what was done: sites, days, events, days left, milliseconds.

    Raises NotFound when the site asked for is not there.
    """
    started = time.monotonic()
    command = Command.model_validate(event)
    emptied = watermark.emptied_to()  # before any mark is read
    with answering():
        sites = _sites(command)
        runs = [_roll_up(site, command, emptied, lambda: _in_time(context)) for site in sites]
        for site in sites:
            fold_ledger(database(), site.site_id, now())
            if _in_time(context):
                note_documents(database(), site.site_id, now())
    sums: dict[str, int] = {name: sum(run[name] for run in runs) for name in SUMS}
    summary = {"sites": len(runs), **sums, "milliseconds": _milliseconds_since(started)}
    logger().info("rolled up", extra=summary)
    return summary


def _sites(command: Command) -> list[Site]:
    if command.site_id:
        return [get_site(database(), command.site_id)]
    # a site that goes away meanwhile is left out
    return [site for site_id in site_ids(database()) if (site := find_site(database(), site_id))]


def _roll_up(site: Site, command: Command, emptied: datetime | None, in_time: Callable[[], bool]) -> RollupRun:
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
