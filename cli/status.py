"""`footfall status`: shows the state of a running Footfall in tables."""

from collections.abc import Iterable
from datetime import datetime

import typer
from rich.console import Console
from rich.table import Table

from cli.client import Json, Key, SiteId, To, client_of, for_site, reporting_errors
from cli.currencies import currency_warning
from cli.lines import print_line

UNAVAILABLE = 503
LEDGER = ("received", "stored", "duplicate", "quarantined", "waiting")
DAYS_SHOWN = 7


def status(to: To = None, key: Key = None, site: SiteId = None) -> None:
    """Show the state of a running Footfall: its dependencies, queues, collections and ledger.

    The exit code is 1 when a dependency that is needed does not answer.

    For example: footfall status
    """
    console = Console()
    with reporting_errors("status"), client_of(to, key, site) as client:
        health = client.get("/api/health", also=frozenset({UNAVAILABLE}))
        console.print(f"{client.url}: {health['status']}", style="green" if health["status"] == "ok" else "red")
        console.print(_dependencies(health["dependencies"]))
        if health["status"] == "unavailable":
            raise typer.Exit(1)
        pipeline = client.get("/etl/status")
        console.print(_queues(pipeline["queues"]))
        console.print(_collections(pipeline["collections"]))
        if pipeline["ledger"]:
            console.print(_ledger(pipeline["ledger"]))
        for line in _summary(pipeline, health, site):
            console.print(line, highlight=False)
        if warning := currency_warning(health, client.site_id):
            print_line(console, warning, style="yellow")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", header_style="dim")
    return table


def _dependencies(dependencies: Json) -> Table:
    table = _table("Dependencies", "", "answers", "in")
    for name, found in dependencies.items():
        fine = found["status"] == "ok"
        latency = f"{found['latency_ms']:.1f} ms" if found["latency_ms"] is not None else "-"
        table.add_row(name, "yes" if fine else "no" if found["needed"] else "no (not needed)", latency)
    return table


def _queues(queues: Json) -> Table:
    table = _table("Queues, in messages", "", "waiting", "in flight", "dead letters", "oldest")
    for name, found in queues.items():
        if found is None:
            table.add_row(name, "does not answer")
            continue
        age = f"{found['oldest_seconds']:.0f} s" if found["oldest_seconds"] is not None else "-"
        table.add_row(name, *(f"{found[count]:,}" for count in ("waiting", "in_flight", "dead_letters")), age)
    return table


def _collections(collections: Json) -> Table:
    table = _table("Collections", "", "documents")
    for name, count in collections.items():
        table.add_row(name, f"{count:,}")
    return table


def _ledger(ledger: Json) -> Table:
    # received = stored + duplicate + quarantined + waiting
    table = _table("Ledger, in events", "", *LEDGER)
    table.add_row("total", *(f"{ledger[part]:,}" for part in LEDGER))
    for found in ledger["by_day"][:DAYS_SHOWN]:
        table.add_row(found["day"], *(f"{found[part]:,}" for part in LEDGER))
    return table


def _summary(pipeline: Json, health: Json, site: str | None) -> Iterable[str]:
    if pipeline["counted_at"]:
        yield f"Collections of more than 10,000 documents, but events: counted {_ago(pipeline['counted_at'])}"
    rollup = pipeline["latest_rollup"]
    made = f"computed {_ago(rollup['ran_at'])}" if rollup else "never computed"
    yield f"Daily figures: {made}, {pipeline['stale_days']:,} days to be recomputed"
    training = health["last_training"]
    never = f"never run (try `{for_site('footfall train', site)}`)"
    yield f"Training: {_training(training) if training else never}"


def _training(run: Json) -> str:
    return f"{run['state']}, started {_ago(run['started_at'])}"


def _ago(moment: str) -> str:
    seconds = (datetime.now().astimezone() - datetime.fromisoformat(moment)).total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} seconds ago"
