"""Columns to Parquet and back, through DuckDB: the one module that imports it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import numpy as np

from footfall.lake.columns import Table
from footfall.lake.contents import COLUMNS

OPTIONS = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd"
ORDER = "who, day, rank"


class Broken(Exception):
    """Raised when a file is no Parquet file of the lake."""


def write(new: Sequence[Table], old: Sequence[Path], replaced: Collection[date], to: Path) -> int:
    """Write one file of new columns and of those of older files, whose days `replaced` are left out; returns its rows.

    It is sorted by person, day and rank. Raises Broken when an older file cannot be read.
    """
    with _connection() as connection:
        parts = [_from_old(connection, old, replaced)] if old else []
        if new:
            columns = {name: np.concatenate([table[name] for table in new]) for name in COLUMNS}  # noqa: F841
            parts.append(f"SELECT {_cast(COLUMNS)} FROM columns")  # noqa: S608 - names of our own
        query = f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY {ORDER}"  # noqa: S608 - names of our own
        try:
            written = connection.execute(f"COPY ({query}) TO '{to}' ({OPTIONS})").fetchone()
        except duckdb.Error as error:
            raise Broken from error
    return int(written[0]) if written else 0


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    # what an object column holds is not guessed: texts and NULL
    return duckdb.connect(config={"threads": 1, "pandas_analyze_sample": 0})


def _connection() -> duckdb.DuckDBPyConnection:
    return _engine().cursor()


def _from_old(connection: duckdb.DuckDBPyConnection, old: Sequence[Path], replaced: Collection[date]) -> str:
    files = ", ".join(f"'{file}'" for file in old)
    source = f"read_parquet([{files}], union_by_name = true)"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - names of our own
    except duckdb.Error as error:
        raise Broken from error
    there = {row[0] for row in described}
    days = ", ".join(f"DATE '{day}'" for day in replaced)
    others = f" WHERE day NOT IN ({days})" if replaced else ""
    return f"SELECT {_cast(COLUMNS, there)} FROM {source}{others}"  # noqa: S608 - names of our own


def _cast(names: Iterable[str], there: Collection[str] = COLUMNS) -> str:
    # a file of an older version may lack a column
    return ", ".join(f"CAST({name if name in there else 'NULL'} AS {COLUMNS[name]}) AS {name}" for name in names)


def read(files: Sequence[Path], expressions: Sequence[str]) -> Table:
    """Returns columns of files, one after the other, each as the SQL expression says that it is named by.

    Raises Broken when a file cannot be read.
    """
    names = ", ".join(f"'{file}'" for file in files)
    query = f"SELECT {', '.join(expressions)} FROM read_parquet([{names}], union_by_name = true)"  # noqa: S608 - our own
    try:
        with _connection() as connection:
            return dict(connection.execute(query).fetchnumpy())
    except duckdb.Error as error:
        raise Broken from error
