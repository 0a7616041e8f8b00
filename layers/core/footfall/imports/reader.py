"""How one file of an import is read: its layout and dialect, found once for all of its rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from footfall.errors import Unstorable
from footfall.imports.amounts import Amount, read_amount
from footfall.imports.dates import read_moment
from footfall.imports.layouts import Layout
from footfall.imports.rows import Row, fields_of, join_quoted, read_lines, text_of
from footfall.imports.texts import values_of_array
from footfall.schemas.imports import ReaderDocument

ARRAY = "json-array"
"""The layout whose values stand in one array instead of on lines."""
NOTHING = b' \t,;|"'
"""What a row without any value is made of."""
SEPARATOR_LINE = b"sep="
"""How Excel is told the delimiter, in a line before the header."""


@dataclass(frozen=True)
class Reader:
    """How to read a file's rows: which field stands in which column, and how dates and numbers are written.

    `zone` reads times without an offset; without it the site's does. `mapping` is what was given of columns, for values
    without any.
    """

    layout: Layout
    header: tuple[str, ...]
    fields: Mapping[str, int]
    delimiter: str = ","
    encoding: str = "utf-8"
    dates: str = "year-first"
    decimal: str = "point"
    zone: ZoneInfo | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _texts_of(self) -> Callable[[Sequence[str]], tuple[str, ...]]:
        # in a third of the time that a comprehension takes; a row has its first column twice, so that it is a tuple
        return itemgetter(*self.fields.values(), 0)

    @cached_property
    def others(self) -> Mapping[str, int]:
        """The columns that hold no field, by name."""
        taken = set(self.fields.values())
        return {name: place for place, name in enumerate(self.header) if name and place not in taken}

    def column(self, field: str) -> str:
        """Returns what a field is called in the file."""
        place = self.fields.get(field)
        return field if place is None else self.header[place] or f"column {place + 1}"

    def read(self, row: Row) -> "TableRow":
        """Returns a row's values by field; raises Unstorable for one that cannot be read."""
        if self.layout.lines:
            return TableRow(self, {"line": text_of(row)}, [], row)
        texts = fields_of(row, self.delimiter)
        if len(texts) != len(self.header):
            raise Unstorable("wrong_columns", f"{len(self.header)} columns are expected, {len(texts)} are there")
        values = dict(zip(self.fields, map(str.strip, self._texts_of(texts)), strict=False))
        return TableRow(self, values, texts, row)

    def guess(self, row: Row, field: str) -> str:
        """Returns what a field of a row that cannot be read seems to be: what stands in its place, or nothing."""
        texts = row.raw.decode(errors="replace").split(self.delimiter)
        place = self.fields.get(field, len(texts))
        return texts[place].strip(' "') if place < len(texts) else ""


def document_of(reader: Reader) -> ReaderDocument:
    """Returns what is stored of how a file is read, for its rows that are read again."""
    return ReaderDocument(
        layout=reader.layout.name,
        header=list(reader.header),
        fields=dict(reader.fields),
        delimiter=reader.delimiter,
        encoding=reader.encoding,
        dates=reader.dates,
        decimal=reader.decimal,
        time_zone=reader.zone.key if reader.zone else None,
        mapping=list(reader.mapping.items()),
    )


def reader_of(told: ReaderDocument, layouts: Sequence[Layout]) -> Reader:
    """Returns the reader that was stored, its layout one of these."""
    return Reader(
        next(layout for layout in layouts if layout.name == told["layout"]),
        tuple(told["header"]),
        told["fields"],
        told["delimiter"],
        told["encoding"],
        told["dates"],
        told["decimal"],
        ZoneInfo(told["time_zone"]) if told["time_zone"] else None,
        dict(told["mapping"]),
    )


class TableRow(NamedTuple):
    """A row: the texts of its fields, without blanks around them, and all texts of the row."""

    reader: Reader
    values: Mapping[str, str]
    texts: Sequence[str]
    row: Row

    def text(self, field: str) -> str:
        """Returns a field's text; empty where the file has no such column."""
        return self.values.get(field, "")

    def amount(self, field: str) -> Amount | None:
        """Returns a field's number, None where it is empty; raises Unstorable, naming the column, for what is none."""
        text = self.values.get(field)
        if not text:
            return None
        found = read_amount(text, self.reader.decimal)
        if found is None:
            raise Unstorable("bad_number", f"{self.reader.column(field)} is not a number")
        return found

    def number(self, field: str) -> Decimal | None:
        """Returns the same without its currency."""
        found = self.amount(field)
        return found.number if found else None

    def moment(self, field: str, zone: ZoneInfo, latest: datetime) -> datetime | None:
        """Returns a field's time, None where it is empty; raises Unstorable, naming the column, for what is none."""
        text = self.values.get(field)
        if not text:
            return None
        found = read_moment(text, self.reader.dates, self.reader.zone or zone, latest)
        if found is None:
            not_read = "is not a time of the calendar from 1970 until now, or not in its order"
            raise Unstorable("bad_date", f"{self.reader.column(field)} {not_read}")
        return found

    def told_moment(self, field: str, zone: ZoneInfo, latest: datetime) -> datetime:
        """Returns the same; raises Unstorable also where the field is empty."""
        moment = self.moment(field, zone, latest)
        if moment is None:
            raise Unstorable("bad_date", f"{self.reader.column(field)} is empty")
        return moment


def read_rows(reader: Reader, stream: IO[bytes], file: int) -> Iterator[Row]:
    """Returns the rows of a file in UTF-8 behind its header; lines without anything are none."""
    lines = read_lines(values_of_array(stream) if reader.layout.name == ARRAY else stream, file)
    if reader.layout.lines:
        return _not_blank(lines)
    read_header(lines)
    return _not_blank(join_quoted(lines, len(reader.header), reader.delimiter))


def read_header(lines: Iterator[Row]) -> Row | None:
    """Returns the line with a file's column names, its first one but for blank ones and Excel's `sep=`."""
    for line in lines:
        if line.raw.strip(NOTHING) and not line.raw.lower().startswith(SEPARATOR_LINE):
            return line
    return None


def _not_blank(rows: Iterator[Row]) -> Iterator[Row]:
    return (row for row in rows if row.raw.strip(NOTHING))
