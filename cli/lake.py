"""`footfall lake`: whether the lake holds what is stored, and archived days that are stored again; month by month."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import Progress, track

from cli.client import Client, Json, Key, SiteId, To, client_of, follow, reporting_errors
from cli.imports import progress_on
from cli.lines import counted, print_line

lake = typer.Typer(help="The lake: every event once more as columns in files.", no_args_is_help=True)
MONTH = timedelta(days=31)
SHOWN = 20
SAID = {
    "waits": "waits for the next rollup",
    "missing": "is missing",
    "differs": "has other events than are stored",
    "changed": "is not as it was written",
}
Day = Annotated[datetime | None, typer.Argument(formats=["%Y-%m-%d"])]
GivenDay = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])]
SUMS = ("days", "events", "missing", "conflicts", "cold_days", "damaged_days", "left")


@lake.callback()
def _commands() -> None:
    """Look after the lake."""


@lake.command()
def check(first: Day = None, last: Day = None, to: To = None, key: Key = None, site: SiteId = None) -> None:
    """Compare the lake with what is stored, from one day to another; without days, the last 30 that have data.

    The exit code is 1 when anything differs that the next rollup does not put right.

    For example: footfall lake check 2026-01-01 2026-03-31
    """
    console = Console()
    report = partial(print_line, console)
    with reporting_errors("lake check"), client_of(to, key, site) as client:
        found = list(_checked(client, console, first, last))
    days = [day for part in found for day in part["differing_days"]]
    files = [file for part in found for file in part["damaged_files"]]
    for day in days[:SHOWN]:
        report(f"{day['date']} {SAID[day['problem']]}: {day['in_lake']:,} events of {day['stored']:,}")
    for file in files[:SHOWN]:
        report(f"{file['key']} {SAID[file['problem']]}")
    sums = {name: sum(part[name] for part in found) for name in ("days", "events", "files", "bytes")}
    report(
        f"{sums['events']:,} events of {sums['days']:,} days compared; {sums['files']:,} files, {sums['bytes']:,} bytes"
    )
    wrong = [day for day in days if day["problem"] != "waits"]
    if not wrong and not files:
        report("The lake holds what is stored." if not days else f"{len(days):,} days wait for the next rollup.")
        return
    report(f"{len(wrong):,} days and {len(files):,} files are not right. To have a day written anew:")
    report('  curl -X POST "$FOOTFALL_URL/etl/calculate-daily-metrics?target_date=DAY" -H "X-Api-Key: $FOOTFALL_KEY"')
    raise typer.Exit(1)


def _checked(client: Client, console: Console, first: datetime | None, last: datetime | None) -> Iterator[Json]:
    if first is None and last is None:
        yield client.get("/etl/lake/check")
        return
    end = (last or datetime.now(UTC)).date()
    begin = first.date() if first else end - MONTH
    months = _months(begin, end)
    for each in track(months, "months", console=console, transient=True, disable=len(months) == 1):
        yield client.get(f"/etl/lake/check?{_range(*each)}")


def _months(begin: date, end: date) -> list[tuple[date, date]]:
    begins = [begin + MONTH * number for number in range((end - begin) // MONTH + 1)] if begin <= end else [begin]
    return [(each, min(each + MONTH - timedelta(days=1), end)) for each in begins]


def _range(first: date, last: date, **also: str) -> str:
    return urlencode({"from": first, "to": last, **also})


@lake.command()
def restore(
    first: GivenDay,
    last: GivenDay,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be stored again, and stop.")] = False,
    to: To = None,
    key: Key = None,
    site: SiteId = None,
) -> None:
    """Store the events of archived days in MongoDB again, and wait until they are there.

    It is for days that the site keeps there from now on: raise its
    hot_days before. Answers are the same before, meanwhile and after.
    The exit code is 1 when some days stay archived.

    For example: footfall lake restore 2025-01-01 2025-03-31 --dry-run
    """
    console = Console()
    report = partial(print_line, console)
    with reporting_errors("lake restore"), client_of(to, key, site) as client:
        months = _months(first.date(), last.date())
        told = _added(_asked(client, month, dry_run=True) for month in months)
        report(f"{told['missing']:,} of {counted(told['events'], 'event')} of {counted(told['days'], 'day')} to store")
        if not dry_run:
            with progress_on(console) as progress:
                told = _added(_restored(client, months, told["missing"], progress))
            report(f"{counted(told['events'], 'event')} of {counted(told['days'], 'day')} are stored again")
    for name, why in STAYING.items():
        if told[name]:
            report(f"{told[name]:,} {why}", style="yellow")
    if any(told[name] for name in STAYING):
        raise typer.Exit(1)


STAYING = {
    "cold_days": "archived days are older than the site's hot_days: raise them first",
    "damaged_days": "days stay archived: their files are missing or changed, as `footfall lake check` says",
    "conflicts": "events stay archived, and their days with them: other events came under their ids since",
    "left": "days were not looked at: there was no time",
}


def _asked(client: Client, month: tuple[date, date], *, dry_run: bool) -> Json:
    # what there is no time for is asked about day by day
    query = _range(*month, dry_run=str(dry_run).lower())
    found = client.post(f"/etl/lake/restore?{query}")
    if not found["left"] or month[0] == month[1]:
        return found
    days = [month[0] + timedelta(days=number) for number in range((month[1] - month[0]).days + 1)]
    return _added(_asked(client, (day, day), dry_run=dry_run) for day in days)


def _added(parts: Iterable[Json]) -> Json:
    found = list(parts)
    return {name: sum(part[name] for part in found) for name in SUMS}


def _restored(client: Client, months: Sequence[tuple[date, date]], missing: int, progress: Progress) -> Iterator[Json]:
    # one month after the other: what was asked for is there before more is
    task = progress.add_task("Events", total=max(missing, 1), status="")
    done = 0
    for month in months:
        there = _asked(client, month, dry_run=False)
        of_month = there["missing"]
        look = partial(_asked, client, month, dry_run=True)
        for there in follow(look, lambda told: told["missing"] == 0, "storing archived days again"):
            now = done + of_month - there["missing"]
            progress.update(task, completed=now, status=f"{now:,} of {missing:,}")
        done += of_month
        yield _asked(client, month, dry_run=False)  # which notes that all are there
    progress.update(task, completed=max(missing, 1))
