"""`footfall send`: sends events from a file or a pipe, JSON objects on lines or in one array, to collect."""

import gzip
import io
import json
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Literal, NamedTuple

import httpx
import typer
from footfall.imports.rows import BYTE_ORDER_MARK
from footfall.imports.texts import values_of_array
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.client import (
    Client,
    CliError,
    CollectAnswer,
    SiteId,
    To,
    WriteKey,
    error_text,
    reporting_errors,
    sending_client_of,
)
from cli.lines import counted, print_line

GZIP = b"\x1f\x8b"
MAX_EVENTS = 500
MAX_BYTES = 900_000
REFUSALS_SHOWN = 20


@dataclass
class Batch:
    """Lines of JSON that go in one request, by their line numbers."""

    lines: dict[int, bytes] = field(default_factory=dict)
    size: int = 0

    def has_room_for(self, line: bytes) -> bool:
        """Returns whether one more line fits in the body that collect takes."""
        return not self.lines or (len(self.lines) < MAX_EVENTS and self.size + len(line) < MAX_BYTES)

    def add(self, number: int, line: bytes) -> None:
        """Add a line."""
        self.lines[number] = line
        self.size += len(line) + 1


class Source(NamedTuple):
    """Events to send, one on each line; `size` in bytes where it is known, and what of the file is `numbered`."""

    stream: IO[bytes]
    size: int | None
    numbered: Literal["line", "event"]


@dataclass
class Sent:
    """What became of events: how many were accepted, and why the others were not, by their numbers as in Source."""

    numbered: str
    accepted: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def send(
    file: Annotated[
        Path,
        typer.Argument(help="Events as JSON, one per line or in one array, gzipped or not; - reads standard input."),
    ],
    to: To = None,
    write_key: WriteKey = None,
    site: SiteId = None,
) -> None:
    """Send events from a file, in batches, through /collect.

    The exit code is 0 only when every line was accepted.
    Sending a file again stores nothing twice.

    For example: footfall simulate --out month.ndjson && footfall send month.ndjson
    """
    with reporting_errors("send"), sending_client_of(to, write_key, site) as client:
        began = time.perf_counter()
        with _opened(file) as source, _progress() as progress:
            sent = send_lines(client, source, progress)
        seconds = time.perf_counter() - began
        _sum_up(sent, seconds)
        if sent.refused:
            raise typer.Exit(1)


@contextmanager
def _opened(file: Path) -> Iterator[Source]:
    try:
        stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}") from None
    try:
        with stream:
            yield _source(stream, file.stat().st_size if file.is_file() else None)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise CliError(f"{file} is broken gzip, or ends before its end") from None


def _source(stream: IO[bytes] | gzip.GzipFile, size: int | None) -> Source:
    buffered = io.BufferedReader(stream)  # type: ignore[type-var] # the stub asks for a raw stream
    first = buffered.peek(1)
    if first.startswith(GZIP):
        return _source(gzip.GzipFile(fileobj=buffered), None)
    if first.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"["):
        return Source(values_of_array(buffered), None, "event")
    return Source(buffered, size, "line")


def send_lines(client: Client, source: Source, progress: Progress) -> Sent:
    """Returns what became of each line or value, sent in bodies as large as collect takes."""
    task = progress.add_task("Sending", total=source.size, status="")
    sent, batch = Sent(source.numbered), Batch()
    for number, raw in enumerate(source.stream, start=1):
        line = raw.removeprefix(BYTE_ORDER_MARK).strip()
        progress.advance(task, len(raw))
        if not line:
            continue
        if not _is_object(line):
            sent.refused[number] = "not a JSON object (not_json)"
            continue
        if not batch.has_room_for(line):
            _post(client, batch, sent)
            batch = Batch()
            progress.update(task, status=f"{sent.accepted:,} accepted, {len(sent.refused):,} refused")
        batch.add(number, line)
    if batch.lines:
        _post(client, batch, sent)
    progress.update(task, status=f"{sent.accepted:,} accepted, {len(sent.refused):,} refused")
    return sent


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _post(client: Client, batch: Batch, sent: Sent) -> None:
    body = gzip.compress(b'{"batch":[' + b",".join(batch.lines.values()) + b"]}", 1, mtime=0)
    response = client.post_events(body, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
    numbers = list(batch.lines)
    if response.status_code == httpx.codes.ACCEPTED:
        answer: CollectAnswer = response.json()
        sent.accepted += answer["accepted"]
        sent.refused |= {
            numbers[found["index"]]: f"{found['message']} ({found['code']})" for found in answer["rejected"]
        }
    elif response.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        sent.refused |= dict.fromkeys(numbers, "invalid")
        sent.refused |= dict(_refusals(response, numbers))
    else:
        refusal = (
            f"collect answers {response.status_code} to {sent.numbered}s {numbers[0]} to {numbers[-1]}: "
            f"{error_text(response)}"
        )
        raise CliError(f"{refusal}; {sent.accepted:,} events were accepted before")


def _refusals(response: httpx.Response, numbers: list[int]) -> Iterator[tuple[int, str]]:
    # of a batch of which nothing could be taken; its fields are called batch.0, batch.1 …
    for found in response.json().get("errors") or []:
        _, _, index = found["field"].partition(".")
        if index.isdigit() and int(index) < len(numbers):
            yield numbers[int(index)], found["message"]


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("Sending"), BarColumn(), TextColumn("{task.fields[status]}"), TimeElapsedColumn(), console=console
    )


def _sum_up(sent: Sent, seconds: float) -> None:
    console = Console()
    events, rate = counted(sent.accepted, "event"), sent.accepted / seconds
    console.print(f"{events} accepted in {seconds:.1f} s ({rate:,.0f} events/s)")
    if not sent.refused:
        return
    errors = Console(stderr=True)
    print_line(errors, f"{counted(len(sent.refused), sent.numbered)} refused:", style="red")
    for number, reason in sorted(sent.refused.items())[:REFUSALS_SHOWN]:
        print_line(errors, f"  {sent.numbered} {number}: {reason}")
    if len(sent.refused) > REFUSALS_SHOWN:
        errors.print(f"  and {len(sent.refused) - REFUSALS_SHOWN:,} more")
