"""Feedback: what somebody wrote or rated, beside the event that brought it."""

from datetime import datetime
from typing import TypedDict


class Sentiment(TypedDict):
    """How a model read a text: its label, a score from -1 to 1, what it is about, and the model's version."""

    label: str
    score: float
    categories: list[str]
    version: int


class FeedbackDocument(TypedDict):
    """One stored piece of feedback, with a text or a rating or both.

    `rating` is on the shop's own scale. `sentiment` is None until a model has read the text. `session_id` is the
    client's, None where sessions are told by gaps. It expires when its event does.
    """

    _id: str
    site_id: str
    event_id: str
    timestamp: datetime
    text: str | None
    rating: float | None
    sentiment: Sentiment | None
    url: str | None
    path: str | None
    page_type: str | None
    visitor_id: str
    user_id: str | None
    person_id: str
    session_id: str | None
    device: str
    country: str | None
    bot: bool
    expires_at: datetime | None
