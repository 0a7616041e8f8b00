"""The question what people feel about each page, by the texts of their feedback."""

from collections.abc import Sequence
from typing import TypedDict

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.questions.cache import Asked, Remembered
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import (
    PAGE,
    SUMS,
    SentimentFigures,
    SentimentSums,
    figures_of,
    texts_of,
)
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.feedback import LABELS, Category
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.sentiment.categories import CATEGORIES
from footfall.stores.collections import feedback
from footfall.stores.keys import SENTIMENT
from footfall.stores.mongo import Condition, Pipeline, answering, database


class SentimentQuestion(PagedQuestion, RangeQuestion):
    """Over which days, and which page of the list of pages."""

    path: str | None = Field(
        default=None,
        max_length=2_048,
        description="Only of this page of the shop: its path, or its type where it came without a path",
        examples=["/checkout"],
    )


class CategoryFigures(BaseModel):
    """The texts that speak of one thing. A text may be of several categories, or of none."""

    category: Category = Field(description="What they speak of")
    n: int = Field(description="Texts that have a score", examples=[12])
    share: float = Field(description="Of all texts that have a score, in percent", examples=[17.65])
    negative: int = Field(description="Those of them that are negative", examples=[9])
    avg_score: float = Field(description="From -1 to 1", examples=[-0.42])


class SentimentPart(SentimentFigures):
    """What some texts feel, and what they are about."""

    categories: list[CategoryFigures] = Field(description="What the texts speak of")


class PageSentiment(SentimentPart):
    """The feedback that was given on one page of the shop."""

    page: str = Field(description="Its path, or its type where it came without a path; `other` without either")


class SentimentAnswer(RangeAnswer, PagedAnswer):
    """What people feel, by the texts of their feedback; bots are left out. Pages with most texts come first."""

    overall: SentimentPart = Field(description="All texts of the range, and of the page that was asked for")
    pages: list[PageSentiment]
    total: int = Field(description="Pages of the shop with a text", examples=[7])


class _PageSums(SentimentSums):
    _id: str


class _Whole(SentimentSums):
    pages: int


class _ByPage(TypedDict):
    pages: list[_PageSums]
    whole: list[_Whole]


class _CategoryKey(TypedDict):
    page: str
    category: Category


class _CategorySums(SentimentSums):
    _id: _CategoryKey


class _ByCategory(TypedDict):
    pages: list[_CategorySums]
    whole: list[_CategorySums]


NOTHING = _Whole(pages=0, positive=0, neutral=0, negative=0, unsupported=0, unread=0, score=0.0, squares=0.0)


_answers = Remembered(SENTIMENT, SentimentAnswer)


@_answers.or_last
@answering()
def answer(site_id: str, question: SentimentQuestion) -> SentimentAnswer:
    """Returns what people feel about each page; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        asked = Asked(rollups, days, question, "events")
        return _answers.remember(asked, lambda: _sentiment(rollups, days, question))


def _sentiment(rollups: Rollups, days: DayRange, question: SentimentQuestion) -> SentimentAnswer:
    texts = texts_of(rollups.site.site_id, days, question.path)
    by_page = _by_page(rollups, texts, question)
    whole = next(iter(by_page["whole"]), NOTHING)
    by_category = _by_category(rollups, texts, [each["_id"] for each in by_page["pages"]])
    return SentimentAnswer(
        range=Range.of(days),
        complete_to=None,
        overall=_part(whole, by_category["whole"]),
        pages=[_page(each, by_category["pages"]) for each in by_page["pages"]],
        **paged(question, whole["pages"]),
    )


def _by_page(rollups: Rollups, texts: Condition, question: SentimentQuestion) -> _ByPage:
    summed = {name: {"$sum": f"${name}"} for name in SUMS}
    pipeline: Pipeline = [
        {"$match": texts},
        {"$group": {"_id": PAGE, "texts": {"$sum": 1}, **SUMS}},
        {
            "$facet": {
                "pages": [
                    {"$sort": {"texts": -1, "_id": 1}},
                    {"$skip": question.skip},
                    {"$limit": question.page_size},
                ],
                "whole": [{"$group": {"_id": None, "pages": {"$sum": 1}, **summed}}],
            }
        },
    ]
    found = feedback.aggregate(database(), _ByPage, pipeline, session=rollups.session, allow_disk_use=True)
    return found.next()


def _by_category(rollups: Rollups, texts: Condition, pages: Sequence[str]) -> _ByCategory:
    summed = {name: {"$sum": f"${name}"} for name in SUMS}
    key = {"page": PAGE, "category": "$sentiment.categories"}
    pipeline: Pipeline = [
        {"$match": {**texts, "sentiment.label": {"$in": LABELS}}},
        {"$unwind": "$sentiment.categories"},
        {"$group": {"_id": key, **SUMS}},
        {
            "$facet": {
                "pages": [{"$match": {"_id.page": {"$in": list(pages)}}}],
                "whole": [{"$group": {"_id": {"category": "$_id.category"}, **summed}}],
            }
        },
    ]
    found = feedback.aggregate(database(), _ByCategory, pipeline, session=rollups.session, allow_disk_use=True)
    return found.next()


def _page(sums: _PageSums, categories: Sequence[_CategorySums]) -> PageSentiment:
    own = [each for each in categories if each["_id"]["page"] == sums["_id"]]
    return PageSentiment(page=sums["_id"], **_part(sums, own).model_dump())


def _part(sums: SentimentSums, categories: Sequence[_CategorySums]) -> SentimentPart:
    figures = figures_of(sums)
    found = {each["_id"]["category"]: each for each in categories}
    known = [_category(name, found[name], figures.n) for name in CATEGORIES if name in found]
    return SentimentPart(**figures.model_dump(), categories=known)


def _category(category: Category, sums: SentimentSums, texts: int) -> CategoryFigures:
    n = sums["positive"] + sums["neutral"] + sums["negative"]
    return CategoryFigures(
        category=category,
        n=n,
        share=percentage(n, texts),
        negative=sums["negative"],
        avg_score=round(sums["score"] / n, 3),
    )
