"""The question on which pages people do the same as on one."""

from typing import Literal

from pydantic import BaseModel, Field

from footfall.customers.page_behaviour import LONGEST_PAGE
from footfall.errors import NotFound, Unavailable
from footfall.questions.similar import NearestQuestion
from footfall.settings import VectorSearchSettings, from_environment
from footfall.stores import vectors
from footfall.stores.vectors import PAGES, Row


class SimilarPage(BaseModel):
    """A page on which people do the same."""

    page: str = Field(description="Its path, or its type where it has none", examples=["/products/teapot"])
    page_type: str = Field(description="What kind of page it mostly is", examples=["product"])
    similarity: float = Field(description="Cosine of the two pages' vectors: 1 is the same", examples=[0.97])


class SimilarPagesAnswer(BaseModel):
    """The pages nearest to one, the nearest first."""

    name: str = Field(description="The page's path, or its type, as it was asked for", examples=["/checkout"])
    page_type: str | None = Field(description="What kind of page it mostly is; null in a degraded answer")
    similar: list[SimilarPage] = Field(description="Without the page itself")
    degraded: bool = Field(description="Whether there is a `reason`; then there are no pages")
    reason: Literal["vector_store_unavailable"] | None = Field(description="Why the answer is degraded")
    version: int | None = Field(description="Of the model that made the page's vector")


def answer(site_id: str, page: str, question: NearestQuestion) -> SimilarPagesAnswer:
    """Returns the pages where people come from, do and go on to the same things.

    Raises NotFound for a page that was seen in fewer than three visits before the last training.
    """
    try:
        own = vectors.row_of(PAGES, site_id, page[:LONGEST_PAGE])
        return _nearest(site_id, _known(own), question)
    except Unavailable:
        reason: Literal["vector_store_unavailable"] = "vector_store_unavailable"
        return SimilarPagesAnswer(name=page, page_type=None, similar=[], degraded=True, reason=reason, version=None)


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound("this page was seen in fewer than three visits before the last training")
    return row


def _nearest(site_id: str, own: Row, question: NearestQuestion) -> SimilarPagesAnswer:
    probes = from_environment(VectorSearchSettings).milvus_nprobe
    found = vectors.nearest(PAGES, site_id, own.vector, question.limit + 1, probes=probes)
    similar = [
        SimilarPage(page=each.subject, page_type=each.texts["page_type"], similarity=round(each.similarity, 4))
        for each in found
        if each.subject != own.subject and each.similarity >= question.min_score
    ]
    return SimilarPagesAnswer(
        name=own.subject,
        page_type=own.texts["page_type"],
        similar=similar[: question.limit],
        degraded=False,
        reason=None,
        version=own.version,
    )
