"""Columns to Parquet and back, through DuckDB: the one module that imports it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from footfall.lake.columns import Table
from footfall.lake.contents import BETWEEN_VALUES

OPTIONS = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd"
ORDER = "who, time, tie"
Row = tuple[Any, ...]


class Broken(Exception):
    """Raised when a file is no Parquet file of the lake."""


def write(
    columns: Mapping[str, str], new: Sequence[Table], old: Sequence[Path], replaced: Collection[date], to: Path
) -> int:
    """Write one file of new columns and of those of older files, whose days `replaced` are left out; returns its rows.

    `columns` are all that it has, with their types in SQL; it is sorted by person and time. Raises Broken when an
    older file cannot be read.
    """
    with _connection() as connection:
        parts = [_from_old(columns, old, replaced)] if old else []
        if new:
            tables = {name: np.concatenate([table[name] for table in new]) for name in columns}  # noqa: F841
            parts.append(f"SELECT {', '.join(_from_new(name, columns[name]) for name in columns)} FROM tables")  # noqa: S608
        query = f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY {ORDER}"  # noqa: S608 - names of our own
        try:
            written = connection.execute(f"COPY ({query}) TO '{to}' ({OPTIONS})").fetchone()
        except duckdb.Error as error:
            raise Broken from error
    return int(written[0]) if written else 0


def quoted(name: str) -> str:
    """Returns a column's name as SQL has it: a site chooses those of its own dimensions."""
    return '"' + name.replace('"', '""') + '"'


def _from_new(name: str, kind: str) -> str:
    column = quoted(name)
    if kind == "VARCHAR[]":
        return f"string_split(CAST({column} AS VARCHAR), '{BETWEEN_VALUES}') AS {column}"
    return f"CAST({column} AS {kind}) AS {column}"


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    # what an object column holds is not guessed: texts and NULL
    return duckdb.connect(config={"threads": 1, "pandas_analyze_sample": 0})


def _connection() -> duckdb.DuckDBPyConnection:
    return _engine().cursor()


def _from_old(columns: Mapping[str, str], old: Sequence[Path], replaced: Collection[date]) -> str:
    days = ", ".join(f"DATE '{day}'" for day in replaced)
    others = f" WHERE day NOT IN ({days})" if replaced else ""
    names = ", ".join(quoted(name) for name in columns)
    return f"SELECT {names} FROM {_of(old)}{others}"  # noqa: S608 - names of our own


def _of(files: Sequence[Path]) -> str:
    # all have the same columns; what their folders are called is for others, who read the lake as Hive does
    names = ", ".join(f"'{file}'" for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def read(files: Sequence[Path], expressions: Sequence[str]) -> Table:
    """Returns columns of files, one after the other, each as the SQL expression says that it is named by.

    Raises Broken when a file cannot be read.
    """
    query = f"SELECT {', '.join(expressions)} FROM {_of(files)}"  # noqa: S608 - our own
    try:
        with _connection() as connection:
            return dict(connection.sql(query).fetchnumpy())  # quicker than what `execute` returns
    except duckdb.Error as error:
        raise Broken from error


def write_rows(columns: Mapping[str, str], tables: Iterable[Table], order: str, to: Path) -> None:
    """Write one file of tables that need not fit into memory together; raises Broken when it cannot be written.

    `columns` are all that it has, with their types in SQL, and `order` those that it is sorted by.
    """
    declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    try:
        with duckdb.connect(to.with_suffix(".rows"), config={"threads": 1, "pandas_analyze_sample": 0}) as connection:
            connection.execute(f"CREATE TABLE collected ({declared})")
            for rows in tables:  # noqa: B007 - DuckDB finds them by their name
                connection.execute(f"INSERT INTO collected SELECT {', '.join(map(quoted, columns))} FROM rows")  # noqa: S608 - names of our own
            connection.execute(f"COPY (SELECT * FROM collected ORDER BY {order}) TO '{to}' ({OPTIONS})")  # noqa: S608 - our own
    except duckdb.Error as error:
        raise Broken from error


def read_rows(file: Path, columns: Sequence[str], order: str, where: str, at_once: int) -> Iterator[list[Row]]:
    """Yields the rows of a file for which a condition holds, in an order, so many at a time; raises Broken."""
    query = f"SELECT {', '.join(columns)} FROM {_of([file])} WHERE {where} ORDER BY {order}"  # noqa: S608 - our own
    try:
        with _connection() as connection:
            found = connection.execute(query)
            while rows := found.fetchmany(at_once):
                yield rows
    except duckdb.Error as error:
        raise Broken from error


def text_of(name: str, kind: str) -> str:
    """Returns the SQL expression for a column of texts: several texts of a row are one, BETWEEN_VALUES between them."""
    return f"array_to_string({quoted(name)}, '{BETWEEN_VALUES}')" if kind == "VARCHAR[]" else quoted(name)


def read_texts(files: Sequence[Path], expression: str) -> tuple[list[str], NDArray[np.integer[Any]]]:
    """Returns what an expression in SQL tells of rows: each text once, and of every row of the files its text's place.

    An empty text stands for NULL; the rows are one file's after the other's. Raises Broken when a file cannot be read.
    """
    source = _of(files)
    text = f"coalesce({expression}, '')"
    try:
        with _connection() as connection:
            connection.execute(f"CREATE OR REPLACE TEMP TYPE told AS ENUM (SELECT DISTINCT {text} FROM {source})")  # noqa: S608 - our own
            codes = connection.execute(f"SELECT enum_code(CAST({text} AS told)) AS code FROM {source}").fetchnumpy()  # noqa: S608 - our own
            texts = connection.execute("SELECT unnest(enum_range(NULL::told))").fetchall()
    except duckdb.Error as error:
        raise Broken from error
    return [row[0] for row in texts], codes["code"]


def counts(
    files: Sequence[Path], name: str, kind: str, days: Collection[str], most: int, *, bots: bool
) -> tuple[list[tuple[str, int]], int]:
    """Returns how many events of some days have each text of a column, of bots too or not, and how many that is in all.

    Of texts those of most events are told; an event of several counts once for each. Raises Broken when a file cannot
    be read.
    """
    dates = ", ".join(f"DATE '{day}'" for day in days)
    text = f"unnest({quoted(name)})" if kind == "VARCHAR[]" else quoted(name)
    whose = "true" if bots else "NOT bot"
    told = f"SELECT {text} AS text FROM {_of(files)} WHERE {whose} AND day IN ({dates})"  # noqa: S608 - our own
    counted = f"SELECT text, count(*) AS events FROM ({told}) WHERE text <> '' GROUP BY text"  # noqa: S608 - our own
    query = f"SELECT text, events, sum(events) OVER () FROM ({counted}) ORDER BY events DESC, text LIMIT {most}"  # noqa: S608 - our own
    try:
        with _connection() as connection:
            found = connection.execute(query).fetchall()
    except duckdb.Error as error:
        raise Broken from error
    return [(text, events) for text, events, _ in found], int(found[0][2]) if found else 0
