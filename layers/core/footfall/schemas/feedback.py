"""Feedback: what somebody wrote or rated, beside the event that brought it."""

from datetime import datetime
from typing import Literal, TypedDict

Label = Literal["positive", "neutral", "negative"]
LABELS: tuple[Label, ...] = ("positive", "neutral", "negative")
Category = Literal["delivery", "price", "quality", "selection", "usability", "payment", "support", "returns"]


class Sentiment(TypedDict):
    """How a text was read: its label, a score from -1 to 1, what it is about, its language, and by which version.

    `language` is a tag of BCP 47: `und`, and what begins so, is one that could not be told, `zxx` is none. Label and
    score are None, and nothing is known of what it is about, in a language that cannot be read.
    """

    label: Label | None
    score: float | None
    categories: list[Category]
    language: str
    version: int


class SentimentSums(TypedDict):
    """What figures are made of: texts by label, without a score, unread, and sums over those with one."""

    positive: int
    neutral: int
    negative: int
    unsupported: int
    unread: int
    score: float
    squares: float


class CategoryFeedback(SentimentSums):
    """The same of the texts that speak of one thing and have a score."""

    category: Category


class FeedbackSums(SentimentSums):
    """What some texts add up to, in all and by what they speak of."""

    categories: list[CategoryFeedback]


class PageFeedback(FeedbackSums):
    """The same of one page of the shop: its path, or its type where it came without one, `other` without either."""

    page: str
    texts: int


class FeedbackDate(TypedDict):
    """A local day whose texts are added up."""

    date: str


class FeedbackDayWhole(FeedbackDate):
    """What all texts of a day add up to."""

    whole: FeedbackSums


class FeedbackDay(FeedbackDayWhole):
    """One document of `feedback_days`: the texts of a local day of a site, bots left out, in all and by page.

    `definition` is what the day was computed by; it is empty where texts were on too many pages: none is there.
    """

    _id: str
    site_id: str
    definition: str
    pages: list[PageFeedback]


class FeedbackText(TypedDict):
    """The fields of feedback by which its text is read."""

    event_id: str
    timestamp: datetime
    text: str | None


class FeedbackOwner(TypedDict):
    """Whose feedback it is, and when they gave it."""

    timestamp: datetime
    user_id: str | None
    person_id: str


class FeedbackDocument(FeedbackText, FeedbackOwner):
    """One stored piece of feedback, with a text or a rating or both.

    `rating` is on the shop's own scale. `sentiment` is None without a text, and while nobody has read it (before 0.1.0
    nobody did). `session_id` is the client's, None where sessions are told by gaps. It expires when its event does.
    """

    _id: str
    site_id: str
    rating: float | None
    sentiment: Sentiment | None
    url: str | None
    path: str | None
    page_type: str | None
    visitor_id: str
    session_id: str | None
    device: str
    country: str | None
    bot: bool
    expires_at: datetime | None
