"""Figures of sentiment: how they are counted from feedback, and how answers give them."""

import math

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.rates import NORMAL_95, percentage, share_interval
from footfall.schemas.feedback import LABELS, SentimentSums
from footfall.stores.mongo import Condition


class SentimentDistribution(BaseModel):
    """Texts of feedback by their label, bots left out; those in a language that cannot be read have none."""

    positive: int = Field(default=0, description="Texts with this label")
    neutral: int = Field(default=0, description="Texts with this label")
    negative: int = Field(default=0, description="Texts with this label")


class LabelShare(BaseModel):
    """The texts of one label."""

    count: int = Field(description="How many texts", examples=[42])
    share: float = Field(description="Of the texts that have a score, in percent", examples=[61.76])
    low: float = Field(description="The share is not lower, with 95 % confidence, in percent", examples=[49.88])
    high: float = Field(description="The share is not higher, with 95 % confidence, in percent", examples=[72.37])


class Distribution(BaseModel):
    """The texts that have a score, by their label."""

    positive: LabelShare
    neutral: LabelShare
    negative: LabelShare


class SentimentFigures(BaseModel):
    """What some texts feel."""

    n: int = Field(description="Texts that have a score", examples=[68])
    unsupported: int = Field(
        description="Texts without a score, in a language that cannot be read: they are in no other figure"
    )
    unread: int = Field(description="Texts that are still to be read: also in no other figure")
    distribution: Distribution
    avg_score: float | None = Field(description="From -1 to 1; null without texts", examples=[0.31])
    avg_score_low: float | None = Field(
        description="The mean is not lower, with 95 % confidence; null for fewer than two texts", examples=[0.18]
    )
    avg_score_high: float | None = Field(
        description="The mean is not higher, with 95 % confidence; null for fewer than two texts", examples=[0.44]
    )


def _holds(*condition: object) -> dict[str, object]:
    return {"$sum": {"$cond": [{"$eq": list(condition)}, 1, 0]}}


READ: Condition = {"$gt": ["$sentiment.version", None]}
SUMS: Condition = {
    **{label: _holds("$sentiment.label", label) for label in LABELS},
    "unread": {"$sum": {"$cond": [READ, 0, 1]}},
    "unsupported": {"$sum": {"$cond": [{"$and": [READ, {"$eq": ["$sentiment.label", None]}]}, 1, 0]}},
    "score": {"$sum": "$sentiment.score"},
    "squares": {"$sum": {"$multiply": ["$sentiment.score", "$sentiment.score"]}},
}
"""The sums of a group of feedback, for `$group`."""
PAGE: Condition = {"$ifNull": ["$path", {"$ifNull": ["$page_type", "other"]}]}
"""What a page is called: its path, or its type where it came without a path."""


def texts_of(site_id: str, days: DayRange, path: str | None = None) -> dict[str, object]:
    """Returns the condition for the texts that people wrote on some days, and on one page if one is given."""
    time = {"$gte": days.start, "$lt": days.end}
    wanted: dict[str, object] = {"site_id": site_id, "timestamp": time, "bot": False, "text": {"$type": "string"}}
    if path is not None:
        types = [None, path] if path == "other" else [path]
        wanted["$or"] = [{"path": path}, {"path": None, "page_type": {"$in": types}}]
    return wanted


def figures_of(sums: SentimentSums) -> SentimentFigures:
    """Returns what an answer says of some texts."""
    n = sums["positive"] + sums["neutral"] + sums["negative"]
    mean = sums["score"] / n if n else None
    half = _half_width(sums, n)
    return SentimentFigures(
        n=n,
        unsupported=sums["unsupported"],
        unread=sums["unread"],
        distribution=Distribution(
            positive=_share(sums["positive"], n),
            neutral=_share(sums["neutral"], n),
            negative=_share(sums["negative"], n),
        ),
        avg_score=None if mean is None else round(mean, 3),
        avg_score_low=None if mean is None or half is None else round(max(mean - half, -1), 3),
        avg_score_high=None if mean is None or half is None else round(min(mean + half, 1), 3),
    )


def _share(count: int, n: int) -> LabelShare:
    low, high = share_interval(count, n)
    return LabelShare(count=count, share=percentage(count, n), low=low, high=high)


def _half_width(sums: SentimentSums, n: int) -> float | None:
    if n < 2:
        return None
    variance = max(sums["squares"] - sums["score"] ** 2 / n, 0) / (n - 1)
    return NORMAL_95 * math.sqrt(variance / n)
