"""Files of imports read in tests without any store: from their bytes to the events they mean."""

import io
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import groupby
from typing import IO, Any
from zoneinfo import ZoneInfo

from footfall.errors import Unstorable
from footfall.imports.kind import Destination, GroupEvents, Kind, Refused, RowKey, refused_whole
from footfall.imports.kinds import KINDS, is_workbook
from footfall.imports.reader import Reader, TableRow, read_rows
from footfall.imports.rows import Row
from footfall.imports.sheets import table_of
from footfall.imports.survey import survey, survey_all
from footfall.imports.texts import as_utf8
from footfall.schemas.event import Json
from footfall.schemas.imports import ImportKind, ReadingOptions

LATEST = datetime(2026, 3, 1, tzinfo=UTC)
FUNNEL_FILES = [
    "user_table.csv",
    "home_page_table.csv",
    "search_page_table.csv",
    "payment_page_table.csv",
    "payment_confirmation_table.csv",
]


def surveyed(kind: ImportKind, name: str, content: bytes, **options: Any) -> tuple[Reader, list[Row]]:
    """How a file is read, and its rows."""
    reader = survey(KINDS[kind], name, lambda: io.BytesIO(content), ReadingOptions(**options))
    return reader, list(read_rows(reader, as_utf8(io.BytesIO(content), reader.encoding), 0))


def rows_of(kind: ImportKind, name: str, text: str, **options: Any) -> list[TableRow]:
    """The rows of a file, read as it is to be read."""
    reader, rows = surveyed(kind, name, text.encode(), **options)
    return [reader.read(row) for row in rows]


class Meant:
    """What files mean: how each is read, the events, and what was refused, by file and line."""

    def __init__(self, readers: list[Reader], groups: list[GroupEvents], refused: list[Refused]) -> None:
        self.readers = readers
        self.groups = groups
        self.events: list[Json] = [event for group in groups for event in group.events]
        self.refused = [*refused, *(each for group in groups for each in group.refused)]

    @property
    def reasons(self) -> dict[tuple[int, int], str]:
        """Why rows were refused, by the number of their file and their line."""
        return {(each.row.file, each.row.line): each.reason for each in self.refused}

    def orders(self) -> dict[str, tuple[str, str, list[Any]]]:
        """The completed orders: their day, total, and for each product its id, price and quantity."""
        found = {}
        for event in self.events:
            if event["eventType"] == "order_completed":
                told = event["properties"]
                lines = [
                    [product.get(name) for name in ("product_id", "price", "quantity")] for product in told["products"]
                ]
                found[told["order_id"]] = (event["timestamp"][:10], told["total"], lines)
        return found


def read(kind: ImportKind, files: Mapping[str, bytes | str], zone: str = "UTC", **options: Any) -> Meant:
    """Returns what files mean, for a site that sells in pounds; raises Unimportable."""
    engine = KINDS[kind]
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    opened = [(name, _opener(name, content)) for name, content in contents.items()]
    readers = survey_all(engine, opened, ReadingOptions(**options))
    known: dict[tuple[str, str], str] = {}
    destination = Destination("demo", ZoneInfo(zone), "GBP", LATEST, lambda layout, key: known.get((layout, key)))
    placed: list[tuple[RowKey, Row]] = []
    refused: list[Refused] = []
    for file, (reader, (name, content)) in enumerate(zip(readers, contents.items(), strict=True)):
        for row in read_rows(reader, as_utf8(_opened(name, content), reader.encoding), file):
            try:
                told = reader.read(row)
                if names := engine.lookups.get(reader.layout):
                    known[reader.layout.name, told.text(names[0])] = told.text(names[1])
                else:
                    placed.append((engine.row_key(told, destination), row))
            except Unstorable as error:
                if key := engine.key_of_unreadable(reader, row):
                    placed.append((key, row))
                else:
                    refused.append(Refused(row, error.reason, error.detail))
    placed.sort(key=lambda each: (each[0].group, each[0].rank, each[1].file, each[1].line))
    groups = [
        _group(engine, readers, [row for _, row in rows], destination)
        for _, rows in groupby(placed, key=lambda each: each[0].group)
    ]
    return Meant(readers, groups, refused)


def _opener(name: str, content: bytes) -> Any:
    return lambda: nullcontext[IO[bytes]](_opened(name, content))


def _opened(name: str, content: bytes) -> IO[bytes]:
    stream = io.BytesIO(content)
    return table_of(name, stream) if is_workbook(name) else stream


def _group(engine: Kind, readers: list[Reader], rows: list[Row], destination: Destination) -> GroupEvents:
    unreadable: dict[Row, Unstorable] = {}
    told: list[TableRow] = []
    for row in rows:
        try:
            told.append(readers[row.file].read(row))
        except Unstorable as error:
            unreadable[row] = error
    try:
        return refused_whole(rows, unreadable) if unreadable else engine.group_events(told, destination)
    except Unstorable as error:
        return GroupEvents([], refused=[Refused(row, error.reason, error.detail) for row in rows])
