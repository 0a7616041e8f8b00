"""Who did what to which site, and when."""

from datetime import datetime
from typing import TypedDict

DEPLOYMENT = "*"
"""In place of a site, where something was done to all of them; no site is called so."""


class AuditDocument(TypedDict):
    """One document of `audit`, which nothing changes once it is there.

    `who` is the id of a key, `operator`, or `token:` and the issuer's name of somebody; `route` a method and a path of
    the API, `about` what the path and the query named, people left out, `fields` which of the body's were given,
    `status` how it was answered.
    """

    _id: str
    site_id: str
    at: datetime
    who: str
    route: str
    about: dict[str, str]
    fields: list[str]
    status: int
    request_id: str | None
