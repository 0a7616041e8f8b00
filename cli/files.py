"""Files to import, looked at before anything is uploaded: what they are, how they are read, and what that gives."""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import yaml
from footfall.clock import now
from footfall.errors import Invalid, Unimportable, Unstorable
from footfall.imports.kind import Destination, Kind, RowKey
from footfall.imports.kinds import (
    FIRST_BYTES,
    KINDS,
    check_names,
    check_options,
    check_unpacked,
    fields_said,
    is_workbook,
    stems_of,
)
from footfall.imports.layouts import stem_of
from footfall.imports.reader import Reader, TableRow, read_rows
from footfall.imports.sheets import table_of
from footfall.imports.survey import survey_all
from footfall.imports.texts import as_utf8
from footfall.schemas.imports import ImportKind, ReadingOptions
from pydantic import ValidationError

from cli.client import CliError

BLOCK = 256 * 1024
GZIP = b"\x1f\x8b"
UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
MAX_NAME = 90
MEANT = {
    "dates": "day-first, month-first, or a format such as '%d.%m.%Y %H:%M'",
    "time_zone": "the name of a time zone, such as Europe/Rome",
    "decimal": "point or comma",
    "encoding": "the name of an encoding, such as utf-8 or cp1250",
}
"""What an option takes, as its help says."""
PREVIEWED_ROWS = 200
PREVIEWED_EVENTS = 3
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class LocalFile:
    """A file to upload, and the name it is uploaded under."""

    path: Path
    name: str
    size: int


def options_of(kind: ImportKind, mapped: Sequence[str], **given: str | None) -> ReadingOptions:
    """Returns how the files are to be read; raises CliError, which names the option, for what cannot be meant."""
    try:
        options = ReadingOptions.model_validate({**given, "columns": _mapping(mapped)})
        check_options(kind, options)
    except ValidationError as error:
        named = str(error.errors()[0]["loc"][0])
        if named == "columns":
            raise CliError(f"--map: write COLUMN=FIELD; {fields_said(kind)}") from None
        raise CliError(f"--{named.replace('_', '-')}: write {MEANT[named]}") from None
    except Invalid as error:
        field = error.problems[0].field.removeprefix("options.").replace("columns.", "map ").replace("_", "-")
        raise CliError(f"--{field}: {error.problems[0].message}") from None
    return options


def _mapping(mapped: Sequence[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for text in mapped:
        if "=" in text:
            column, _, field = text.rpartition("=")
            columns[column.strip()] = field.strip()
        else:
            columns |= _read_mapping(Path(text))
    return columns


def _read_mapping(path: Path) -> dict[str, str]:
    try:
        told = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        raise CliError(f"--map {path}: give COLUMN=FIELD, or a YAML file") from None
    if not isinstance(told, dict):
        raise CliError(f"--map {path}: the file has no lines such as 'Column: field'")
    return {str(column): str(field) for column, field in told.items()}


def files_of(kind: ImportKind, paths: Sequence[Path]) -> list[LocalFile]:
    """Returns the files of an import; raises CliError, which names it, when one is missing or of another kind."""
    stems = stems_of(kind)
    if stems and len(paths) == 1 and paths[0].exists() and not paths[0].is_dir():
        raise CliError(f"{paths[0]} is not a folder: {kind} is made of {', '.join(f'{stem}.csv' for stem in stems)}")
    found = [each for path in paths for each in _expanded(path, stems)]
    files = [LocalFile(path, name, path.stat().st_size) for path, name in zip(found, _safe_names(found), strict=True)]
    try:
        check_names(kind, [file.name for file in files])
    except Invalid as error:
        raise CliError(error.problems[0].message) from None
    return files


def _expanded(path: Path, stems: Sequence[str]) -> list[Path]:
    if not path.exists():
        raise CliError(f"there is no {path}")
    if not path.is_dir():
        return [path]
    found = [each for each in sorted(path.iterdir()) if each.is_file() and not each.name.startswith(".")]
    found = [each for each in found if stem_of(each.name) in stems] if stems else found
    if not found:
        wanted = f"the files to import: {', '.join(f'{stem}.csv' for stem in stems)}" if stems else "any file to import"
        raise CliError(f"{path} is a folder without {wanted}")
    return found


def _safe_names(paths: Sequence[Path]) -> list[str]:
    names: list[str] = []
    for path in paths:
        name = UNSAFE.sub("_", path.name).lstrip("._-")[-MAX_NAME:] or "file"
        names.append(f"{len(names) + 1}-{name}" if name in names else name)
    return names


def readers_of(kind: ImportKind, files: Sequence[LocalFile], options: ReadingOptions) -> list[Reader]:
    """Returns how each file is read; raises CliError, which says what to do, when one cannot be."""
    try:
        return survey_all(KINDS[kind], [(file.path.name, partial(_opened, file.path)) for file in files], options)
    except Unimportable as error:
        rest = ". Nothing was imported, the other files neither" if len(files) > 1 else ""
        raise CliError(f"{error.detail}{rest}") from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield _unpacked(path, file)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise CliError(f"{path.name} is broken gzip, or ends before its end") from None
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}") from None


def _unpacked(path: Path, file: IO[bytes]) -> IO[bytes]:
    start = file.read(FIRST_BYTES)
    check_unpacked(path.name, start)
    file.seek(0)
    if is_workbook(path.name):
        return table_of(path.name, file)
    return io.BufferedReader(gzip.GzipFile(fileobj=file), BLOCK) if start.startswith(GZIP) else file


def said_of(file: LocalFile, reader: Reader) -> str:
    """Returns in one line how a file is read."""
    if reader.layout.lines:
        return f"{file.path.name}: {reader.layout.title}"
    zone = reader.zone.key if reader.zone else "the site's"
    form = "a workbook" if is_workbook(file.path.name) else f"{DELIMITERS[reader.delimiter]} between columns"
    parts = [form, *([] if is_workbook(file.path.name) else [reader.encoding]), f"decimal {reader.decimal}"]
    return f"{file.path.name}: {reader.layout.title}; {', '.join(parts)}, dates {reader.dates}, time zone {zone}"


def mapping_of(readers: Sequence[Reader]) -> str:
    """Returns what the columns mean as YAML, to be kept and given again."""
    columns = {reader.header[place]: field for reader in readers for field, place in reader.fields.items()}
    return str(yaml.safe_dump(columns, allow_unicode=True, sort_keys=False)) if columns else ""


def needs_zone(reader: Reader) -> bool:
    """Returns whether a file's times without an offset are the site's: in JSON they are UTC."""
    return reader.zone is None and not reader.layout.lines


def preview(kind: ImportKind, files: Sequence[LocalFile], readers: Sequence[Reader], zone: str) -> Iterator[str]:
    """Returns the first rows as they would be read: the events that they mean, or why they mean none.

    `zone` is the time zone of times without an offset, where nothing else tells theirs.
    """
    engine = KINDS[kind]
    destination = Destination("site", ZoneInfo(zone), "the site's currency", now())
    placed: list[tuple[RowKey, TableRow]] = []
    for number, (file, reader) in enumerate(zip(files, readers, strict=True)):
        if reader.layout in engine.lookups:
            continue
        with _opened(file.path) as stream:
            for row in islice(read_rows(reader, as_utf8(stream, reader.encoding), number), PREVIEWED_ROWS):
                try:
                    read = reader.read(row)
                    placed.append((engine.row_key(read, destination), read))
                except Unstorable as error:
                    yield f"{file.path.name} line {row.line}: {error.detail} ({error.reason})"
    placed.sort(key=lambda each: (each[0].group, each[0].rank, each[1].row.file, each[1].row.line))
    for _, found in islice(groupby(placed, key=lambda each: each[0].group), PREVIEWED_EVENTS):
        yield from _meant(engine, [row for _, row in found], destination)


def _meant(engine: Kind, rows: Sequence[TableRow], destination: Destination) -> Iterator[str]:
    try:
        found = engine.group_events(rows, destination)
    except Unstorable as error:
        yield f"line {rows[0].row.line}: {error.detail} ({error.reason})"
        return
    yield from (f"line {refused.row.line}: {refused.detail} ({refused.reason})" for refused in found.refused)
    meant = [*found.events, *({"product_id": one.product_id, **one.fields} for one in found.products)]
    yield from (json.dumps(each, ensure_ascii=False, indent=2, default=str) for each in meant)
