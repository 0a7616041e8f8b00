"""The question what people wrote: a page of the texts of feedback, and how each was read."""

from datetime import datetime

from pydantic import BaseModel, Field

from footfall.questions.keyed_list import COUNTED, KeyedAnswer, KeyedQuestion, newest
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import texts_of
from footfall.rollups import rollups_of
from footfall.schemas.feedback import Category, FeedbackDocument, Label
from footfall.schemas.paging import paged
from footfall.stores.collections import feedback
from footfall.stores.mongo import answering, database


class FeedbackQuestion(KeyedQuestion, RangeQuestion):
    """Which texts, and which page of their list."""

    path: str | None = Field(
        default=None,
        max_length=2_048,
        description="Only of this page of the shop: its path, or its type where it came without a path",
        examples=["/checkout"],
    )
    label: Label | None = Field(default=None, description="Only texts with this label")
    category: Category | None = Field(default=None, description="Only texts that speak of this")
    language: str | None = Field(
        default=None, max_length=16, description="Only texts in this language, by its tag (BCP 47)", examples=["de"]
    )


class FeedbackLine(BaseModel):
    """What somebody wrote, and how it was read."""

    event_id: str
    timestamp: datetime
    text: str = Field(description="As it was written")
    rating: float | None = Field(description="What they rated, on the shop's own scale", examples=[4])
    label: Label | None = Field(description="Null without a score")
    score: float | None = Field(
        description="From -1 to 1; null in a language that cannot be read, and until the text was read",
        examples=[-0.62],
    )
    categories: list[Category] = Field(description="What it speaks of; in English only")
    language: str | None = Field(
        description="Its tag (BCP 47): `und` could not be told, `zxx` is none; null until it was read", examples=["en"]
    )
    version: int | None = Field(description="Which version of the reading this is of", examples=[1])
    page: str = Field(description="The path it was written on, or the page's type; `other` without either")
    person_id: str = Field(description="Who wrote it")
    device: str


class FeedbackAnswer(RangeAnswer, KeyedAnswer):
    """A page of the texts that people wrote, the newest first; bots are left out."""

    feedback: list[FeedbackLine]
    total: int = Field(description=f"Texts that the filters let through; {COUNTED}", examples=[68])


@answering()
def answer(site_id: str, question: FeedbackQuestion) -> FeedbackAnswer:
    """Returns a page of texts, the newest first; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        wanted = {**texts_of(site_id, days, question.path), **_only(question)}
        found = newest(database(), feedback, wanted, "timestamp", question)
        return FeedbackAnswer(
            range=Range.of(days),
            complete_to=rollups.complete_to(days),
            feedback=[_line(each) for each in found.documents],
            next=found.next,
            **paged(question, found.total),
        )


def _only(question: FeedbackQuestion) -> dict[str, str]:
    asked = {"label": question.label, "categories": question.category, "language": question.language}
    return {f"sentiment.{name}": value for name, value in asked.items() if value is not None}


def _line(kept: FeedbackDocument) -> FeedbackLine:
    read = kept["sentiment"]
    return FeedbackLine(
        event_id=kept["event_id"],
        timestamp=kept["timestamp"],
        text=kept["text"] or "",
        rating=kept["rating"],
        label=read and read["label"],
        score=read and read["score"],
        categories=read["categories"] if read else [],
        language=read and read["language"],
        version=read and read["version"],
        page=kept["path"] or kept["page_type"] or "other",
        person_id=kept["person_id"],
        device=kept["device"],
    )
