"""A person: everybody who was ever seen on a site, known to the shop or not."""

from datetime import datetime
from typing import Any, TypedDict


class Link(TypedDict):
    """That a visitor turned out to be a person the shop knows, and the event that said so."""

    at: datetime
    event_id: str
    person_id: str


class PersonDocument(TypedDict, total=False):
    """One document of `users`.

    `person_id` is the shop's id of the person, else the visitor id. `user_id` is a dense integer, for bitmaps.
    `date` is when they were first seen, `device` the one they were first seen on. A visitor who turned out to be a
    known person keeps a document with a `link` to that person, whose `merged_ids` names the visitor.
    """

    _id: str
    site_id: str
    person_id: str
    user_id: int
    device: str
    sex: str | None
    date: datetime
    last_seen: datetime
    traits: dict[str, Any]
    trait_events: int
    merged_ids: list[str]
    first_event: dict[str, Any]
    link: Link
