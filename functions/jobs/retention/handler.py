"""jobs/retention: removes what is older than a site keeps, and nothing that is unprocessed.

`{}` (or a schedule's event) does every site that has `retention_days`, archives the days that sites no longer keep in
MongoDB (`hot_days`), and removes the files of the lake that others replaced; `{"site_id", "retention_days"}` does one
site, as `/etl/cleanup` asks for it; `{"site_id", "restore"}` has archived days stored again. Orders, people, customers,
daily figures and the ledger stay; of events that orders and traits are folded from, remnants.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.days import Day
from footfall.observability import logger, telling_codes
from footfall.schemas.erasure import ErasureToMake
from footfall.schemas.event import Json
from footfall.schemas.site import Site
from footfall.sites import find_site, get_site, site_ids
from footfall.stores.mongo import answering, database
from pydantic import BaseModel, Field

from .archive import archive_days
from .erasing import end_pass
from .lake import remove_replaced
from .removal import clean_up
from .restoring import drop_restored, restore_days

GUARD_SECONDS = 10


class Days(BaseModel):
    """The first and the last day of a range, both counted."""

    first: Day
    last: Day


class Command(BaseModel):
    """What to remove: of one site what is older than so many days, or of every site what it does not keep.

    With `restore` nothing is removed: archived days of one site are stored again. With `erasure`, the events of the
    person whom it is about are removed, and nothing else.
    """

    site_id: str | None = None
    retention_days: int | None = Field(default=None, ge=1)
    dry_run: bool = False
    seconds: float | None = Field(default=None, gt=0)
    restore: Days | None = None
    erasure: ErasureToMake | None = None


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> Json:
    """Remove; returns what was removed of each site, or how far archived days are stored again.

    What does not fit into the time is left to the next run.

    Raises NotFound when the site asked for is not there.
    """
    command = Command.model_validate(event)
    if command.erasure:
        with answering():
            end_pass(database(), command.erasure)
        return {"cleanups": []}
    left = context.get_remaining_time_in_millis() / 1000 - GUARD_SECONDS
    ends = time.monotonic() + min(command.seconds or left, left)
    if command.site_id and command.restore:
        return _restore(command.site_id, command.restore, command.dry_run, ends)
    with answering():
        cleanups = [
            clean_up(database(), site, days, command.dry_run, lambda: time.monotonic() < ends)
            for site, days in _sites(command)
        ]
        archived = sum(archive_days(database(), site, in_time) for site, in_time in _in_turn(_hot(command), ends))
        for site in _known(command):
            drop_restored(database(), site, lambda: time.monotonic() < ends)
        replaced = sum(
            remove_replaced(database(), site_id, lambda: time.monotonic() < ends) for site_id in _all(command)
        )
    answer = [cleanup.model_dump(mode="json") for cleanup in cleanups]
    logger().info("cleaned up", extra={"cleanups": answer, "archived_events": archived, "replaced_files": replaced})
    return {"cleanups": answer}


def _restore(site_id: str, days: Days, dry_run: bool, ends: float) -> Json:
    with answering():
        site, in_time = get_site(database(), site_id), partial(_is_before, ends)
        restored = restore_days(database(), site, days.first, days.last, dry_run, in_time).model_dump()
    logger().info("restored", extra={"site_id": site_id, **restored})
    return restored


def _all(command: Command) -> list[str]:
    # what is asked for by hand is the one site's events alone
    return [] if command.site_id else site_ids(database())


def _known(command: Command) -> list[Site]:
    found = (find_site(database(), site_id) for site_id in _all(command) if not command.dry_run)
    return [site for site in found if site]


def _hot(command: Command) -> list[Site]:
    return [site for site in _known(command) if site.hot_days]


def _in_turn(sites: Sequence[Site], ends: float) -> Iterator[tuple[Site, Callable[[], bool]]]:
    # each has its share of the time that is left, so that none waits for another's
    for number, site in enumerate(sites):
        share = (ends - time.monotonic()) / (len(sites) - number)
        yield site, partial(_is_before, time.monotonic() + share)


def _is_before(moment: float) -> bool:
    return time.monotonic() < moment


def _sites(command: Command) -> list[tuple[Site, int]]:
    if command.site_id:
        sites = [get_site(database(), command.site_id)]
    else:
        sites = [site for site_id in site_ids(database()) if (site := find_site(database(), site_id))]
    kept = [(site, command.retention_days or site.retention_days) for site in sites]
    return [(site, days) for site, days in kept if days]
