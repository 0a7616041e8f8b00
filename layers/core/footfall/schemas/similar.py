"""Answers about people who behave alike."""

from typing import Literal

from pydantic import BaseModel, Field

from footfall.schemas.funnel import Device


class SharedBehaviour(BaseModel):
    """What two people have in common; the pages and products are those foremost to both, the foremost first."""

    pages: list[str] = Field(description="Types of page that both see most", examples=[["home", "search"]])
    products: list[str] = Field(description="Products that both looked at or bought", examples=[["22423", "85123A"]])
    device: bool = Field(description="Both make most visits on the same, known device")
    rfm_segment: str | None = Field(description="The RFM segment that both are in", examples=["Champions"])
    behaviour_segment: str | None = Field(description="The behaviour segment that both are in")


class SimilarPerson(BaseModel):
    """Somebody who behaves like the person asked about."""

    user_id: str = Field(examples=["12748"])
    similarity: float | None = Field(
        description="Cosine of the two behaviour vectors: 1 is the same; null in a degraded answer", examples=[0.93]
    )
    device: Device
    rfm_segment: str | None = Field(description="null for who is no customer", examples=["Champions"])
    behaviour_segment: str | None
    shared: SharedBehaviour


class SimilarAnswer(BaseModel):
    """The people nearest to somebody, the nearest first."""

    user_id: str = Field(description="Who was asked about; for a visitor who turned out to be somebody, that person")
    similar: list[SimilarPerson]
    degraded: bool = Field(description="Not by vectors, but people of the same segment, or else device")
    reason: Literal["vector_store_unavailable", "no_vector_yet"] | None = Field(
        default=None, description="Why the answer is degraded; `min_score` is then left out of account"
    )
    version: int | None = Field(default=None, description="Of the model that made the person's vector")
