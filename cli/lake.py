"""`footfall lake check`: whether the lake holds what is stored, month by month."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import track

from cli.client import Client, Json, Key, SiteId, To, client_of, reporting_errors
from cli.lines import print_line

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
    months = [begin + MONTH * number for number in range((end - begin) // MONTH + 1)] if begin <= end else [begin]
    for month in track(months, "months", console=console, transient=True, disable=len(months) == 1):
        yield client.get(f"/etl/lake/check?{_range(month, min(month + MONTH - timedelta(days=1), end))}")


def _range(first: date, last: date) -> str:
    return urlencode({"from": first, "to": last})
