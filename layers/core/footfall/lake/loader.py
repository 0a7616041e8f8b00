"""The lake's files as numpy columns: fetched, decoded, and kept for the next question."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from footfall.funnels.engine import Coded
from footfall.lake import parquet
from footfall.lake.session_numbers import starts_of
from footfall.observability import logger
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile
from footfall.stores import lake

MOST_KEPT_BYTES = 200_000_000
ROWS_AT_ONCE = 250_000
MICROSECONDS = 1_000


class EventColumns(NamedTuple):
    """What is read of some events: whose and when, in the site's days since 1970 and in Unix milliseconds.

    `device` is a place in DEVICES; the rest is as `lake.contents` says. `session` is there where it is asked for.
    """

    who: NDArray[np.int32]
    day: NDArray[np.uint16]
    time: NDArray[np.int64]
    tie: NDArray[np.integer[Any]]
    signed_in: NDArray[np.bool_]
    bot: NDArray[np.bool_]
    device: NDArray[np.uint8]
    session: NDArray[np.int64] | None = None

    @property
    def session_start(self) -> NDArray[np.int64] | None:
        """When each one's session began, NEVER for none; there where sessions are asked for."""
        return None if self.session is None else starts_of(self.session)

    def where(self, those: "NDArray[np.bool_] | NDArray[np.int64] | slice") -> "EventColumns":
        """Returns the same of some of the events."""
        return EventColumns._make(None if column is None else column[those] for column in self)


SESSIONS = ("session",)
KINDS = "type, name, page_type"
"""What the texts are called that say what each event is called, of files with several kinds: a list in JSON."""
ALWAYS = tuple(name for name in EventColumns._fields if name not in SESSIONS)
EXPRESSIONS = {
    "who": "who",
    "day": "CAST(day - DATE '1970-01-01' AS USMALLINT)",
    "time": "time",
    "tie": "tie",
    "signed_in": "signed_in",
    "bot": "bot",
    "device": "CAST(CASE device"
    f" {' '.join(f'WHEN {device!r} THEN {place}' for place, device in enumerate(DEVICES))} END AS UTINYINT)",
    "session": "session",
}
KIND_OF_EVENT = "to_json([type, name, CASE WHEN type = 'pageview' THEN page_type END])::VARCHAR"


class Wanted(NamedTuple):
    """What is wanted of events besides the columns that every question needs: their sessions, and columns of texts.

    `texts` has the names of the columns, with their types.
    """

    sessions: bool
    texts: Mapping[str, str]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns of numbers that are read."""
        return (*ALWAYS, *(SESSIONS if self.sessions else ()))

    def texts_of(self, file: LakeFile) -> dict[str, str]:
        """Returns how each column of texts is read of a file, in SQL."""
        found = {name: parquet.text_of(name, kind) for name, kind in self.texts.items()}
        return found if "kind" in file else {**found, KINDS: KIND_OF_EVENT}


class Loaded(NamedTuple):
    """What is read of some events: columns of numbers, and those of texts.

    An empty text is none; several texts of an event are one, with BETWEEN_VALUES between them.
    """

    columns: EventColumns
    texts: Mapping[str, Coded]

    def where(self, those: "NDArray[np.bool_] | NDArray[np.int64] | slice") -> "Loaded":
        """Returns the same of some of the events."""
        texts = {name: Coded(coded.texts, coded.codes[those]) for name, coded in self.texts.items()}
        return Loaded(self.columns.where(those), texts)


Column = NDArray[Any] | Coded


def _size(column: Column) -> int:
    return column.codes.nbytes + sum(map(len, column.texts)) if isinstance(column, Coded) else column.nbytes


_kept: LRUCache[tuple[str, str], Column] = LRUCache(MOST_KEPT_BYTES, getsizeof=_size)


def forget() -> None:
    """Forget what is kept, as a function that has just begun has."""
    _kept.clear()


def load(files: Sequence[LakeFile], wanted: Wanted) -> dict[str, Loaded | None]:
    """Returns what is wanted of each file's events, by the file's key; None for a file that is missing or broken.

    Texts of KINDS are there for files of several kinds alone. Raises Unavailable when the lake's place does not answer.
    """
    found = {file["key"]: _from_memory(file, wanted) for file in files}
    read = _read([file for file in files if found[file["key"]] is None], wanted)
    for key, loaded in read.items():
        if loaded is None:
            logger().error("a file of the lake is missing or broken", extra={"file": key})
        else:
            _keep(key, loaded)
    return found | read


def _from_memory(file: LakeFile, wanted: Wanted) -> Loaded | None:
    names = (*wanted.numbers, *wanted.texts_of(file))
    known = {name: column for name in names if (column := _kept.get((file["key"], name))) is not None}
    if len(known) < len(names):
        return None
    texts = {name: column for name, column in known.items() if isinstance(column, Coded)}
    numbers = {name: column for name, column in known.items() if not isinstance(column, Coded)}
    return Loaded(_columns(numbers), texts)


def _columns(found: Mapping[str, NDArray[Any]]) -> EventColumns:
    return EventColumns(**found)


def _keep(key: str, loaded: Loaded) -> None:
    for name, column in (*loaded.columns._asdict().items(), *loaded.texts.items()):
        if column is not None and _size(column) < MOST_KEPT_BYTES:
            _kept[key, name] = column


def _read(files: Sequence[LakeFile], wanted: Wanted) -> dict[str, Loaded | None]:
    if not files:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        fetched = lake.fetch_all([file["key"] for file in files], Path(folder))
        there = [_Fetched(file, path) for file, path in zip(files, fetched, strict=True) if path]
        missing: dict[str, Loaded | None] = dict.fromkeys(file["key"] for file in files)
        return missing | _decoded(there, wanted)


class _Fetched(NamedTuple):
    file: LakeFile
    path: Path


def _decoded(files: Sequence[_Fetched], wanted: Wanted) -> dict[str, Loaded]:
    # several files are read in one go; where one of them is broken, each by itself
    found: dict[str, Loaded] = {}
    for some in _groups(files):
        try:
            found |= _one_after_the_other(some, wanted)
        except parquet.Broken:
            for each in some:
                with suppress(parquet.Broken):
                    found |= _one_after_the_other([each], wanted)
    return found


def _groups(files: Sequence[_Fetched]) -> Iterator[list[_Fetched]]:
    # files with the same columns, of so many rows together that they fit into little memory
    for alike in (True, False):
        group: list[_Fetched] = []
        rows = 0
        for each in files:
            if ("kind" in each.file) == alike:
                if group and rows + each.file["rows"] > ROWS_AT_ONCE:
                    yield group
                    group, rows = [], 0
                group.append(each)
                rows += each.file["rows"]
        if group:
            yield group


def _one_after_the_other(files: Sequence[_Fetched], wanted: Wanted) -> dict[str, Loaded]:
    paths = [each.path for each in files]
    table = parquet.read(paths, [f"{EXPRESSIONS[name]} AS {name}" for name in wanted.numbers])
    table["time"] = table["time"].view(np.int64) // MICROSECONDS  # as DuckDB has times; numpy's own way takes longer
    table["tie"] = table["tie"].astype(np.min_scalar_type(table["tie"].max(initial=0)))
    expressions = wanted.texts_of(files[0].file)
    texts = {name: Coded(*parquet.read_texts(paths, expression)) for name, expression in expressions.items()}
    whole = Loaded(_columns(table), texts)
    ends = np.cumsum([each.file["rows"] for each in files])
    if ends[-1] != len(table["who"]):
        raise parquet.Broken
    begins = [0, *ends[:-1]]
    return {
        each.file["key"]: whole.where(slice(begin, end)) for each, begin, end in zip(files, begins, ends, strict=True)
    }
