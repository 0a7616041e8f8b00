"""The question who is likely to leave, and what that would cost. Money is in major units of `currency`."""

from pydantic import BaseModel, ConfigDict, Field
from pymongo import DESCENDING

from footfall.money import major_units
from footfall.questions.figures import Currency
from footfall.questions.forecasts import Churn, Degraded, churn_details, degraded
from footfall.questions.trained import TrainedAnswer, trained
from footfall.schemas.customer import CustomerDocument, RiskLevel
from footfall.schemas.model import ChurnKind
from footfall.sites import get_site
from footfall.stores.collections import customers
from footfall.stores.mongo import answering, database

MOST = 100


class ChurnPredictionsQuestion(BaseModel):
    """How many customers, at which level of risk."""

    model_config = ConfigDict(extra="forbid")

    risk_level: RiskLevel | None = Field(default=None, description="Only customers at this level of risk")
    limit: int = Field(default=20, ge=1, le=MOST, description="How many customers at most; /api/customers has them all")


class ChurnPrediction(Churn):
    """One customer's chance of churn."""

    customer_id: str = Field(examples=["12347"])
    value_at_risk: float | None = Field(
        description="That chance times what is expected of them within a year if they are still a customer; null where"
        " either is not known",
        examples=[98.2],
    )
    recency: int = Field(description="Days from the last order to the last day of data", examples=[41])


class ChurnPredictions(Degraded, TrainedAnswer):
    """The customers by risk times value, the most first, as the last training found them."""

    customers: list[ChurnPrediction]
    currency: Currency
    kind: ChurnKind | None = Field(
        description="What chances are told by: of four candidates the one that did best on an earlier day; null where"
        " there is none"
    )
    horizon_days: int | None = Field(
        description="Churn is not to buy within so many days: of the customers who come back, four of five do within"
        " them",
        examples=[119],
    )


@answering()
def answer(site_id: str, question: ChurnPredictionsQuestion) -> ChurnPredictions:
    """Returns customers by risk times value; nobody before the first training; raises NotFound or Unavailable."""
    site, details = get_site(database(), site_id), churn_details(site_id)
    query: dict[str, object] = {"site_id": site_id}
    if question.risk_level is not None:
        query["churn_risk_level"] = question.risk_level
    order = [("value_at_risk", DESCENDING), ("_id", DESCENDING)]
    found = customers.of(database()).find(query).sort(order).limit(question.limit)
    return ChurnPredictions(
        customers=[_line(customer) for customer in found],
        currency=site.currency,
        kind=details["kind"] if details else None,
        horizon_days=details["horizon_days"] if details else None,
        **degraded(details).model_dump(),
        **trained(site).model_dump(),
    )


def _line(customer: CustomerDocument) -> ChurnPrediction:
    value = customer.get("value_at_risk")
    return ChurnPrediction(
        **Churn.of(customer).model_dump(),
        customer_id=customer["customer_id"],
        value_at_risk=None if value is None else major_units(value, customer["currency"]),
        recency=customer["recency"],
    )
