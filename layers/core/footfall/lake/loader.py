"""The lake's files as numpy columns: fetched, decoded, and kept for the next question."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from footfall.lake import parquet
from footfall.observability import logger
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile
from footfall.stores import lake

MOST_KEPT_ROWS = 6_000_000
# about 190 MB


class StepColumns(NamedTuple):
    """What a funnel reads of some events: whose and when, in the site's days since 1970 and in Unix milliseconds.

    `device` is a place in DEVICES; the rest is as `lake.columns` says. `kinds` are there for events of several kinds.
    """

    who: NDArray[np.int32]
    day: NDArray[np.int32]
    rank: NDArray[np.int32]
    time: NDArray[np.int64]
    session: NDArray[np.int64]
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


def load(files: Sequence[LakeFile]) -> dict[str, StepColumns | None]:
    """Returns what a funnel reads of each file's events, by the file's key; None for a file that is missing or broken.

    `kinds` are there for files of several kinds alone. Raises Unavailable when the lake's place does not answer.
    """
    found: dict[str, StepColumns | None] = {file["key"]: _kept.get(file["key"]) for file in files}
    read = _read([file for file in files if found[file["key"]] is None])
    for key, columns in read.items():
        if columns is None:
            logger().error("a file of the lake is missing or broken", extra={"file": key})
        elif len(columns.who) < MOST_KEPT_ROWS:
            _kept[key] = columns
    return found | read


def _read(files: Sequence[LakeFile]) -> dict[str, StepColumns | None]:
    if not files:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        there: list[_Fetched] = []
        for number, (file, body) in enumerate(zip(files, lake.get_all(file["key"] for file in files), strict=True)):
            if body is not None:
                there.append(_Fetched(file, Path(folder) / f"{number}.parquet"))
                there[-1].path.write_bytes(body)
        missing: dict[str, StepColumns | None] = dict.fromkeys(file["key"] for file in files)
        return missing | _decoded(there)


class _Fetched(NamedTuple):
    file: LakeFile
    path: Path


def _decoded(files: Sequence[_Fetched]) -> dict[str, StepColumns | None]:
    # several files are read in one go; where one of them is broken, each by itself
    found: dict[str, StepColumns | None] = {}
    for alike in (True, False):
        chosen = [each for each in files if ("kind" in each.file) == alike]
        try:
            found |= _one_after_the_other(chosen, alike=alike)
        except parquet.Broken:
            for each in chosen:
                with suppress(parquet.Broken):
                    found |= _one_after_the_other([each], alike=alike)
    return found


def _one_after_the_other(files: Sequence[_Fetched], *, alike: bool) -> dict[str, StepColumns]:
    if not files:
        return {}
    table = parquet.read([each.path for each in files], EXPRESSIONS if alike else (*EXPRESSIONS, KINDS))
    whole = StepColumns._make(table.get(name) for name in StepColumns._fields)
    ends = np.cumsum([each.file["rows"] for each in files])
    if ends[-1] != len(whole.who):
        raise parquet.Broken
    begins = [0, *ends[:-1]]
    return {
        each.file["key"]: whole.where(slice(begin, end)) for each, begin, end in zip(files, begins, ends, strict=True)
    }
