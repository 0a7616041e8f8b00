"""What collect is told of a site, as it is kept beside the database: who may send, from where, and how much."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.schemas.site import SITE_ID


def place_of(site_id: str) -> str:
    """Returns under which name a site's rules are in the bucket."""
    return f"sites/{site_id}.json"


class SendingRules(BaseModel):
    """Who may send a site's events; without any rules, every key that is signed may, from everywhere.

    `revoked` are ids of keys, `ends` when secret keys stop by their ids, `origins` from where alone public keys may
    send, `events_per_second` what one execution environment takes; with `signed_requests`, servers have to sign theirs.
    """

    site_id: str = Field(pattern=SITE_ID)
    origins: list[str] = []
    revoked: list[str] = []
    ends: dict[str, datetime] = {}
    events_per_second: float | None = Field(default=None, gt=0)
    signed_requests: bool = False
