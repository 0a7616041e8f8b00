"""The lake's files as numpy columns: fetched, decoded, and kept for the next question."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from footfall.funnels.engine import Coded
from footfall.lake import parquet
from footfall.lake.columns import NEVER
from footfall.observability import logger
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile
from footfall.stores import lake

MOST_KEPT_ROWS = 5_000_000
# about 210 MB
MOST_KEPT_TEXTS = 10_000_000
# 40 MB at most


class StepColumns(NamedTuple):
    """What a funnel reads of some events: whose and when, in the site's days since 1970 and in Unix milliseconds.

    `session_start` is NEVER for none, `device` a place in DEVICES; the rest is as `lake.contents` says. `kinds` are
    there for events of several kinds.
    """

    who: NDArray[np.int32]
    day: NDArray[np.int32]
    rank: NDArray[np.int32]
    time: NDArray[np.int64]
    session: NDArray[np.int64]
    session_start: NDArray[np.int64]
    signed_in: NDArray[np.bool_]
    bot: NDArray[np.bool_]
    device: NDArray[np.uint8]
    kinds: NDArray[np.object_] | None

    def where(self, those: "NDArray[np.bool_] | slice") -> "StepColumns":
        """Returns the same of some of the events."""
        return StepColumns._make(None if column is None else column[those] for column in self)


EXPRESSIONS = (
    "who",
    "CAST(day - DATE '1970-01-01' AS INTEGER) AS day",
    "rank",
    "epoch_ms(time) AS time",
    "session",
    f"coalesce(epoch_ms(session_start), {NEVER}) AS session_start",
    "signed_in",
    "bot",
    f"enum_code(CAST(device AS ENUM({', '.join(repr(device) for device in DEVICES)}))) AS device",
)
KINDS = "to_json([type, name, CASE WHEN type = 'pageview' THEN page_type END]) AS kinds"


class Loaded(NamedTuple):
    """What is read of some events: the columns that every funnel needs, and those of texts that this one does.

    An empty text is none; several texts of an event are one, with BETWEEN_VALUES between them.
    """

    columns: StepColumns
    texts: Mapping[str, Coded]

    def where(self, those: "NDArray[np.bool_] | slice") -> "Loaded":
        """Returns the same of some of the events."""
        texts = {name: Coded(coded.texts, coded.codes[those]) for name, coded in self.texts.items()}
        return Loaded(self.columns.where(those), texts)


_kept: LRUCache[str, StepColumns] = LRUCache(MOST_KEPT_ROWS, getsizeof=lambda columns: len(columns.who) + 1)
_texts: LRUCache[tuple[str, str], Coded] = LRUCache(MOST_KEPT_TEXTS, getsizeof=lambda coded: len(coded.codes) + 1)


def load(files: Sequence[LakeFile], texts: Mapping[str, str]) -> dict[str, Loaded | None]:
    """Returns what a funnel reads of each file's events, by the file's key; None for a file that is missing or broken.

    `texts` are the columns of texts that it needs too, with their types. `kinds` are there for files of several kinds
    alone. Raises Unavailable when the lake's place does not answer.
    """
    found = {file["key"]: _from_memory(file["key"], texts) for file in files}
    read = _read([file for file in files if found[file["key"]] is None], texts)
    for key, loaded in read.items():
        if loaded is None:
            logger().error("a file of the lake is missing or broken", extra={"file": key})
        else:
            _keep(key, loaded)
    return found | read


def _from_memory(key: str, texts: Iterable[str]) -> Loaded | None:
    columns, coded = _kept.get(key), {name: _texts.get((key, name)) for name in texts}
    known = {name: found for name, found in coded.items() if found is not None}
    return Loaded(columns, known) if columns is not None and len(known) == len(coded) else None


def _keep(key: str, loaded: Loaded) -> None:
    if len(loaded.columns.who) < MOST_KEPT_ROWS:
        _kept[key] = loaded.columns
    for name, coded in loaded.texts.items():
        if len(coded.codes) < MOST_KEPT_TEXTS:
            _texts[key, name] = coded


def _read(files: Sequence[LakeFile], texts: Mapping[str, str]) -> dict[str, Loaded | None]:
    if not files:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        there: list[_Fetched] = []
        for number, (file, body) in enumerate(zip(files, lake.get_all(file["key"] for file in files), strict=True)):
            if body is not None:
                there.append(_Fetched(file, Path(folder) / f"{number}.parquet"))
                there[-1].path.write_bytes(body)
        missing: dict[str, Loaded | None] = dict.fromkeys(file["key"] for file in files)
        return missing | _decoded(there, texts)


class _Fetched(NamedTuple):
    file: LakeFile
    path: Path


def _decoded(files: Sequence[_Fetched], texts: Mapping[str, str]) -> dict[str, Loaded]:
    # several files are read in one go; where one of them is broken, each by itself
    found: dict[str, Loaded] = {}
    for alike in (True, False):
        chosen = [each for each in files if ("kind" in each.file) == alike]
        try:
            found |= _one_after_the_other(chosen, texts, alike=alike)
        except parquet.Broken:
            for each in chosen:
                with suppress(parquet.Broken):
                    found |= _one_after_the_other([each], texts, alike=alike)
    return found


def _one_after_the_other(files: Sequence[_Fetched], texts: Mapping[str, str], *, alike: bool) -> dict[str, Loaded]:
    if not files:
        return {}
    paths = [each.path for each in files]
    table = parquet.read(paths, EXPRESSIONS if alike else (*EXPRESSIONS, KINDS))
    columns = StepColumns._make(table.get(name) for name in StepColumns._fields)
    whole = Loaded(columns, {name: Coded(*parquet.read_texts(paths, name, kind)) for name, kind in texts.items()})
    ends = np.cumsum([each.file["rows"] for each in files])
    if ends[-1] != len(columns.who):
        raise parquet.Broken
    begins = [0, *ends[:-1]]
    return {
        each.file["key"]: whole.where(slice(begin, end)) for each, begin, end in zip(files, begins, ends, strict=True)
    }
