"""What somebody wrote or rated, out of the event that says so."""

from footfall.events.lenient import read_number
from footfall.events.page_types import page_type_of
from footfall.schemas.event import EventDocument
from footfall.schemas.feedback import FeedbackDocument
from footfall.schemas.site import PageRule

TYPES = frozenset({"feedback", "product_reviewed"})
TEXTS = ("text", "comment", "message", "feedback", "review", "review_body")
RATINGS = ("rating", "score", "stars")


def feedback_of(event: EventDocument, rules: list[PageRule]) -> FeedbackDocument | None:
    """Returns the feedback that an event brings, given the site's page rules; None for another type, or without any."""
    if event["type"] not in TYPES:
        return None
    properties = event.get("properties", {})
    text = next(filter(None, (_text(properties.get(name)) for name in TEXTS)), None)
    given = [event.get("value"), *(properties.get(name) for name in RATINGS)]
    read = (read_number(told)[0] for told in given)
    rating = next((number for number in read if isinstance(number, float)), None)
    if text is None and rating is None:
        return None
    return FeedbackDocument(
        _id=event["_id"],
        site_id=event["site_id"],
        event_id=event["event_id"],
        timestamp=event["timestamp"],
        text=text,
        rating=rating,
        sentiment=None,
        url=event.get("url"),
        path=event.get("path"),
        page_type=event.get("page_type") or page_type_of(event.get("path"), rules),
        visitor_id=event["visitor_id"],
        user_id=event.get("user_id"),
        person_id=event["person_id"],
        session_id=event.get("session_id"),
        device=event["device"],
        country=event.get("country"),
        bot=event["bot"],
        expires_at=event.get("expires_at"),
    )


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
