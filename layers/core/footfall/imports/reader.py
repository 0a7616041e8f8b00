"""Reading one file of an import: its first line, then row after row, with memory for one row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from footfall.errors import Unimportable, Unstorable
from footfall.imports.kind import Table, TableRow
from footfall.imports.rows import Row, fields_of, join_quoted, read_lines, text_of


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read a file's rows: where the table's columns stand among the `width` columns of the file."""

    table: Table
    columns: Sequence[int]
    width: int

    def read(self, row: Row) -> TableRow:
        """Returns a row of the table, whole where it has no columns; raises Unstorable for one that cannot be read."""
        if not self.columns:
            return TableRow(self.table, [text_of(row)], row)
        fields = fields_of(row)
        if len(fields) != self.width:
            raise Unstorable("wrong_columns", f"{self.width} columns are expected, {len(fields)} are there")
        return TableRow(self.table, [fields[column] for column in self.columns], row)


def read_table(table: Table, name: str, stream: IO[bytes], file: int) -> tuple[Reader, Iterator[Row]]:
    """Returns a file's reader and its rows; raises Unimportable, naming file and column, for one of another form."""
    lines = read_lines(stream, file)
    if not table.columns:
        return Reader(table, [], 0), _not_blank(lines)
    given = _column_names(name, next(lines, None))
    missing = [column for column in table.columns if column not in given]
    if missing:
        wanted = ",".join(table.columns)
        raise Unimportable(f"{name} lacks the column {missing[0]}: its first line must name {wanted}")
    reader = Reader(table, [given.index(column) for column in table.columns], len(given))
    return reader, _not_blank(join_quoted(lines, reader.width))


def _column_names(name: str, header: Row | None) -> list[str]:
    if header is None:
        raise Unimportable(f"{name} is empty: it has not even a line of column names")
    try:
        return [field.strip() for field in fields_of(header)]
    except Unstorable as error:
        raise Unimportable(f"{name} is not a CSV file in UTF-8: {error.detail}") from None


def _not_blank(rows: Iterator[Row]) -> Iterator[Row]:
    return (row for row in rows if row.raw.strip())
