"""Events in files: as JSON or in tables."""

from collections.abc import Sequence

from footfall.errors import Invalid, Unstorable
from footfall.events.reading import read_event
from footfall.imports.event_lines import ARRAY, LINES, read_line
from footfall.imports.event_tables import ANY, FIELDS, REES46, event_of, group_of, moment_of
from footfall.imports.kind import Destination, GroupEvents, Kind, RowKey
from footfall.imports.reader import TableRow


def row_key(row: TableRow, destination: Destination) -> RowKey:
    """Returns every row is its own event, but for the rows of what somebody buys at one moment."""
    at = read_line(row, destination).at if row.reader.layout.lines else moment_of(row, destination)
    return RowKey(group_of(row, at), 0, at.astimezone(destination.zone).isoformat())


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns the event of one line, or of the rows that are one."""
    if rows[0].reader.layout.lines:
        return GroupEvents([read_line(row, destination).event for row in rows])
    event = event_of(rows, destination)
    try:
        read_event(event)
    except Invalid as error:
        raise Unstorable("invalid", error.detail) from None
    return GroupEvents([event])


EVENTS = Kind(FIELDS, (LINES, ARRAY, REES46, ANY), row_key, group_events)
