"""The question which products are looked at and bought most just now."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from footfall.questions.offered import not_offered
from footfall.questions.recommendations import DEGRADED, Category, Why
from footfall.schemas.recommendation import TrendingProduct, TrendingProducts, Window
from footfall.stores.collections import recommendations
from footfall.stores.mongo import answering, database


class TrendingQuestion(BaseModel):
    """In which window, and how many products of which category."""

    model_config = ConfigDict(extra="forbid")

    window: Window = Field(default="7d", description="The last so many days that have data")
    limit: int = Field(default=10, ge=1, le=50, description="How many products at most")
    category: Category = None


class Trending(BaseModel):
    """One product, and what was done with it: a view counts 1, putting it into the cart 2, buying it 4."""

    product_id: str = Field(examples=["22423"])
    score: float = Field(
        description="The same with what was done a third of the window earlier counting half; 1 for the first of all",
        examples=[0.84],
    )
    category: str | None = Field(description="As the latest event or order says")
    now: int = Field(description="What was done in the window")
    before: int = Field(description="What was done in the window before it, as long")
    change: float | None = Field(description="By how many percent it grew; null where there was nothing before")


class TrendingAnswer(BaseModel):
    """The products of a window, the one with the highest score first."""

    window: Window = Field(description="As it was asked for")
    products: list[Trending] = Field(description="Without what the catalogue says is not to be had")
    degraded: bool = Field(description="Whether there is a `reason`")
    reason: Why | None = Field(description=DEGRADED)
    as_of: date | None = Field(description="The last day with an order or refund when it was made")
    version: int | None = Field(description="Of the model")


@answering()
def answer(site_id: str, question: TrendingQuestion) -> TrendingAnswer:
    """Returns what is trending, as the last training found it; nothing before it. Raises Unavailable."""
    key = f"{site_id}:trending:{question.window}"
    found = next(recommendations.read(database(), TrendingProducts, {"_id": key}), None)
    listed = found.get("trending", []) if found else []
    wanted = [each for each in listed if question.category in (None, each.get("category"))]
    gone = not_offered(site_id, [each["product_id"] for each in wanted])
    left = [each for each in wanted if each["product_id"] not in gone]
    return TrendingAnswer(
        window=question.window,
        products=[_shown(each) for each in left[: question.limit]],
        degraded=found is None,
        reason=None if found else "not_trained_yet",
        as_of=date.fromisoformat(found["as_of"]) if found else None,
        version=found["version"] if found else None,
    )


def _shown(product: TrendingProduct) -> Trending:
    now, before = product["now"], product["before"]
    return Trending(
        product_id=product["product_id"],
        score=product["score"],
        category=product.get("category"),
        now=now,
        before=before,
        change=round(100 * (now - before) / before, 2) if before else None,
    )
