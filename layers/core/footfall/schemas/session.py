"""A session: one visit of one person, recomputed from its events."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from footfall.schemas.event import Attribution

CutField = Literal["pages_visited", "steps"]
"""What a session may have had more of than it tells."""


class SessionOwner(TypedDict):
    """Whose session it is."""

    person_id: str


class SessionBegin(TypedDict):
    """What a session is known by: its id, and when it began."""

    session_id: str
    started_at: datetime


class SessionSpan(SessionOwner, SessionBegin):
    """When a visitor's session was, and what the client calls it, if it calls it anything."""

    client_session_id: str | None
    visitor_id: str
    ended_at: datetime


class SessionDimensions(SessionSpan):
    """What figures by session can be broken down by."""

    own_attribution: Attribution
    attribution: Attribution
    referrer_host: str | None
    landing_path: str | None
    exit_path: str | None


class SessionOrigin(SessionSpan):
    """What brought the visitor, to this very session, and to the one at `attributed_at` that it is attributed to."""

    own_attribution: Attribution
    attribution: Attribution
    attributed_at: datetime


class SessionOrder(TypedDict):
    """A purchase that came of a session; `total` in minor units of `currency`.

    `told_id` is the id that it was told under, which another customer's order may share, `order_id` its id in `orders`.
    """

    order_id: str
    told_id: str
    placed_at: datetime
    total: int
    currency: str


class SessionActivity(TypedDict):
    """How much was done in a session: pages viewed, and interactions."""

    page_views: int
    interactions: int


class SessionConversion(TypedDict):
    """What came of a session; `orders` in the order they were placed."""

    orders: NotRequired[list[SessionOrder]]
    converted: bool
    conversion_value: int
    currency: str | None
    bounce: bool


class OrderingSession(SessionSpan):
    """When a session was, and what came of it."""

    orders: NotRequired[list[SessionOrder]]


class SessionFigures(SessionDimensions):
    """What a day's figures read of a session."""

    user_id: str | None
    bot: bool
    device: str
    browser: str | None
    os: str | None
    language: str | None
    screen: str | None
    country: str | None
    duration: float
    bounce: bool
    orders: NotRequired[list[SessionOrder]]


class SessionBuyer(SessionSpan, SessionActivity, SessionConversion):
    """Whose session it is, to find the orders that came of it; `events` is what it was made of."""

    user_id: str | None
    bot: bool
    events: int


class FirstEvent(TypedDict):
    """One of the first events of a session; `page_type` where the page it was on has one."""

    at: datetime
    type: str
    page_type: NotRequired[str]


class LiveSession(SessionOrigin, SessionBuyer):
    """What the live view is told of a session.

    `first_events` are its first twenty; a session folded before 0.1.0 does not tell them.
    """

    first_events: NotRequired[list[FirstEvent]]
    device: str
    exit_page: str | None
    exit_path: str | None
    last_event: str
    computed_at: datetime


class SessionDocument(LiveSession, SessionFigures):
    """One stored session: in it a page, a product, a list or the cart was viewed.

    `session_id` is unique in the site: of its visitor, the client's id for it, and the millisecond it began.
    `attribution` is its own, or for one that nothing brought, that of the session of the same visitor at
    `attributed_at`.

    `device`, `browser`, `os` and `referrer_host` are those of its first view; `language`, `screen` and `country` the
    first that are known. `entry_page` and `exit_page` are page types where those are known, the two paths never are.

    `duration` in seconds; `steps` gives each page type's first time; `interactions` counts what was done besides
    looking at pages; a bounce is one page view, no interaction and no purchase. `orders` are the purchases that came of
    it, the first five hundred, wherever they were told; `conversion_value` is what those in the currency of the first
    amount to, in minor units of `currency`. `computed_at` is when it was last recomputed, and the one field that events
    do not determine. `cut` names what there is more of than is kept.
    """

    _id: str
    site_id: str
    derived: bool
    pages_visited: list[str]
    cut: NotRequired[list[CutField]]
    entry_page: str | None
    steps: dict[str, datetime]
