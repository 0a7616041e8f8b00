"""The question of whom most is expected: customers by lifetime value. Money is in major units of `currency`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pymongo import DESCENDING

from footfall.money import major_units
from footfall.questions.figures import Currency
from footfall.questions.forecasts import Degraded, LifetimeValue, degraded, lifetime_details
from footfall.questions.trained import TrainedAnswer, trained
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.model import LifetimeKind
from footfall.sites import get_site
from footfall.stores.collections import customers
from footfall.stores.mongo import answering, database

MOST = 100
FIELDS: dict[str, str] = {"predicted_clv": "predicted_clv", "current_value": "monetary"}


class ClvPredictionsQuestion(BaseModel):
    """How many customers, those of most of what."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=MOST, description="How many customers at most; /api/customers has them all")
    sort_by: Literal["predicted_clv", "current_value"] = Field(
        default="predicted_clv", description="Those of most come first, equal ones in the order of their ids downwards"
    )


class ClvPrediction(LifetimeValue):
    """One customer's lifetime value."""

    customer_id: str = Field(examples=["12347"])
    current_value: float = Field(description="What their orders have come to so far, before refunds: `monetary`")


class ClvPredictions(Degraded, TrainedAnswer):
    """The customers of whom most is expected, as the last training found them."""

    customers: list[ClvPrediction]
    currency: Currency
    kind: LifetimeKind | None = Field(
        description="By which kind of model: `pooled` expects as much of everybody; null before the first"
    )
    days: int | None = Field(description="Of how many days after the last day of data values are", examples=[365])


@answering()
def answer(site_id: str, question: ClvPredictionsQuestion) -> ClvPredictions:
    """Returns the customers of whom most is expected; nobody before a training; raises NotFound or Unavailable."""
    site, details = get_site(database(), site_id), lifetime_details(site_id)
    order = [(FIELDS[question.sort_by], DESCENDING), ("_id", DESCENDING)]
    found = customers.of(database()).find({"site_id": site_id}).sort(order).limit(question.limit)
    return ClvPredictions(
        customers=[_line(customer) for customer in found],
        currency=site.currency,
        kind=details["kind"] if details else None,
        days=details["days"] if details else None,
        **degraded(details).model_dump(),
        **trained(site).model_dump(),
    )


def _line(customer: CustomerDocument) -> ClvPrediction:
    return ClvPrediction(
        **LifetimeValue.of(customer).model_dump(),
        customer_id=customer["customer_id"],
        current_value=major_units(customer["monetary"], customer["currency"]),
    )
