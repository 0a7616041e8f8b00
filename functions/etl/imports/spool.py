"""Rows put on disk in any order and taken back group by group: memory does not grow with the files.

SQLite does the sorting, in the function's temporary folder.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from footfall.errors import Unimportable
from footfall.imports.kind import Refused, RowKey
from footfall.imports.rows import Row

MAX_GROUP_BYTES = 256 * 1024
ROW_BYTES = 64
"""What a row weighs besides its own bytes."""
FAST = ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", "cache_size=-16000", "locking_mode=EXCLUSIVE")
TABLES = """
CREATE TABLE rows (key TEXT, at TEXT, rank INTEGER, file INTEGER, line INTEGER, raw BLOB);
CREATE TABLE refused (file INTEGER, line INTEGER, raw BLOB, reason TEXT, detail TEXT);
CREATE TABLE known (layout TEXT, key TEXT, value TEXT, PRIMARY KEY (layout, key)) WITHOUT ROWID;
CREATE TABLE groups (began TEXT, key TEXT, PRIMARY KEY (began, key)) WITHOUT ROWID;
"""
SORT = """
CREATE INDEX places ON rows (key, rank, file, line);
INSERT INTO groups SELECT coalesce(min(at), ''), key FROM rows GROUP BY key ORDER BY 1, 2;
"""
READ = """
SELECT file, line, raw, began, groups.key FROM groups CROSS JOIN rows ON rows.key = groups.key
WHERE (began, groups.key) > (?, ?) ORDER BY began, groups.key, rank, file, line
"""
Position = tuple[str, str]
START: Position = ("", "")


class Group(NamedTuple):
    """Rows of one key, and the position behind them to go on from.

    A group too large for one event comes in parts, none of them `whole`; only the last has a position.
    """

    rows: Sequence[Row]
    size: int
    whole: bool
    position: Position | None


class RowSpool:
    """The rows of one import on disk."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def put(self, rows: Sequence[tuple[RowKey, Row]]) -> None:
        """Keep rows under their keys."""
        values = [(key.group, key.at, key.rank, *row) for key, row in rows]
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", values)

    def remember(self, told: Sequence[tuple[str, str, str]]) -> None:
        """Keep what a layout's table says of keys; the last word on each counts."""
        self._database.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", told)

    def look_up(self, layout: str, key: str) -> str | None:
        """Returns what a layout's table says of a key; None when it says nothing, or there is no such table."""
        found = self._database.execute("SELECT value FROM known WHERE layout = ? AND key = ?", (layout, key)).fetchone()
        return str(found[0]) if found else None

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Keep rows that mean nothing, until it is certain that the files can be imported."""
        values = [(*found.row, found.reason, found.detail) for found in refused]
        self._database.executemany("INSERT INTO refused VALUES (?, ?, ?, ?, ?)", values)

    def refused(self) -> Iterator[Refused]:
        """Returns the refused rows, in the order they were found."""
        for file, line, raw, reason, detail in self._database.execute("SELECT * FROM refused"):
            yield Refused(Row(file, line, raw), reason, detail)

    def groups(self, after: Position = START) -> Iterator[Group]:
        """Returns every group behind a position, in the order of when they begin."""
        for position, found in groupby(self._database.execute(READ, after), key=itemgetter(3, 4)):
            yield from _parts(position, (Row(file, line, raw) for file, line, raw, _, _ in found))

    def sort(self) -> None:
        """Bring the rows into order; call it once, after the last was put."""
        self._database.executescript(SORT)


def _parts(position: Position, rows: Iterator[Row]) -> Iterator[Group]:
    taken: list[Row] = []
    size = 0
    whole = True
    for row in rows:
        if size > MAX_GROUP_BYTES:
            whole = False
            yield Group(taken, size, whole, None)
            taken, size = [], 0
        taken.append(row)
        size += len(row.raw) + ROW_BYTES
    yield Group(taken, size, whole and size <= MAX_GROUP_BYTES, position)


@contextmanager
def open_spool() -> Iterator[RowSpool]:
    """Returns an empty spool, gone afterwards; raises Unimportable when the disk cannot hold what is put on it."""
    with TemporaryDirectory(prefix="footfall-import-") as folder:
        database = sqlite3.connect(Path(folder) / "rows.db", isolation_level=None)
        try:
            for pragma in FAST:
                database.execute(f"PRAGMA {pragma}")
            database.executescript(TABLES)
            database.execute("BEGIN")
            yield RowSpool(database)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            raise Unimportable("the files are too large to be imported at once: split them") from None
        finally:
            database.close()
