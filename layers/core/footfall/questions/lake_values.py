"""How many events have each value of a dimension, counted in the lake's files."""

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.lake import parquet
from footfall.lake.contents import columns_of
from footfall.observability import logger
from footfall.questions.how_much import most_rows
from footfall.questions.lake_state import periods_of
from footfall.rollups import Rollups
from footfall.schemas.lake import LakeFile
from footfall.stores import lake


class LakeValues(NamedTuple):
    """The texts of most events of some days, how many have each, and how many have any."""

    days: frozenset[str]
    values: Sequence[tuple[str, int]]
    counted: int


NOWHERE = LakeValues(frozenset(), [], 0)


def lake_values(
    rollups: Rollups, dimension: Dimension, days: DayRange, known: Collection[str], most: int, *, bots: bool
) -> LakeValues:
    """Returns the values of as many events as `most`, of the days but the `known` ones that the lake holds as they are.

    Those of `bots` are among them or not. It holds none where there are more rows than one call reads, or where a file
    is missing. Raises Unavailable.
    """
    files, held = _held(rollups, days, known)
    kind = columns_of(rollups.site).get(dimension.name)
    if kind is None or not held or sum(file["rows"] for file in files) > most_rows():
        return NOWHERE
    with tempfile.TemporaryDirectory() as folder:
        paths = lake.fetch_all([file["key"] for file in files], Path(folder))
        there = [path for path in paths if path]
        try:
            if len(there) < len(paths):
                raise parquet.Broken
            return LakeValues(held, *parquet.counts(there, dimension.name, kind, held, most, bots=bots))
        except parquet.Broken:
            logger().error("a file of the lake is missing or broken", extra={"files": [file["key"] for file in files]})
            return NOWHERE


def _held(rollups: Rollups, days: DayRange, known: Collection[str]) -> tuple[list[LakeFile], frozenset[str]]:
    # the files that have events of these days, and which of the days they hold
    periods, marked = periods_of(rollups, days)
    asked = {day.isoformat() for day in days}.difference(known, marked)
    held = [(period["files"], asked.intersection(day["date"] for day in period["days"])) for period in periods]
    files = [file for files, ours in held if ours for file in files]
    return files, frozenset().union(*(ours for _, ours in held))
