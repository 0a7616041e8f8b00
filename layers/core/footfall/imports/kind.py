"""What a kind of import is: its files, how a row finds its group, and what events a group means.

Rows are brought together by `key` (all of one shopper, all of one invoice), whatever their order in the files; groups
come in the order of the time they begin, so that a batch of events touches few days.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from footfall.imports.rows import Row
from footfall.schemas.event import Json


@dataclass(frozen=True)
class Destination:
    """The site that rows are imported into: its time zone reads their dates; none may lie after `latest`."""

    site_id: str
    zone: ZoneInfo
    currency: str
    latest: datetime


@dataclass(frozen=True, eq=False)
class Table:
    """One file of an import: the columns it needs, and the name it must have where there are several.

    A table without columns is one of lines that are each a value of their own.
    """

    columns: tuple[str, ...]
    name: str | None = None
    endings: tuple[str, ...] = (".csv",)

    def fits(self, file_name: str) -> bool:
        """Returns whether a file of that name is this table, as it is or with gzip."""
        stem = file_name.lower().removesuffix(".gz")
        return stem.endswith(self.endings) and (self.name is None or stem == f"{self.name}{self.endings[0]}")

    @property
    def wanted(self) -> str:
        """What such a file is called, for people."""
        return " or ".join(f"{self.name or '*'}{ending}" for ending in self.endings)


class RowKey(NamedTuple):
    """Where a row belongs: its group, its rank in it, and the local day or time it tells, if any, as sortable text."""

    group: str
    rank: int = 0
    at: str | None = None


class TableRow(NamedTuple):
    """A row with the values of its table's columns, in the table's order."""

    table: Table
    values: Sequence[str]
    row: Row


class Refused(NamedTuple):
    """A row that means no event, and why."""

    row: Row
    reason: str
    detail: str


class GroupEvents(NamedTuple):
    """The events of one group of rows; how many rows say what another row of it says already; and the refused ones."""

    events: Sequence[Json]
    repeated: int = 0
    refused: Sequence[Refused] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of import. Both functions raise Unstorable: `row_key` for a row, `group_events` for a whole group."""

    tables: tuple[Table, ...]
    row_key: Callable[[TableRow, Destination], RowKey]
    group_events: Callable[[Sequence[TableRow], Destination], GroupEvents]
