"""Workbooks (.xlsx, .xlsm, .xls, .ods) as tables of text: the sheets with the same columns, one after another.

Only etl/imports and the command line look at files: this module alone needs the reader of workbooks.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook

from footfall.errors import Unimportable
from footfall.imports.amounts import plain_number

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 256 * 1024
MAX_UNPACKED_BYTES = 1_000_000_000
"""A workbook is held in memory while it is read."""


def table_of(name: str, stream: IO[bytes]) -> IO[bytes]:
    """Returns a workbook as CSV in UTF-8, a line for each row of its sheets; further sheets go on counting lines.

    Of sheets without the columns of the first one nothing is read. Raises Unimportable for what is no workbook.
    """
    return io.BufferedReader(_Lines(_lines(name, stream)), BLOCK)


def _lines(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    with NamedTemporaryFile(prefix="footfall-", suffix=".workbook") as file:
        copyfileobj(stream, file, BLOCK)
        file.flush()
        _check_size(name, file.name)
        try:
            with CalamineWorkbook.from_path(file.name) as workbook:
                yield from _rows(workbook)
        except CalamineError as error:
            raise Unimportable(f"{name} is no workbook that can be read: {error}") from None


def _check_size(name: str, path: str) -> None:
    try:
        with ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise Unimportable(f"{name} unpacks to more than {MAX_UNPACKED_BYTES} bytes: save it as CSV")
    except BadZipFile:  # an old .xls is none
        return


def _rows(workbook: CalamineWorkbook) -> Iterator[bytes]:
    columns: Sequence[str] | None = None
    for number in range(len(workbook.sheet_names)):
        rows = ([_text(cell) for cell in cells] for cells in workbook.get_sheet_by_index(number).iter_rows())
        if columns is None:
            for texts in rows:
                columns = columns or (texts if any(texts) else None)
                yield _line(texts)
        elif next(filter(any, rows), None) == columns:
            yield from map(_line, rows)


def _line(texts: Sequence[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(texts)
    return written.getvalue().encode(errors="replace")


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else plain_number(Decimal(repr(cell)))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(str(cell).splitlines())


class _Lines(io.RawIOBase):
    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        taken = 0
        while taken < len(view) and (line := self._rest or next(self._lines, b"")):
            part = line[: len(view) - taken]
            view[taken : taken + len(part)] = part
            taken, self._rest = taken + len(part), line[len(part) :]
        return taken
