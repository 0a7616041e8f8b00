"""Events as JSON, one on each line: what a client would have sent to collect, kept in a file."""

from collections.abc import Sequence

from footfall.codec import decode
from footfall.errors import Invalid, Unstorable
from footfall.events.clocks import history_clocks
from footfall.events.nobody import is_nobody
from footfall.events.reading import Reading, read_event
from footfall.identity import derived_event_id
from footfall.imports.kind import Destination, GroupEvents, Kind, RowKey
from footfall.imports.layouts import Layout
from footfall.imports.reader import TableRow

LINES = Layout("json-lines", "events as JSON, one on each line", {}, (), lines=True)
SEND_TIMES = ("sentAt", "sent_at")


def row_key(line: TableRow, destination: Destination) -> RowKey:
    """Returns every line stays where it is in its file."""
    _read(line.text("line"), destination)
    return RowKey(f"{line.row.line:012}")


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns the event of one line, under its own id or one made of what it says.

    The clock of who wrote the file says nothing of when its events were sent, so their times are taken as they are.
    """
    (line,) = rows
    reading = _read(line.text("line"), destination)
    kept = {name: value for name, value in reading.sent.items() if name not in SEND_TIMES}
    told = reading.event.get("event_id")
    event_id = told if told and not is_nobody(told) else derived_event_id(destination.site_id, reading.content)
    return GroupEvents([{**kept, "eventId": event_id, "sequence": line.row.line}])


def _read(text: str, destination: Destination) -> Reading:
    try:
        raw = decode(text.encode())
    except (ValueError, RecursionError):
        raise Unstorable("not_json", "the line is not JSON") from None
    try:
        reading = read_event(raw)
    except Invalid as error:
        raise Unstorable("invalid", error.detail) from None
    if reading.event.get("site_id") not in (None, destination.site_id):
        raise Unstorable("wrong_site", "siteId names another site")
    history_clocks(reading.event.get("timestamp"), None, destination.latest)
    return reading


EVENT_LINES = Kind({}, (LINES,), row_key, group_events)
