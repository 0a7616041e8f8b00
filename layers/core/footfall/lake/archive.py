"""A day's events as they were stored, in a file of the archive: MongoDB's extended JSON, of which nothing is lost."""

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
from bson import CodecOptions, decode, encode
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps, loads
from numpy.typing import NDArray

from footfall.chunks import chunks
from footfall.lake import parquet
from footfall.lake.columns import Table
from footfall.lake.contents import LARGEST, digest_of
from footfall.lake.periods import name_of
from footfall.schemas.event import EventDocument, Json
from footfall.stores import lake

COLUMNS: Mapping[str, str] = {
    "event_id": "VARCHAR",
    "visitor_id": "VARCHAR",
    "user_id": "VARCHAR",
    "person_id": "VARCHAR",
    "timestamp": "TIMESTAMP_MS",
    "received_at": "TIMESTAMP_MS",
    "sequence": "BIGINT",
    "body_sha256": "VARCHAR",
    "body": "VARCHAR",
}
"""What the archive's files have of an event, with the types in SQL; `body` is all of it."""
MOMENTS = ("timestamp", "received_at")
PERSON = ("visitor_id", "user_id", "person_id")
BY_VISITOR = "visitor_id, timestamp, event_id"
IN_TIME = "timestamp, received_at, sequence, event_id"
ROWS_AT_ONCE = 5_000
UNIX = datetime(1970, 1, 1, tzinfo=UTC)
EXTENDED = CANONICAL_JSON_OPTIONS.with_options(tz_aware=True)
WITH_ZONES: "CodecOptions[dict[str, object]]" = CodecOptions(tz_aware=True)


class Damaged(Exception):
    """Raised when a file of the archive is not there, or not as it was written; it says which."""


class Unlike(Exception):
    """Raised when an event's text does not give the event back; it says of which id."""


class Stored(NamedTuple):
    """An event that the archive has: its id, and the hash of what was sent under it."""

    event_id: str
    body_sha256: str


class Content(NamedTuple):
    """How many events there are, and the sums of the hashes of their ids and of their texts, modulo 2^63."""

    events: int = 0
    digest: int = 0
    bodies: int = 0

    def and_of(self, event_ids: Sequence[str], bodies: Sequence[str]) -> "Content":
        """Returns the same with more events."""
        digest, hashes = self.digest + digest_of(event_ids), self.bodies + digest_of(bodies)
        return Content(self.events + len(bodies), digest % LARGEST, hashes % LARGEST)


def text_of(event: bytes) -> str:
    """Returns the text of an event, which MongoDB gives as BSON; raises Unlike where it would not give that back.

    A property that is called as extended JSON calls its types (`$date`) is read as one of them.
    """
    document = decode(event, WITH_ZONES)
    text = dumps(document, json_options=EXTENDED)
    try:
        same = encode(loads(text, json_options=EXTENDED), codec_options=WITH_ZONES) == event
    except (TypeError, ValueError) as error:
        raise Unlike(document["event_id"]) from error
    if not same:
        raise Unlike(document["event_id"])
    return text


def event_of(text: str) -> EventDocument:
    """Returns the event of a text."""
    found: EventDocument = loads(text, json_options=EXTENDED)
    return found


def write(texts: Iterable[str], to: Path) -> Content:
    """Write one file of events' texts, in any order, each of which there is once; returns what it holds."""
    content = Content()

    def tables() -> Iterator[Table]:
        nonlocal content
        for some in chunks(texts, ROWS_AT_ONCE):
            events = [orjson.loads(text) for text in some]
            content = content.and_of([event["event_id"] for event in events], some)
            yield {name: _column(events, name) for name in COLUMNS if name != "body"} | {"body": np.array(some, object)}

    parquet.write_rows(COLUMNS, tables(), BY_VISITOR, to)
    return content


def _column(events: Sequence[Json], name: str) -> NDArray[np.generic]:
    if name in MOMENTS:
        return np.array([int(event[name]["$date"]["$numberLong"]) for event in events], "datetime64[ms]")
    if name == "sequence":  # of one of the two sizes of numbers
        return np.array([int(next(iter(event[name].values()))) for event in events], np.int64)
    return np.array([event.get(name) for event in events], object)


def _milliseconds(moment: datetime) -> int:
    return round((moment - UNIX).total_seconds() * 1000)


@contextmanager
def fetched(key: str) -> Iterator[Path]:
    """Gives a file of the archive on this machine; raises Damaged, or Unavailable when the lake does not answer."""
    body = lake.get(key)
    if body is None or not key.endswith(name_of(body)):
        raise Damaged(key)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "archive.parquet"
        file.write_bytes(body)
        yield file


def content_of(file: Path) -> Content:
    """Returns what a file holds; raises Damaged when it cannot be read."""
    content = Content()
    for rows in _read(file, ("event_id", "body"), BY_VISITOR):
        content = content.and_of([event_id for event_id, _ in rows], [body for _, body in rows])
    return content


def texts_in(file: Path, without: Collection[str] = (), shared: Collection[str] = ()) -> Iterator[str]:
    """Yields the events of a file as texts, but for those of somebody with some ids; raises Damaged.

    `shared` are visitors of whom only what nobody named did is theirs.
    """
    for rows in _read(file, ("body",), BY_VISITOR, f"NOT ({_of(without, shared)})"):
        yield from (body for (body,) in rows)


def holds(file: Path, ids: Collection[str], shared: Collection[str] = ()) -> bool:
    """Returns whether a file has an event of somebody with these ids; raises Damaged."""
    return any(_read(file, ("event_id",), BY_VISITOR, _of(ids, shared)))


def events_of(file: Path, ids: Collection[str], shared: Collection[str]) -> Iterator[EventDocument]:
    """Yields a file's events of somebody with these ids, one visitor after the other; raises Damaged."""
    for rows in _read(file, ("body",), BY_VISITOR, _of(ids, shared)):
        yield from (event_of(body) for (body,) in rows)


def _of(ids: Collection[str], shared: Collection[str]) -> str:
    theirs = [f"coalesce({name} IN ({_quoted(ids)}), false)" for name in PERSON if ids]
    if shared:
        theirs.append(f"(coalesce(visitor_id IN ({_quoted(shared)}), false) AND user_id IS NULL)")
    return " OR ".join(theirs) or "false"


def _quoted(ids: Collection[str]) -> str:
    return ", ".join("'" + one.replace("'", "''") + "'" for one in sorted(ids))


def stored_in(file: Path) -> Iterator[Stored]:
    """Yields the ids of a file's events; raises Damaged when it cannot be read."""
    for rows in _read(file, Stored._fields, BY_VISITOR):
        yield from (Stored(*row) for row in rows)


def events_in(file: Path, start: datetime, end: datetime) -> Iterator[EventDocument]:
    """Yields a file's events from `start` on and before `end`, in the order of time; raises Damaged."""
    during = f"epoch_ms(timestamp) >= {_milliseconds(start)} AND epoch_ms(timestamp) < {_milliseconds(end)}"
    for rows in _read(file, ("body",), IN_TIME, during):
        yield from (event_of(body) for (body,) in rows)


def events_by(file: Path, visitor_ids: Collection[str]) -> Iterator[EventDocument]:
    """Yields a file's events that some visitors caused, one visitor after the other; raises Damaged."""
    for rows in _read(file, ("body",), BY_VISITOR, f"visitor_id IN ({_quoted(visitor_ids)})"):
        yield from (event_of(body) for (body,) in rows)


def _read(file: Path, columns: Sequence[str], order: str, where: str = "true") -> Iterator[list[parquet.Row]]:
    try:
        yield from parquet.read_rows(file, columns, order, where, ROWS_AT_ONCE)
    except parquet.Broken as error:
        raise Damaged(file.name) from error
