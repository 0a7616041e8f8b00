"""A session: one visit of one person, recomputed from its events."""

from datetime import datetime
from typing import TypedDict

from footfall.schemas.event import Attribution


class SessionOwner(TypedDict):
    """Whose session it is."""

    person_id: str


class SessionSpan(SessionOwner):
    """When a visitor's session was, and what the client calls it, if it calls it anything."""

    session_id: str
    client_session_id: str | None
    visitor_id: str
    started_at: datetime
    ended_at: datetime


class SessionOrigin(SessionSpan):
    """What brought the visitor, to this very session, and to the one at `attributed_at` that it is attributed to."""

    own_attribution: Attribution
    attribution: Attribution
    attributed_at: datetime


class SessionDocument(SessionOrigin):
    """One stored session.

    `session_id` is unique in the site: of its visitor, the client's id for it, and the millisecond it began.
    `attribution` is its own, or for one that nothing brought, that of the session of the same visitor at
    `attributed_at`.

    `duration` in seconds; `steps` gives each page type's first time; `interactions` counts clicks, scrolls, hovers
    and forms; `conversion_value` in minor units of `currency`; a bounce is one page view and no interaction.
    `computed_at` is when it was last recomputed, and the one field that its events do not determine.
    """

    _id: str
    site_id: str
    derived: bool
    user_id: str | None
    duration: float
    device: str
    country: str | None
    bot: bool
    events: int
    page_views: int
    pages_visited: list[str]
    entry_page: str | None
    exit_page: str | None
    last_event: str
    steps: dict[str, datetime]
    interactions: int
    converted: bool
    conversion_value: int
    currency: str | None
    bounce: bool
    computed_at: datetime
