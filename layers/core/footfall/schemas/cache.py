"""What operations answers about the cache."""

from typing import Literal

from pydantic import BaseModel, Field


class CachedKind(BaseModel):
    """The remembered answers of one kind."""

    kind: str = Field(description="`dashboard`, `funnel`, `similar_users` or `trending`", examples=["funnel"])
    entries: int = Field(description="answers that are kept now", examples=[12])
    bytes: int = Field(description="how long they are together, as text", examples=[20_480])
    hits: int = Field(description="how often one was found", examples=[870])
    misses: int = Field(description="how often one had to be computed", examples=[130])
    hit_rate: float = Field(description="share of lookups that found one, in percent", examples=[87.0])


class CacheStats(BaseModel):
    """The site's remembered answers: how many there are, and how often they saved computing one in the last days."""

    hit_rate: float = Field(description="share of lookups that found an answer, in percent", examples=[87.5])
    hits: int
    misses: int
    days: int = Field(description="over how many days lookups are counted", examples=[7])
    entries: int
    bytes: int
    kinds: list[CachedKind]


class Forgotten(BaseModel):
    """Remembered answers are gone; the next question is answered from MongoDB."""

    removed: int = Field(description="how many there were", examples=[12])


class Refreshed(Forgotten):
    """Remembered answers are gone, and the usual questions are being asked again."""

    status: Literal["started"] = "started"
    warming: list[str] = Field(description="what is being asked, so that the answers are there before anybody asks")
