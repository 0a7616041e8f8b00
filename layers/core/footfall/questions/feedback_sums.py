"""What the texts of feedback add up to: of most days as rollups keep it, of those that changed since as it is read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

from pymongo.client_session import ClientSession

from footfall.days import DayRange, runs_of
from footfall.funnels.steps import definition
from footfall.questions.sentiment_figures import PAGE, SUMS, SentimentDistribution, texts_of
from footfall.rollups import Rollups
from footfall.schemas.feedback import (
    LABELS,
    Category,
    CategoryFeedback,
    FeedbackDate,
    FeedbackDayWhole,
    FeedbackSums,
    PageFeedback,
    SentimentSums,
)
from footfall.schemas.metrics import StaleDate
from footfall.sentiment.categories import CATEGORIES
from footfall.stores.collections import feedback, feedback_days, stale_days
from footfall.stores.mongo import Condition, Pipeline, database

MOST_PAGES = 100_000
"""Of so many pages, those with most texts, texts are read for one answer."""


class PageTexts(TypedDict):
    """How many texts each of some pages has."""

    names: list[str]
    texts: list[int]


class _PageSums(SentimentSums):
    _id: str
    texts: int


class _CategoryKey(TypedDict):
    page: str
    category: Category


class _CategorySums(SentimentSums):
    _id: _CategoryKey


class DayPage(FeedbackDate):
    """What the texts of a day on some pages add up to."""

    pages: list[PageFeedback]


@dataclass(frozen=True)
class FeedbackDays:
    """The days of a range: those that the rollups have added up, and the others, neighbours together."""

    rollups: Rollups
    kept: list[str]
    others: list[DayRange]

    @classmethod
    def of(cls, rollups: Rollups, days: DayRange) -> "FeedbackDays":
        """Returns which days of a range are kept as they are now."""
        site = {"site_id": rollups.site.site_id, "date": days.dates}
        marks = stale_days.read(database(), StaleDate, site, session=rollups.session)
        condition = {**site, "definition": definition(rollups.site)}
        found = feedback_days.read(database(), FeedbackDate, condition, session=rollups.session)
        kept = {day["date"] for day in found} - {mark["date"] for mark in marks}
        others = [day for day in days if day.isoformat() not in kept]
        return cls(rollups, sorted(kept), list(runs_of(others, days.zone)))

    @property
    def condition(self) -> Condition:
        """The condition for the documents of the days that are kept."""
        return {"_id": {"$in": [f"{self.rollups.site.site_id}:{day}" for day in self.kept]}}

    def whole(self) -> Iterator[FeedbackDayWhole]:
        """Yields what all texts of each day that is kept add up to."""
        yield from feedback_days.read(database(), FeedbackDayWhole, self.condition, session=self.rollups.session)

    def page_texts(self) -> Iterator[PageTexts]:
        """Yields how many texts each page has of each day that is kept."""
        shown = {"_id": 0, "names": "$pages.page", "texts": "$pages.texts"}
        pipeline: Pipeline = [{"$match": self.condition}, {"$project": shown}]
        yield from feedback_days.aggregate(database(), PageTexts, pipeline, session=self.rollups.session)

    def of_pages(self, pages: Sequence[str]) -> Iterator[DayPage]:
        """Yields what the texts of some pages add up to of each day that is kept."""
        some = {"$filter": {"input": "$pages", "cond": {"$in": ["$$this.page", list(pages)]}}}
        pipeline: Pipeline = [{"$match": self.condition}, {"$project": {"_id": 0, "date": 1, "pages": some}}]
        yield from feedback_days.aggregate(database(), DayPage, pipeline, session=self.rollups.session)

    def read(self, path: str | None) -> Iterator[list[PageFeedback]]:
        """Yields what the texts of each other stretch of days add up to by page, or on one page."""
        site_id, session = self.rollups.site.site_id, self.rollups.session
        for days in self.others:
            yield pages_of(texts_of(site_id, days, path), MOST_PAGES, session)


def pages_of(texts: Condition, most: int, session: ClientSession | None = None) -> list[PageFeedback]:
    """Returns what texts add up to by page, of the pages that have most."""
    order: Pipeline = [{"$sort": {"texts": -1, "_id": 1}}, {"$limit": most}]
    group: Pipeline = [{"$match": texts}, {"$group": {"_id": PAGE, "texts": {"$sum": 1}, **SUMS}}, *order]
    found = feedback.aggregate(database(), _PageSums, group, session=session, allow_disk_use=True)
    pages = {each["_id"]: _page(each) for each in found}
    for each in _categories(texts, session):
        key = each["_id"]
        if page := pages.get(key["page"]):
            page["categories"].append(CategoryFeedback(category=key["category"], **added([each])))
    return list(pages.values())


def _page(sums: _PageSums) -> PageFeedback:
    return PageFeedback(page=sums["_id"], texts=sums["texts"], categories=[], **added([sums]))


def _categories(texts: Condition, session: ClientSession | None) -> Iterable[_CategorySums]:
    key = {"page": PAGE, "category": "$sentiment.categories"}
    pipeline: Pipeline = [
        {"$match": {**texts, "sentiment.label": {"$in": LABELS}}},
        {"$unwind": "$sentiment.categories"},
        {"$group": {"_id": key, **SUMS}},
    ]
    return feedback.aggregate(database(), _CategorySums, pipeline, session=session, allow_disk_use=True)


def added(sums: Iterable[SentimentSums]) -> SentimentSums:
    """Returns what sums add up to."""
    total = SentimentSums(positive=0, neutral=0, negative=0, unsupported=0, unread=0, score=0.0, squares=0.0)
    for each in sums:
        for name in ("positive", "neutral", "negative", "unsupported", "unread", "score", "squares"):
            total[name] += each[name]
    return total


def together(parts: Sequence[FeedbackSums]) -> FeedbackSums:
    """Returns what the sums of texts add up to, in all and by what they speak of."""
    told = [one for part in parts for one in part["categories"]]
    found = {name: [one for one in told if one["category"] == name] for name in CATEGORIES}
    categories = [CategoryFeedback(category=name, **added(some)) for name, some in found.items() if some]
    return FeedbackSums(**added(parts), categories=categories)


def labelled(rollups: Rollups, days: DayRange) -> SentimentDistribution:
    """Returns how many texts of some days have each label, by the figures of the days."""
    condition = {"site_id": rollups.site.site_id, "date": days.dates}
    found = feedback_days.read(database(), FeedbackDayWhole, condition, session=rollups.session)
    texts = added(day["whole"] for day in found)
    return SentimentDistribution(positive=texts["positive"], neutral=texts["neutral"], negative=texts["negative"])
