"""`footfall simulate`: simulates a shop's traffic from a seed, and sends it as browsers would or writes it out."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.client import Client, CliError, SiteId, To, WriteKey, reporting_errors, sending_client_of
from cli.lines import print_line
from cli.traffic.sender import Sent, send_batches
from cli.traffic.shop import Batch, Plan, traffic


def simulate(
    days: Annotated[int, typer.Option(min=1, max=3_660, help="Days of traffic.")] = 30,
    visitors_per_day: Annotated[int, typer.Option(min=1, max=1_000_000, help="Average number of visits a day.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed, dates and size give the same events, to the byte.")] = 7,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day. Default: yesterday (UTC).")
    ] = None,
    to: To = None,
    write_key: WriteKey = None,
    site: SiteId = None,
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write the events to this file and send nothing; - is stdout."),
    ] = None,
) -> None:
    """Simulate a shop's traffic and send it, or write it to a file.

    The same seed gives the same events: sending them again stores nothing twice.
    `footfall send` sends a file that was written with --out.

    For example: footfall simulate --days 7 --visitors-per-day 100
    """
    plan = plan_of(days, visitors_per_day, seed, until.date() if until else None)
    with reporting_errors("simulate"):
        if out:
            _write(plan, out)
            return
        with sending_client_of(to, write_key, site) as client:
            send_traffic(plan, client, Console())


def plan_of(days: int, visitors_per_day: int, seed: int, last: date | None = None) -> Plan:
    """Returns a plan of so many days up to `last`; without it up to yesterday (UTC), so that every day is over."""
    last = last or datetime.now(UTC).date() - timedelta(days=1)
    return Plan(seed, last - timedelta(days=days - 1), last, visitors_per_day)


def send_traffic(plan: Plan, client: Client, console: Console) -> Sent:
    """Send a plan's traffic to collect with a progress bar, and return what became of it; raises CliError."""
    began = time.perf_counter()
    with _progress(console) as progress:
        sent = send_batches(traffic(plan), client, _advance(progress, plan))
    seconds = time.perf_counter() - began
    console.print(f"{sent.accepted:,} events accepted in {seconds:.1f} s ({sent.accepted / seconds:,.0f} events/s)")
    if sent.refused:
        print_line(console, f"{sent.refused:,} events refused; reason of the first: {sent.reason}", style="yellow")
    return sent


def _write(plan: Plan, out: Path) -> None:
    messages = Console(stderr=True)
    with _progress(messages) as progress:
        if str(out) == "-":
            events = _write_lines(plan, sys.stdout, _advance(progress, plan))
        else:
            with _created(out) as file:
                events = _write_lines(plan, file, _advance(progress, plan))
    messages.print(f"{events:,} events written to {'stdout' if str(out) == '-' else out}")


def _created(out: Path) -> TextIO:
    try:
        return out.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise CliError(f"{out} cannot be written: {error.strerror}") from None


def _write_lines(plan: Plan, file: TextIO, advance: Callable[[Batch], None]) -> int:
    events = 0
    for batch in traffic(plan):
        file.writelines(_lines(batch))
        events += len(batch.events)
        advance(batch)
    return events


def _lines(batch: Batch) -> Iterator[str]:
    for event in batch.events:
        yield json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("Simulating"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        console=console,
    )


def _advance(progress: Progress, plan: Plan) -> Callable[[Batch], None]:
    task = progress.add_task("", total=len(plan.days) * plan.visitors_per_day, events=0, rate=0.0)
    began = time.perf_counter()

    def advance(batch: Batch) -> None:
        events = progress.tasks[task].fields["events"] + len(batch.events)
        progress.update(task, advance=1, events=events, rate=events / (time.perf_counter() - began))

    return advance
