"""Customers as training found them, put in place of those that an earlier run found."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypedDict, cast

from footfall.chunks import chunks
from footfall.customers.arrays import Arrays, features_of_all, subjects_of
from footfall.customers.forecast_sums import ForecastSums
from footfall.customers.habits import habits_of
from footfall.customers.priority import priority, priority_order
from footfall.customers.profile import main_device
from footfall.customers.segment_sums import Segments
from footfall.models.table import MODELS
from footfall.models.trained import Trained
from footfall.schemas.customer import CustomerDocument, ModelFields, Priority
from footfall.schemas.model import Evaluated, ModelName
from footfall.stores.collections import customers
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

AT_A_TIME = 1_000
EXTRACTED = ("customer", "recency", "frequency", "monetary", "refunded", "first_order", "last_order")


def customers_of(run: Evaluated, arrays: Arrays, models: Mapping[ModelName, Trained]) -> Iterator[CustomerDocument]:
    """Returns a document for each customer, with what the models write on them."""
    people = subjects_of(arrays)
    features = features_of_all(arrays).of_rows(arrays["customer"])
    extracted = zip(*(arrays[name].tolist() for name in EXTRACTED), strict=True)
    for found, tokens, written in zip(extracted, features.people(), _written(models), strict=True):
        row, recency, frequency, monetary, refunded, first_order, last_order = found
        yield CustomerDocument(
            _id=f"{run.site_id}:{people[row]}",
            site_id=run.site_id,
            customer_id=people[row],
            recency=recency,
            frequency=frequency,
            monetary=monetary,
            refunded=refunded,
            currency=run.facts.currency,
            first_order_at=_moment(first_order),
            last_order_at=_moment(last_order),
            **written,
            value_at_risk=_value_at_risk(written),
            **habits_of(tokens, monetary, refunded),
            **_priority(written),
            device=main_device(tokens),
            as_of=str(run.facts.as_of),
            version=run.version,
        )


class _Priority(TypedDict):
    customer_priority: Priority
    priority_order: int


def _priority(written: ModelFields) -> _Priority:
    score, status = written.get("customer_value_score", 0.0), written.get("purchase_timing", "unknown")
    found = priority(score, status, written.get("churn_risk_level"))
    return _Priority(customer_priority=found, priority_order=priority_order(found, score))


def _written(models: Mapping[ModelName, Trained]) -> Iterator[ModelFields]:
    writers = [(fields, model) for name, model in models.items() if (fields := MODELS[name].fields)]
    for parts in zip(*(fields(model) for fields, model in writers), strict=True):
        # the models together write all of these, each in its own type
        yield cast(ModelFields, {name: value for part in parts for name, value in part.items()})


def _value_at_risk(written: ModelFields) -> int | None:
    chance, value = written.get("churn_probability"), written.get("clv_if_active")
    return None if chance is None or value is None else round(chance * value)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class CustomerTotals(NamedTuple):
    """What customers add up to, by segment and by what is foreseen of them."""

    segments: Segments
    forecasts: ForecastSums


def replace(database: Mongo, site_id: str, version: int, found: Iterable[CustomerDocument]) -> CustomerTotals:
    """Put these in place of the site's customers; returns what they add up to.

    Those of a newer version, from a run that was quicker, stay.
    """
    totals = CustomerTotals(Segments(), ForecastSums())
    for some in chunks(found, AT_A_TIME):
        totals.segments.add_all(some)
        totals.forecasts.add_all(some)
        writes = [
            ReplaceOne({"_id": customer["_id"], "version": {"$lte": version}}, customer, upsert=True)
            for customer in some
        ]
        try:
            customers.of(database).bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates(error)
    customers.of(database).delete_many({"site_id": site_id, "version": {"$lt": version}})
    return totals
