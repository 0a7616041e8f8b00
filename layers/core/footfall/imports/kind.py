"""What a kind of import is: its layouts, how a row finds its group, and what events a group means.

Rows are brought together by `key` (all of one shopper, all of one invoice), whatever their order in the files; groups
come in the order of the time they begin, so that a batch of events touches few days.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from footfall.errors import Unstorable
from footfall.imports.ids import id_of
from footfall.imports.layouts import FieldType, Layout
from footfall.imports.reader import Reader, TableRow
from footfall.imports.rows import Row
from footfall.schemas.catalog import ProductChange
from footfall.schemas.event import Json

MAX_GUESS = 200
"""The longest id that an order may have."""
AHEAD = timedelta(hours=24)
"""How far a row's time may lie ahead of the import: other time zones, other clocks."""


@dataclass(frozen=True)
class Destination:
    """The site that rows are imported into: its time zone reads their dates; `at` is when the import was announced.

    `look_up` answers what the import's other files say of a key, by the name of their layout; else None.
    """

    site_id: str
    zone: ZoneInfo
    currency: str
    at: datetime
    look_up: Callable[[str, str], str | None] = lambda *_: None

    @cached_property
    def latest(self) -> datetime:
        """No row's time may lie behind it."""
        return self.at + AHEAD


class RowKey(NamedTuple):
    """Where a row belongs: its group, its rank in it, and the local day or time it tells, if any, as sortable text."""

    group: str
    rank: int = 0
    at: str | None = None


class Refused(NamedTuple):
    """A row that means no event, and why."""

    row: Row
    reason: str
    detail: str


class GroupEvents(NamedTuple):
    """The events of one group of rows; how many rows say what another row of it says already; and the refused ones.

    A file of the catalogue tells of `products` instead.
    """

    events: Sequence[Json]
    repeated: int = 0
    refused: Sequence[Refused] = ()
    products: Sequence[ProductChange] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of import. Both functions raise Unstorable: `row_key` for a row, `group_events` for a whole group.

    `fields` says of what type each field is; each of `needs` ("price/total": one of them) must be in some file. Rows
    with the same value of the field `whole` are sent whole or not at all: one of them that cannot be read is put beside
    the others, where `group_events` finds it. Files of the layouts in `lookups` are no rows of their own: what their
    second field is of the first can be looked up.
    """

    fields: Mapping[str, FieldType]
    layouts: Sequence[Layout]
    row_key: Callable[[TableRow, Destination], RowKey]
    group_events: Callable[[Sequence[TableRow], Destination], GroupEvents]
    whole: str | None = None
    needs: Sequence[str] = ()
    lookups: Mapping[Layout, tuple[str, str]] = field(default_factory=dict)

    def key_of_unreadable(self, reader: Reader, row: Row) -> RowKey | None:
        """Returns where a row that cannot be read seems to belong, of a kind whose groups are whole; else None."""
        group = id_of(reader.guess(row, self.whole)) if self.whole else None
        return RowKey(group) if group and len(group) <= MAX_GUESS else None


def refused_whole(rows: Sequence[Row], problems: Mapping[Row, Unstorable]) -> GroupEvents:
    """Returns a group of which not one row is sent, because of those that cannot be read."""
    first = min(row.line for row in problems)
    incomplete = f"line {first} of the same order cannot be read, so none of its lines is imported"
    return GroupEvents(
        [],
        refused=[
            Refused(row, problems[row].reason, problems[row].detail)
            if row in problems
            else Refused(row, "incomplete", incomplete)
            for row in rows
        ],
    )
