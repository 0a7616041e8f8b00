"""What became of events: a line for each message that was read from the events queue."""

from datetime import datetime
from hashlib import blake2b
from typing import NotRequired, TypedDict


class LedgerMoment(TypedDict):
    """When a message was received."""

    at: datetime


class LedgerLine(LedgerMoment):
    """One message: `events` = `stored` + `duplicate` + `quarantined` + `waiting`.

    `day` is the site's day on which the message was received. Events wait when the message was opened but could not be
    processed, and comes back; `settled_at` is when none waited any more.
    """

    _id: str
    site_id: str
    source: str
    day: str
    events: int
    stored: int
    duplicate: int
    quarantined: int
    waiting: int
    settled_at: NotRequired[datetime]


class LedgerFigures(TypedDict):
    """Sums of ledger lines."""

    events: int
    stored: int
    duplicate: int
    quarantined: int
    waiting: int


class LedgerSums(TypedDict):
    """One document of `ledger_sums`: the sums, by day, of a site's lines that were settled before `until`."""

    _id: str
    site_id: str
    until: datetime
    days: dict[str, LedgerFigures]


class SuspectDocument(TypedDict):
    """One document of `suspects`: a message that keeps coming back, and how many attempts at it have begun."""

    _id: str
    site_id: str
    attempts: int
    expires_at: datetime


def message_key(message_id: str) -> bytes:
    """Returns a message's id in eight bytes, which every event that it brings is stored with."""
    return blake2b(message_id.encode(), digest_size=8).digest()
