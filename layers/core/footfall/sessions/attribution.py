"""What a session is attributed to: what brought its visitor, now or within the attribution window before.

Last non-direct attribution, as in Google Analytics (https://support.google.com/analytics/answer/10596866): a session
that nothing brought, because its visitor typed the address, used a bookmark, or came back from a payment or sign-in
page, is attributed to the last one before that something did bring.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from footfall.schemas.event import Attribution
from footfall.schemas.session import SessionOrigin

ATTRIBUTION_WINDOW = timedelta(days=30)
"""As long as Google Analytics looks back for an acquisition; it counts from the visit that something brought."""


class Credit(NamedTuple):
    """What a session is attributed to, and when the session began that it brought."""

    attribution: Attribution
    at: datetime


def is_direct(attribution: Attribution) -> bool:
    """Returns whether nothing is known to have brought somebody."""
    return attribution["channel"] == "direct" and not attribution.keys() & {"campaign", "term", "content", "click_id"}


def credits_of(sessions: Iterable[SessionOrigin]) -> dict[str, Credit]:
    """Returns what each session is attributed to, by its id, from all sessions of its visitor in the window before."""
    found: dict[str, Credit] = {}
    latest: dict[str, Credit] = {}
    for session in sorted(sessions, key=lambda each: (each["started_at"], each["session_id"])):
        own, known = Credit(session["own_attribution"], session["started_at"]), latest.get(session["visitor_id"])
        if not is_direct(own.attribution):
            latest[session["visitor_id"]] = own
        elif known and own.at - known.at <= ATTRIBUTION_WINDOW:
            own = known
        found[session["session_id"]] = own
    return found
