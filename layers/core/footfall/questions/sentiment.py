"""The question what people feel about each page, by the texts of their feedback."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.questions.cache import Asked, Remembered
from footfall.questions.feedback_sums import FeedbackDays, together
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import SentimentFigures, figures_of
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.feedback import Category, CategoryFeedback, FeedbackSums, PageFeedback
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.keys import SENTIMENT
from footfall.stores.mongo import answering


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
    found = FeedbackDays.of(rollups, days)
    read = [page for pages in found.read(question.path) for page in pages]
    ranked = _ranked(found, read, question.path)
    listed = ranked[question.skip :][: question.page_size]
    wanted = listed if question.path is None else [question.path]
    parts = _parts(found, read, wanted)
    whole = [*(day["whole"] for day in found.whole()), *read] if question.path is None else parts[question.path]
    return SentimentAnswer(
        range=Range.of(days),
        complete_to=None,
        overall=_part(together(whole)),
        pages=[PageSentiment(page=page, **_part(together(parts[page])).model_dump()) for page in listed],
        **paged(question, len(ranked)),
    )


def _ranked(found: FeedbackDays, read: Iterable[PageFeedback], path: str | None) -> list[str]:
    # pages with a text, those with most first
    texts = Counter[str]()
    for page in read:
        texts[page["page"]] += page["texts"]
    for day in found.page_texts():
        texts.update(dict(zip(day["names"], day["texts"], strict=True)))
    return sorted([page for page in texts if path in (None, page)], key=lambda page: (-texts[page], page))


def _parts(
    found: FeedbackDays, read: Iterable[PageFeedback], pages: Sequence[str]
) -> defaultdict[str, list[FeedbackSums]]:
    parts: defaultdict[str, list[FeedbackSums]] = defaultdict(list)
    for page in read:
        parts[page["page"]].append(page)
    for day in found.of_pages(pages):
        for page in day["pages"]:
            parts[page["page"]].append(page)
    return parts


def _part(sums: FeedbackSums) -> SentimentPart:
    figures = figures_of(sums)
    return SentimentPart(
        **figures.model_dump(), categories=[_category(found, figures.n) for found in sums["categories"]]
    )


def _category(sums: CategoryFeedback, texts: int) -> CategoryFigures:
    n = sums["positive"] + sums["neutral"] + sums["negative"]
    return CategoryFigures(
        category=sums["category"],
        n=n,
        share=percentage(n, texts),
        negative=sums["negative"],
        avg_score=round(sums["score"] / n, 3),
    )
