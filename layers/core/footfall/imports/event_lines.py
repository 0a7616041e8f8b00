"""Events as JSON, one on each line or in one array: what a client would have sent to collect, kept in a file."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from footfall.codec import decode
from footfall.errors import Invalid, Unstorable
from footfall.events.nobody import is_nobody
from footfall.events.reading import read_event
from footfall.events.times import parse_time
from footfall.identity import derived_event_id
from footfall.imports.dates import read_moment
from footfall.imports.ga4 import is_ga4, plain_event
from footfall.imports.kind import Destination
from footfall.imports.layouts import Layout, squashed
from footfall.imports.reader import TableRow
from footfall.schemas.event import Json

LINES = Layout("json-lines", "events as JSON, one on each line", {}, (), lines=True)
ARRAY = Layout("json-array", "events as one JSON array", {}, (), lines=True)
SEND_TIMES = ("sentAt", "sent_at")
UTC = ZoneInfo("UTC")
NEVER = datetime.max.replace(tzinfo=UTC)


class EventLine(NamedTuple):
    """An event as it will be sent, and when it happened."""

    event: Json
    at: datetime


def read_line(line: TableRow, destination: Destination) -> EventLine:
    """Returns the event of one line, under its own id or one made of what it says; raises Unstorable.

    The clock of who wrote the file says nothing of when its events were sent, so their times are taken as they are.
    """
    raw = _renamed(_decoded(line.text("line")), line)
    if is_ga4(raw):
        raw = plain_event(raw)
    try:
        reading = read_event(raw)
    except Invalid as error:
        raise Unstorable("invalid", error.detail) from None
    if reading.event.get("site_id") not in (None, destination.site_id):
        raise Unstorable("wrong_site", "siteId names another site")
    at = _moment(reading.event.get("timestamp"), line, destination)
    told = reading.event.get("event_id")
    event_id = told if told and not is_nobody(told) else derived_event_id(destination.site_id, reading.content)
    kept = {name: value for name, value in reading.sent.items() if name not in SEND_TIMES}
    if parse_time(reading.event.get("timestamp")) != at:  # it was read in a zone or an order that collect does not know
        kept["timestamp"] = at.isoformat()
    return EventLine({**kept, "eventId": event_id, "sequence": line.row.line}, at)


def _decoded(text: str) -> Json:
    try:
        raw = decode(text.encode())
    except (ValueError, RecursionError):
        raise Unstorable("not_json", "the line is not JSON") from None
    if not isinstance(raw, dict):
        raise Unstorable("invalid", "an event is a JSON object")
    return raw


def _renamed(raw: Json, line: TableRow) -> Json:
    mapping = line.reader.mapping
    if not mapping:
        return raw
    fields = {squashed(name): field for name, field in mapping.items()}
    return {fields.get(squashed(name), name): value for name, value in raw.items()}


def _moment(told: object, line: TableRow, destination: Destination) -> datetime:
    # texts without an offset are UTC, as in collect, unless the import says otherwise
    zone = line.reader.zone or UTC
    if told in (None, ""):
        raise Unstorable("bad_date", "the event tells no time")
    moment = read_moment(told, line.reader.dates, zone, NEVER) if isinstance(told, str) else parse_time(told)
    if moment is None:
        raise Unstorable("bad_date", "the event's time cannot be read")
    if moment > destination.latest:
        raise Unstorable("bad_date", "the event's time is in the future")
    return moment
