"""The lake's files as numpy columns: fetched, decoded, and kept for the next question."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from footfall.errors import Unavailable
from footfall.lake import parquet
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile
from footfall.stores import lake

MOST_KEPT_ROWS = 6_000_000
# about 190 MB


class StepColumns(NamedTuple):
    """What a funnel reads of some events: whose and when, in the site's days since 1970 and in Unix milliseconds.

    `device` is a place in DEVICES; the rest is as `lake.columns` says. `kinds` are there for events of several kinds.
    """

    who: NDArray[np.uint32]
    day: NDArray[np.int32]
    rank: NDArray[np.uint32]
    time: NDArray[np.int64]
    session: NDArray[np.uint64]
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
    "signed_in",
    "bot",
    f"enum_code(CAST(device AS ENUM({', '.join(repr(device) for device in DEVICES)}))) AS device",
)
KINDS = "to_json([type, name, CASE WHEN type = 'pageview' THEN page_type END]) AS kinds"
_kept: LRUCache[str, StepColumns] = LRUCache(MOST_KEPT_ROWS, getsizeof=lambda columns: len(columns.who) + 1)


def load(files: Sequence[LakeFile]) -> list[StepColumns]:
    """Returns what a funnel reads of each file's events; `kinds` of files of several kinds alone.

    Raises Unavailable when a file is not there or cannot be read.
    """
    missing = [file for file in files if file["key"] not in _kept]
    read = dict(zip((file["key"] for file in missing), _read(missing), strict=True))
    found = [read[file["key"]] if file["key"] in read else _kept[file["key"]] for file in files]
    for key, columns in read.items():
        if len(columns.who) < MOST_KEPT_ROWS:
            _kept[key] = columns
    return found


def _read(files: Sequence[LakeFile]) -> list[StepColumns]:
    if not files:
        return []
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, body in enumerate(lake.get_all(file["key"] for file in files)):
            if body is None:
                raise Unavailable("a file of the lake is missing; `footfall lake check` says which")
            paths.append(Path(folder) / f"{number}.parquet")
            paths[-1].write_bytes(body)
        try:
            return _decoded(files, paths)
        except parquet.Broken:
            raise Unavailable("a file of the lake is broken; `footfall lake check` says which") from None


def _decoded(files: Sequence[LakeFile], paths: Sequence[Path]) -> list[StepColumns]:
    found: dict[str, StepColumns] = {}
    for alike in (True, False):
        chosen = [(file, path) for file, path in zip(files, paths, strict=True) if ("kind" in file) == alike]
        found |= _one_after_the_other([file for file, _ in chosen], [path for _, path in chosen], alike=alike)
    return [found[file["key"]] for file in files]


def _one_after_the_other(files: Sequence[LakeFile], paths: Sequence[Path], *, alike: bool) -> dict[str, StepColumns]:
    # several files are read in one go, and their rows come in that order
    if not files:
        return {}
    table = parquet.read(paths, EXPRESSIONS if alike else (*EXPRESSIONS, KINDS))
    whole = StepColumns._make(table.get(name) for name in StepColumns._fields)
    ends = np.cumsum([file["rows"] for file in files])
    if ends[-1] != len(whole.who):
        raise parquet.Broken
    begins = [0, *ends[:-1]]
    return {file["key"]: whole.where(slice(begin, end)) for file, begin, end in zip(files, begins, ends, strict=True)}
