"""The question which products are bought together more often than by chance."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from footfall.questions.offered import not_offered
from footfall.questions.recommendations import DEGRADED, Why
from footfall.rates import percentage
from footfall.schemas.recommendation import CrossSell, ProductPair
from footfall.stores.collections import recommendations
from footfall.stores.mongo import answering, database


class CrossSellQuestion(BaseModel):
    """To which product, and how many others."""

    model_config = ConfigDict(extra="forbid")

    product_id: str | None = Field(
        default=None, min_length=1, max_length=256, description="Without it, the best pairs of all products, each once"
    )
    limit: int = Field(default=20, ge=1, le=100, description="How many pairs at most; one product has twenty")


class Pair(BaseModel):
    """Who buys the one product often buys the other in the same order."""

    product_id: str = Field(description="Who buys this", examples=["22697"])
    other_id: str = Field(description="may want this", examples=["22699"])
    both: int = Field(description="Orders with both", examples=[580])
    support: float = Field(description="The same in percent of all orders", examples=[2.93])
    confidence: float = Field(
        description="Of the orders with the one, how many percent have the other", examples=[77.3]
    )
    lift: float = Field(
        description="How many times as often they are bought together as if the one did not matter to the other",
        examples=[18.2],
    )
    lift_low: float = Field(
        description="The lift is not lower with 95 % confidence (delta method: normal in its logarithm); pairs are"
        " those for which this is above 1, the highest first",
        examples=[16.9],
    )


class CrossSellAnswer(BaseModel):
    """Pairs of products."""

    pairs: list[Pair] = Field(description="Without what the catalogue says is not to be had")
    orders: int = Field(description="How many orders were looked at, all that anything was paid for")
    degraded: bool = Field(description="Whether there is a `reason`")
    reason: Why | None = Field(description=DEGRADED)
    as_of: date | None = Field(description="The last day with an order or refund when they were found")
    version: int | None = Field(description="Of the model")


@answering()
def answer(site_id: str, question: CrossSellQuestion) -> CrossSellAnswer:
    """Returns the pairs of a product, or the best of all, as the last training found them. Raises Unavailable."""
    every = _read(site_id, "")
    found = every if question.product_id is None else _read(site_id, question.product_id)
    pairs = found.get("pairs", []) if found else []
    gone = not_offered(site_id, {each for pair in pairs for each in (pair["product_id"], pair["other_id"])})
    left = [
        pair
        for pair in pairs
        if pair["other_id"] not in gone and (question.product_id or pair["product_id"] not in gone)
    ]
    orders = every.get("orders", 0) if every else 0
    return CrossSellAnswer(
        pairs=[_shown(pair, orders) for pair in left[: question.limit]],
        orders=orders,
        degraded=every is None,
        reason=None if every else "not_trained_yet",
        as_of=date.fromisoformat(every["as_of"]) if every else None,
        version=every["version"] if every else None,
    )


def _read(site_id: str, product_id: str) -> CrossSell | None:
    return next(recommendations.read(database(), CrossSell, {"_id": f"{site_id}:cross_sell:{product_id}"}), None)


def _shown(pair: ProductPair, orders: int) -> Pair:
    return Pair(
        product_id=pair["product_id"],
        other_id=pair["other_id"],
        both=pair["both"],
        support=percentage(pair["both"], orders),
        confidence=percentage(pair["both"], pair["with_product"]),
        lift=pair["lift"],
        lift_low=pair["lift_low"],
    )
