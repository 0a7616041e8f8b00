"""Rows of a text file, each with its line number and its bytes as they came."""

import csv
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import IO, NamedTuple

from footfall.errors import Unstorable

MAX_ROW_BYTES = 256 * 1024
MAX_QUOTED_LINES = 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """One row: in which of the import's files, at which line it begins (from 1), its bytes without the line's end."""

    file: int
    line: int
    raw: bytes

    @property
    def place(self) -> str:
        """Where it stands, as a text that sorts as rows stand."""
        return f"{self.file:03}|{self.line:012}"


def read_lines(stream: IO[bytes], file: int) -> Iterator[Row]:
    """Returns every line; of one longer than a row may be, only the first bytes are kept, one more than the limit."""
    line = 0
    while raw := stream.readline(MAX_ROW_BYTES + 1):
        line += 1
        rest = raw
        while not rest.endswith(b"\n") and (rest := stream.readline(MAX_ROW_BYTES)):
            pass
        yield Row(file, line, (raw.removeprefix(BYTE_ORDER_MARK) if line == 1 else raw).rstrip(b"\r\n"))


def join_quoted(lines: Iterator[Row], columns: int, delimiter: str = ",") -> Iterator[Row]:
    """Returns the records of CSV lines; a quoted text may go over several lines, which then make one row.

    A quote that is not closed so within a few lines spoils its own line only, not the rest of the file.
    """
    ahead: deque[Row] = deque()
    while first := ahead.popleft() if ahead else next(lines, None):
        yield _joined(first, ahead, lines, columns, delimiter) if first.raw.count(b'"') % 2 else first


def _joined(first: Row, ahead: deque[Row], lines: Iterator[Row], columns: int, delimiter: str) -> Row:
    # lines that were looked at and are no part of the record are left in `ahead`
    raw = first.raw
    for taken in range(1, MAX_QUOTED_LINES):
        if taken > len(ahead) and (following := next(lines, None)):
            ahead.append(following)
        if taken > len(ahead) or len(raw) > MAX_ROW_BYTES:
            break
        raw += b"\n" + ahead[taken - 1].raw
        record = Row(first.file, first.line, raw)
        if raw.count(b'"') % 2 == 0 and _has(record, columns, delimiter):
            for _ in range(taken):
                ahead.popleft()
            return record
    return first


def _has(record: Row, columns: int, delimiter: str) -> bool:
    try:
        return len(fields_of(record, delimiter)) == columns
    except Unstorable:
        return False


def text_of(row: Row) -> str:
    """Returns a row as text; raises Unstorable when it is too long or not UTF-8."""
    if len(row.raw) > MAX_ROW_BYTES:
        raise Unstorable("row_too_long", f"a row holds at most {MAX_ROW_BYTES} bytes")
    try:
        return row.raw.decode()
    except UnicodeDecodeError:
        raise Unstorable("wrong_encoding", "the row is not UTF-8") from None


def fields_of(row: Row, delimiter: str = ",") -> list[str]:
    """Returns the fields of a CSV record; raises Unstorable when it cannot be read as one."""
    text = text_of(row)
    return _parsed(text, delimiter) if '"' in text else text.split(delimiter)


def _parsed(text: str, delimiter: str) -> list[str]:
    records, parser = _parser(delimiter)
    records.append(text)
    try:
        return next(parser)
    except (csv.Error, IndexError):
        raise Unstorable("bad_csv", "a quote is not closed, or stands where none can, or a field is too long") from None


@lru_cache(maxsize=8)
def _parser(delimiter: str) -> tuple[list[str], Iterator[list[str]]]:
    # one reader for all records: making one for each takes three times as long as reading it
    records: list[str] = []
    return records, csv.reader(iter(records.pop, None), strict=True, delimiter=delimiter)
