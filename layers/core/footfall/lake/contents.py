"""What the lake holds of an event: its columns, and the numbers by which events and sessions are known there."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from footfall.schemas.lake import LakeEvent

LARGEST = 2**63

NUMBERS: Mapping[str, str] = {
    "who": "INTEGER",
    "day": "DATE",
    "rank": "INTEGER",
    "time": "TIMESTAMP_MS",
    "session": "BIGINT",
    "signed_in": "BOOLEAN",
    "bot": "BOOLEAN",
}
"""Columns of numbers and their types in SQL. `who` is the dense number of the user where somebody was signed in, else
of the visitor, whoever that turned out to be, and -1 while it is not stored; `rank` is the place in the day's order of
time; `session` a hash of its session's id, 0 for none."""

TEXTS: Mapping[str, Callable[[LakeEvent], str | None]] = {
    "type": lambda event: event["type"],
    "name": lambda event: event.get("name"),
    "page_type": lambda event: event.get("page_type"),
    "page": lambda event: event.get("path"),
    "device": lambda event: event["device"],
    "country": lambda event: event.get("country"),
    "browser": lambda event: event.get("browser"),
    "os": lambda event: event.get("os"),
    "origin": lambda event: event["source"],
    "order_id": lambda event: event.get("commerce", {}).get("order_id"),
}
"""Columns of texts, and how each is read from an event; what is not known of an event is NULL."""

COLUMNS: Mapping[str, str] = {**NUMBERS, **dict.fromkeys(TEXTS, "VARCHAR")}
"""Every column of a file and its type in SQL."""


def digest_of(event_ids: Sequence[str]) -> int:
    """Returns the sum of the hashes of events' ids, modulo 2^63: by it the lake is compared with MongoDB."""
    hashes = (blake2b(event_id.encode(), digest_size=8).digest() for event_id in event_ids)
    return sum(int.from_bytes(one) for one in hashes) % LARGEST


def session_number(session_id: str | None) -> int:
    """Returns the number that the lake knows a session by; 0 for none."""
    if session_id is None:
        return 0
    return int.from_bytes(blake2b(session_id.encode(), digest_size=8).digest()) % LARGEST or 1
