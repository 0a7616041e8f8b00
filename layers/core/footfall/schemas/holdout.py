"""Hold-outs that a shop began: which share of its customers a campaign or feature leaves out, and since when."""

from datetime import datetime
from typing import TypedDict


class StoredHoldOut(TypedDict):
    """One hold-out: `key` is its name without case, `share` in percent, `salt` secret, so that nobody can choose."""

    name: str
    key: str
    share: float
    salt: str
    started_at: datetime


class HoldOutsDocument(TypedDict):
    """All hold-outs of a site, in the order they were begun."""

    _id: str
    site_id: str
    hold_outs: list[StoredHoldOut]
