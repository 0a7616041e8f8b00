"""The question how likely customers are to leave. Money in answers is in major units of `currency`."""

from pydantic import BaseModel, Field

from footfall.money import major_units
from footfall.questions.distribution import Distribution, currency_of, customers_found, distribution
from footfall.questions.figures import Currency
from footfall.rates import percentage
from footfall.schemas.customer import RiskLevel
from footfall.schemas.model import RiskSums
from footfall.sites import get_site
from footfall.stores.mongo import answering, database

NOT_TOLD = "no model of churn has been published: no customer has a level of risk"


class RiskShare(BaseModel):
    """The customers at one level of risk."""

    risk_level: RiskLevel = Field(description="How likely they are to leave")
    customer_count: int = Field(description="How many customers are at it", examples=[412])
    share: float = Field(description="Of all customers who have a level, in percent", examples=[9.5])
    revenue: float = Field(description="What they have brought so far, before refunds", examples=[98_310.5])
    revenue_share: float = Field(description="Of what all who have a level have brought, in percent", examples=[11.03])


class RiskDistribution(Distribution):
    """The customers by how likely they are to leave, the likeliest first."""

    currency: Currency
    unknown_customers: int | None = Field(description="Customers without a level of risk; null where none has one")
    data: list[RiskShare]


@answering()
def answer(site_id: str) -> RiskDistribution:
    """Returns how many customers are at each level of risk; raises NotFound or Unavailable."""
    site = get_site(database(), site_id)
    model = customers_found(site)
    currency = currency_of(site, model)
    risks = model.get("risks", []) if model else []
    told = distribution(site, model, None if risks else NOT_TOLD)
    customers, revenue = sum(each["customers"] for each in risks), sum(each["revenue"] for each in risks)
    return RiskDistribution(
        currency=currency,
        unknown_customers=told.total_customers - customers if risks else None,
        data=[_share(each, customers, revenue, currency) for each in risks],
        **dict(told),
    )


def _share(sums: RiskSums, customers: int, revenue: int, currency: str) -> RiskShare:
    return RiskShare(
        risk_level=sums["risk_level"],
        customer_count=sums["customers"],
        share=percentage(sums["customers"], customers),
        revenue=major_units(sums["revenue"], currency),
        revenue_share=percentage(sums["revenue"], revenue),
    )
