"""`footfall import`: uploads files of a shop and waits until what they hold can be queried."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx
import typer
from footfall.schemas.imports import ImportKind, ReadingOptions
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.client import TRY_AGAIN, Client, CliError, Json, Key, SiteId, To, client_of, follow, for_site, reporting_errors
from cli.currencies import currency_warning
from cli.lines import counted, print_line

if TYPE_CHECKING:
    from footfall.imports.reader import Reader

    from cli.files import LocalFile

BLOCK = 256 * 1024
PROBLEMS_SHOWN = 5
REFUSED_SOME = 3
"""The exit code of an import that refused anything."""
ROLLUP_SECONDS = 8.0
"""How often a rollup is started while events are still being stored: most of their days are complete by then."""
ROLLUPS_ENOUGH = 2
"""Where live traffic makes days stale all the time: so many rollups that left no day, since one was asked for.
One may have been under way when it was, and there is never another beside it: the second began after that."""
NO_ZONE = "times without an offset are shown in UTC: no Footfall answers that knows the site's time zone"
NEXT = {
    "shop-funnel": "/api/funnel?from={first_day}&to={last_day}&breakdown=device",
    "orders": "/api/metrics",
    "events": "/events/recent",
}


def import_files(
    kind: Annotated[ImportKind, typer.Argument(help="What the files hold.")],
    paths: Annotated[list[Path], typer.Argument(help="The files, or a folder of them; gzipped (.gz) or not.")],
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="What a column means: COLUMN=FIELD, or a YAML file of such lines.")
    ] = None,
    dates: Annotated[
        str | None, typer.Option(help="day-first, month-first, or a format such as '%d.%m.%Y %H:%M'.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Of times without an offset; else the site's.")] = None,
    decimal: Annotated[str | None, typer.Option(help="The decimal mark: point or comma.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Where it is not found: utf-8, cp1250, ….")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how the first rows would be read, and stop.")
    ] = False,
    to: To = None,
    key: Key = None,
    site: SiteId = None,
) -> None:
    """Import files of a shop, and wait until the daily figures include them.

    orders: exports of shops, told apart by their columns, or any table
    with the columns of orders.

    events: events as JSON, one per line or in one array, or a table
    with a row for each event.

    products, users, feedback: a table with a row for each product,
    person or review.

    shop-funnel: a folder with user_table.csv, home_page_table.csv,
    search_page_table.csv, payment_page_table.csv and
    payment_confirmation_table.csv.

    Rows that cannot be read are quarantined, and the command ends with 3.
    Importing a file again changes nothing.

    For example: footfall import orders orders.csv.gz
    """
    console = Console()
    with reporting_errors("import"):
        from cli.files import files_of, options_of  # looking at files takes what --help need not load

        given = {"dates": dates, "time_zone": time_zone, "decimal": decimal, "encoding": encoding}
        options = options_of(kind, mapped or [], **given)
        files = files_of(kind, paths)
        readers = _look_at(console, kind, files, options)
        if dry_run:
            _show(console, kind, files, readers, lambda: _zone_of_site(to, key, site))
            return
        began = time.perf_counter()
        try:
            with client_of(to, key, site) as client, progress_on(console) as progress:
                state = run_import(client, kind, files, progress, options)
                if not state["rows_read"]:
                    raise CliError("nothing was imported: the files hold no rows")
                warning = currency_warning(client.get("/api/health", also=frozenset({503})), client.site_id)
        except KeyboardInterrupt:
            raise CliError("stopped waiting: files that were uploaded completely are imported nevertheless") from None
        names = {file.name: file.path.name for file in files}
        _sum_up(console, state, names, time.perf_counter() - began)
        _suggest(console, client, state, site)
        if warning:
            print_line(console, warning, style="yellow")
        if state["rows_quarantined"] or state["events_refused"]:
            raise typer.Exit(REFUSED_SOME)


def _look_at(
    console: Console, kind: ImportKind, files: Sequence["LocalFile"], options: ReadingOptions
) -> list["Reader"]:
    from cli.files import readers_of, said_of  # see import_files

    readers = readers_of(kind, files, options)
    for file, reader in zip(files, readers, strict=True):
        print_line(console, said_of(file, reader))
    return readers


def _show(
    console: Console,
    kind: ImportKind,
    files: Sequence["LocalFile"],
    readers: Sequence["Reader"],
    zone_of_site: Callable[[], str | None],
) -> None:
    from cli.files import mapping_of, needs_zone, preview  # see import_files

    report = partial(print_line, console)
    zone = None
    if any(map(needs_zone, readers)):
        zone = zone_of_site()
        report(f"times without an offset: {zone}, the site's" if zone else NO_ZONE)
    for text in preview(kind, files, readers, zone or "UTC"):
        report(text)
    report(f"# what the columns mean: keep it in a file, and give it with --map FILE\n{mapping_of(readers)}")


def _zone_of_site(to: str | None, key: str | None, site: str | None) -> str | None:
    try:
        with client_of(to, key, site) as client:
            answer = client.get("/api/metrics", also=TRY_AGAIN)
    except CliError:
        return None
    return str(answer["range"]["time_zone"]) if answer.get("range") else None


def run_import(
    client: Client,
    kind: ImportKind,
    files: list["LocalFile"],
    progress: Progress,
    options: ReadingOptions | None = None,
) -> Json:
    """Upload files and wait until they can be queried; returns the import's last state. Raises CliError."""
    announced = client.post(
        "/api/imports",
        {
            "kind": kind,
            "files": [{"name": file.name, "size": file.size} for file in files],
            "options": options.model_dump(exclude_none=True) if options else {},
        },
    )
    _upload(announced, files, progress)
    state = _wait_for_rows(client, announced["import_id"], progress)
    if kind == "products":
        _wait_for_catalogue(client, progress)
    _wait_for_figures(client, progress)
    return state


def _upload(announced: Json, files: list["LocalFile"], progress: Progress) -> None:
    # the manifest starts the import, so it is the last of the uploads
    task = progress.add_task("Upload", total=sum(file.size for file in files), status="")
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


def _manifest(kind: ImportKind, files: list["LocalFile"]) -> Json:
    return {"kind": kind, "files": [file.name for file in files]}


def _blocks(file: "LocalFile", progress: Progress, task: TaskID) -> Iterator[bytes]:
    with file.path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block
            progress.advance(task, len(block))
            progress.update(task, status=f"{progress.tasks[task].completed / 1e6:,.1f} MB")


def _wait_for_rows(client: Client, import_id: str, progress: Progress) -> Json:
    rows, events = (progress.add_task(name, total=None, status="") for name in ("Rows", "Events"))
    state: Json = {}
    rollup_started = time.monotonic()
    look = partial(client.get, f"/api/imports/{import_id}")
    for state in follow(look, _is_over, f"import {import_id}"):
        processed = state["rows_sent"] + state["rows_repeated"] + state["rows_quarantined"]
        stored = state["events_stored"] + state["events_refused"]
        total = state["rows_read"] if state["rows_sent"] or state["state"] == "done" else None
        progress.update(
            rows, completed=processed, total=total, status=f"{state['rows_read']:,} read, {processed:,} done"
        )
        if stored and time.monotonic() - rollup_started > ROLLUP_SECONDS:
            client.post("/etl/calculate-daily-metrics")
            rollup_started = time.monotonic()
        total = state["events_sent"] if state["state"] == "done" else None
        progress.update(
            events, completed=stored, total=total, status=f"{state['events_sent']:,} sent, {stored:,} stored"
        )
    if state["state"] == "failed":
        raise CliError(f"import {import_id} failed: {state['error']}")
    return state


def _is_over(state: Json) -> bool:
    stored = state["events_stored"] + state["events_refused"]
    return state["state"] == "failed" or bool(state["state"] == "done" and stored >= state["events_sent"])


def _wait_for_catalogue(client: Client, progress: Progress) -> None:
    task = progress.add_task("Catalogue", total=None, status="")
    for status in follow(partial(client.get, "/etl/status"), _is_written, "writing the catalogue"):
        progress.update(task, status=f"{_changes(status):,} messages")
    progress.update(task, total=1, completed=1)


def _is_written(status: Json) -> bool:
    return _changes(status) == 0


def _changes(status: Json) -> int:
    queue = status["queues"]["catalog"] or {"waiting": 0, "in_flight": 0}
    return int(queue["waiting"] + queue["in_flight"])


def _wait_for_figures(client: Client, progress: Progress) -> None:
    task = progress.add_task("Daily figures", total=None, status="")
    client.post("/etl/calculate-daily-metrics")
    before = _last_whole_rollup(client.get("/etl/status"))
    rollups: set[str] = set()

    def is_done(status: Json) -> bool:
        if (last := _last_whole_rollup(status)) and last != before:
            rollups.add(last)
        return status["stale_days"] == 0 or len(rollups) >= ROLLUPS_ENOUGH

    days = 0
    for status in follow(partial(client.get, "/etl/status"), is_done, "recomputing daily figures"):
        days = max(days, status["stale_days"])
        done = days - status["stale_days"]
        told = f"{done:,} of {counted(days, 'day')}" if days else "none to compute"
        progress.update(task, completed=done, total=max(days, 1), status=told)
    progress.update(task, completed=max(days, 1))


def _last_whole_rollup(status: Json) -> str | None:
    # it left no day
    last = status["latest_rollup"]
    return str(last["ran_at"]) if last and not last["left"] else None


def progress_on(console: Console) -> Progress:
    """Returns a progress display that shows each task's `status`."""
    return Progress(
        TextColumn("{task.description:<13}"),
        BarColumn(),
        TextColumn("{task.fields[status]}"),
        TimeElapsedColumn(),
        console=console,
    )


def _sum_up(console: Console, state: Json, names: Mapping[str, str], seconds: float) -> None:
    report = partial(print_line, console)
    rows = counted(state["rows_read"], "row")
    report(f"{rows} read in {seconds:.1f} s ({state['rows_read'] / seconds:,.0f} rows/s)")
    what = "products of the catalogue" if state["kind"] == "products" else counted(state["events_stored"], "event")
    report(f"  {state['rows_sent']:,} imported as {what}, which can be queried now")
    if state["rows_repeated"]:
        report(f"  {state['rows_repeated']:,} repeated an earlier row")
    if state["events_refused"]:
        refused = counted(state["events_refused"], "event")
        report(f"  {refused} could not be stored and wait in quarantine", style="yellow")
    if state["rows_quarantined"]:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in state["reasons"].items())
        report(f"  {state['rows_quarantined']:,} in quarantine ({reasons}), such as", style="yellow")
        for found in state["problems"][:PROBLEMS_SHOWN]:
            where = f"{names.get(found['file'], found['file'])} line {found['line']}"
            report(f"    {where}: {found['detail']} ({found['reason']})", style="yellow")


def _suggest(console: Console, client: Client, state: Json, site: str | None) -> None:
    report = partial(print_line, console)
    report("Now try")
    if state["rows_quarantined"] or state["events_refused"]:
        report(f"  {for_site('footfall quarantine', site)}    # what could not be read, and why")
    report(f"  {client.curl(NEXT.get(state['kind'], '/etl/status').format(**state))}")
    if state["kind"] == "orders":
        report(f"  {for_site('footfall train', site)}    # customers' segments and values")
