"""The question how the predicted lifetime value of customers is spread. Money is in major units of `currency`."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field

from footfall.customers.forecast_sums import end_of_bin
from footfall.money import major_units
from footfall.questions.distribution import Distribution, currency_of, customers_found, distribution
from footfall.questions.figures import Currency
from footfall.rates import percentage
from footfall.schemas.model import ValueSums
from footfall.sites import get_site
from footfall.stores.mongo import answering, database

NOT_TOLD = "no model of lifetime value has been published: of no customer it is predicted"


class ValueBin(BaseModel):
    """The customers whose predicted value is in one bin."""

    low: float | None = Field(
        description="Where the bin begins, itself in it: 1, 2 or 5, their tens, hundreds and so on; null for all that"
        " is less than `high`",
        examples=[200.0],
    )
    high: float = Field(description="Where it ends, itself not in it", examples=[500.0])
    customer_count: int = Field(description="How many customers are in it", examples=[1_204])
    share: float = Field(description="Of all customers of whom a value is predicted, in percent", examples=[27.75])
    predicted_clv: float = Field(description="What is predicted of them together", examples=[391_022.4])


class ClvDistribution(Distribution):
    """Customers by predicted lifetime value, in bins from the lowest that any is in to the highest, none left out."""

    currency: Currency
    predicted_clv: float | None = Field(description="Of all customers together; null where nothing is predicted")
    avg_clv: float | None = Field(description="The same for each of whom a value is predicted")
    unknown_customers: int | None = Field(description="Customers of whom none is; null where it is of nobody")
    data: list[ValueBin]


@answering()
def answer(site_id: str) -> ClvDistribution:
    """Returns how many customers have how much predicted value; raises NotFound or Unavailable."""
    site = get_site(database(), site_id)
    model = customers_found(site)
    currency = currency_of(site, model)
    values = model.get("values", []) if model else []
    told = distribution(site, model, None if values else NOT_TOLD)
    customers, predicted = sum(each["customers"] for each in values), sum(each["predicted"] for each in values)
    return ClvDistribution(
        currency=currency,
        predicted_clv=major_units(predicted, currency) if values else None,
        avg_clv=major_units(predicted / customers, currency) if values else None,
        unknown_customers=told.total_customers - customers if values else None,
        data=[_bin(each, customers, currency) for each in _without_gaps(values, currency)],
        **dict(told),
    )


def _without_gaps(values: Sequence[ValueSums], currency: str) -> Iterator[ValueSums]:
    # the bins between those that customers are in, too
    known = {each["low"]: each for each in values}
    low, last = min(known, default=0), max(known, default=-1)
    while low <= last:
        yield known.get(low) or ValueSums(low=low, customers=0, predicted=0)
        low = end_of_bin(low, currency)


def _bin(sums: ValueSums, customers: int, currency: str) -> ValueBin:
    return ValueBin(
        low=major_units(sums["low"], currency) if sums["low"] else None,
        high=major_units(end_of_bin(sums["low"], currency), currency),
        customer_count=sums["customers"],
        share=percentage(sums["customers"], customers),
        predicted_clv=major_units(sums["predicted"], currency),
    )
