"""What became of events: a line for each message that was read from the events queue."""

from datetime import datetime
from hashlib import blake2b
from typing import NotRequired, TypedDict


class LedgerLine(TypedDict):
    """One message: `events` = `stored` + `duplicate` + `quarantined` + `waiting`.

    `day` is the site's day on which the message was received. Events wait when the message was opened but could not be
    processed, and comes back; `settled_at` is when none waited any more.
    """

    _id: str
    site_id: str
    source: str
    day: str
    at: datetime
    events: int
    stored: int
    duplicate: int
    quarantined: int
    waiting: int
    settled_at: NotRequired[datetime]


def message_key(message_id: str) -> bytes:
    """A message's id in eight bytes, which every event that it brings is stored with."""
    return blake2b(message_id.encode(), digest_size=8).digest()
