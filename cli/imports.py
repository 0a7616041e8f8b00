"""`footfall import`: files of a shop uploaded and followed until what they hold can be asked for."""

import gzip
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx
import typer
from footfall.errors import Unimportable
from footfall.imports.kind import Table
from footfall.imports.kinds import KINDS, check_unpacked
from footfall.imports.reader import read_table
from footfall.schemas.imports import ImportKind
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.client import Client, CliError, Json, Key, To, explained, follow

BLOCK = 256 * 1024
GZIP = b"\x1f\x8b"
UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
PROBLEMS_SHOWN = 5
AHEAD_SECONDS = 8.0
"""How often daily figures are asked for while events are still stored: most of their days are whole by then."""
ROLLUPS_ENOUGH = 4
NEXT = {
    "shop-funnel": "/api/funnel?from={first_day}&to={last_day}&breakdown=device",
    "orders": "/api/metrics",
    "events": "/events/recent",
}


@dataclass(frozen=True)
class LocalFile:
    """A file to upload, and the name it is uploaded under."""

    path: Path
    name: str
    size: int


def import_files(
    kind: Annotated[
        ImportKind, typer.Argument(help="shop-funnel (a folder of five tables), orders or events (a file).")
    ],
    path: Annotated[Path, typer.Argument(help="The folder or the file; .gz is fine.")],
    to: To = None,
    key: Key = None,
) -> None:
    """Import files of a shop, and return when what they hold can be asked for, daily figures included.

    shop-funnel: user_table.csv, home_page_table.csv, search_page_table.csv, payment_page_table.csv and
    payment_confirmation_table.csv. orders: a CSV file of order lines with the columns of UCI's Online Retail. events:
    one event as JSON on each line. Rows that cannot be read go to quarantine; importing a file again changes nothing.

    For example: footfall import shop-funnel ../shared/data/shop_funnel
    """
    console = Console()
    with explained("import"):
        files = files_of(kind, path)
        began = time.perf_counter()
        try:
            with Client(to, key) as client, progress_on(console) as progress:
                told = run_import(client, kind, files, progress)
        except KeyboardInterrupt:
            raise CliError("stopped watching; what was uploaded whole is imported all the same") from None
        _sum_up(console, client.url, told, time.perf_counter() - began)


def files_of(kind: ImportKind, path: Path) -> list[LocalFile]:
    """The files of an import, each looked into; raises CliError naming the one that is missing or no such table."""
    if not path.exists():
        raise CliError(f"there is no {path}")
    tables = KINDS[kind].tables
    if tables[0].name is None:
        return [_file(kind, tables[0], path)]
    if not path.is_dir():
        raise CliError(f"{path} is not a folder: {kind} is made of {', '.join(table.wanted for table in tables)}")
    return [_file(kind, table, _table_in(path, table)) for table in tables]


def _table_in(folder: Path, table: Table) -> Path:
    found = [path for path in sorted(folder.iterdir()) if table.fits(path.name)]
    if not found:
        raise CliError(f"{folder} has no {table.wanted} (or {table.wanted}.gz)")
    return found[0]


def _file(kind: ImportKind, table: Table, path: Path) -> LocalFile:
    if not path.is_file():
        raise CliError(f"{path} is not a file")
    if not table.fits(path.name):
        raise CliError(f"{path.name} is not a file that {kind} takes: {table.wanted}, also with .gz")
    try:
        _look_into(table, path)
    except (Unimportable, gzip.BadGzipFile, EOFError) as error:
        raise CliError(getattr(error, "detail", f"{path.name} is broken gzip")) from None
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}") from None
    return LocalFile(path, UNSAFE.sub("_", path.name), path.stat().st_size)


def _look_into(table: Table, path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    check_unpacked(path.name, start)
    with gzip.open(path) if start.startswith(GZIP) else path.open("rb") as stream:
        read_table(table, path.name, stream, 0)  # type: ignore[arg-type]


def run_import(client: Client, kind: ImportKind, files: list[LocalFile], progress: Progress) -> Json:
    """Upload files and wait until they are queryable; the answer is what catalog tells in the end."""
    announced = client.post(
        "/api/imports", {"kind": kind, "files": [{"name": file.name, "size": file.size} for file in files]}
    )
    _upload(announced, files, progress)
    told = _watch_rows(client, announced["import_id"], progress)
    _watch_figures(client, progress)
    return told


def _upload(announced: Json, files: list[LocalFile], progress: Progress) -> None:
    """Put each file where the answer says, and the manifest, which starts the import, last."""
    task = progress.add_task("Upload", total=sum(file.size for file in files), said="")
    by_name = {file.name: file for file in files}
    with httpx.Client(timeout=httpx.Timeout(60.0, connect=5.0)) as http:
        for upload in announced["uploads"]:
            if file := by_name.get(upload["name"]):
                _put(http, upload, _blocks(file, progress, task))
            else:
                _put(http, upload, json=_manifest(announced["kind"], files))


def _put(http: httpx.Client, upload: Json, content: Iterator[bytes] | None = None, json: Json | None = None) -> None:
    try:
        response = http.put(upload["url"], content=content, json=json, headers=upload["headers"])
    except httpx.HTTPError as error:
        raise CliError(f"{upload['name']} was not uploaded: {str(error) or type(error).__name__}") from None
    if response.is_error:
        raise CliError(f"{upload['name']} was not uploaded: the bucket answers {response.status_code}")


def _manifest(kind: ImportKind, files: list[LocalFile]) -> Json:
    return {"kind": kind, "files": [file.name for file in files]}


def _blocks(file: LocalFile, progress: Progress, task: TaskID) -> Iterator[bytes]:
    with file.path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block
            progress.advance(task, len(block))
            progress.update(task, said=f"{progress.tasks[task].completed / 1e6:,.1f} MB")


def _watch_rows(client: Client, import_id: str, progress: Progress) -> Json:
    """Follow an import until every row is dealt with and every event of it is stored."""
    rows, events = (progress.add_task(name, total=None, said="") for name in ("Rows", "Events"))
    told: Json = {}
    asked = time.monotonic()
    look = partial(client.get, f"/api/imports/{import_id}")
    for told in follow(look, _is_over, f"import {import_id}"):
        dealt_with = told["rows_sent"] + told["rows_repeated"] + told["rows_quarantined"]
        stored = told["events_stored"] + told["events_refused"]
        total = told["rows_read"] if told["rows_sent"] or told["state"] == "done" else None
        progress.update(
            rows, completed=dealt_with, total=total, said=f"{told['rows_read']:,} read, {dealt_with:,} done"
        )
        if stored and time.monotonic() - asked > AHEAD_SECONDS:
            client.post("/etl/calculate-daily-metrics")
            asked = time.monotonic()
        total = told["events_sent"] if told["state"] == "done" else None
        progress.update(events, completed=stored, total=total, said=f"{told['events_sent']:,} sent, {stored:,} stored")
    if told["state"] == "failed":
        raise CliError(f"import {import_id} failed: {told['error']}")
    return told


def _is_over(told: Json) -> bool:
    stored = told["events_stored"] + told["events_refused"]
    return told["state"] == "failed" or bool(told["state"] == "done" and stored >= told["events_sent"])


def _watch_figures(client: Client, progress: Progress) -> None:
    """Have daily figures recomputed, and wait until they are.

    Where live traffic makes days stale all the time, four rollups from now on are enough: of those asked for ahead two
    or three may be at work still, and the fourth one began after the import's events were stored.
    """
    task = progress.add_task("Daily figures", total=None, said="")
    rollups = {_last_rollup(client.get("/etl/status"))}
    client.post("/etl/calculate-daily-metrics")

    def is_done(status: Json) -> bool:
        rollups.add(_last_rollup(status))
        return status["stale_days"] == 0 or len(rollups) > ROLLUPS_ENOUGH

    days = 0
    for status in follow(partial(client.get, "/etl/status"), is_done, "recomputing daily figures"):
        days = max(days, status["stale_days"])
        done = days - status["stale_days"]
        progress.update(task, completed=done, total=max(days, 1), said=f"{done:,} of {days:,} days")
    progress.update(task, completed=max(days, 1))


def _last_rollup(status: Json) -> str | None:
    return (status["latest_rollup"] or {}).get("ran_at")


def progress_on(console: Console) -> Progress:
    """A progress display with what was said of each task."""
    return Progress(
        TextColumn("{task.description:<13}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
        console=console,
    )


def _sum_up(console: Console, url: str, told: Json, seconds: float) -> None:
    """What became of the rows, what was wrong with the first bad ones, and what to ask now."""
    say = partial(console.print, soft_wrap=True, highlight=False, markup=False)
    say(f"{told['rows_read']:,} rows read in {seconds:.1f} s ({told['rows_read'] / seconds:,.0f} rows/s)")
    say(f"  {told['rows_sent']:,} imported as {told['events_stored']:,} events, which can be asked for now")
    if told["rows_repeated"]:
        say(f"  {told['rows_repeated']:,} said what an earlier row says")
    if told["events_refused"]:
        say(f"  {told['events_refused']:,} events could not be stored: they are in quarantine", style="yellow")
    if told["rows_quarantined"]:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in told["reasons"].items())
        say(f"  {told['rows_quarantined']:,} in quarantine ({reasons}), such as", style="yellow")
        for found in told["problems"][:PROBLEMS_SHOWN]:
            say(f"    {found['file']} line {found['line']}: {found['detail']} ({found['reason']})", style="yellow")
    question = NEXT[told["kind"]].format(**told)
    say(f"Now try\n  curl -H \"X-Api-Key: $FOOTFALL_KEY\" '{url}{question}'")
    if told["kind"] == "orders":
        say("  footfall train    # customers' segments and values")
