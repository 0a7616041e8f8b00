"""Customers as training found them, put in place of those that an earlier run found."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypedDict, cast

from footfall.chunks import chunks
from footfall.customers.arrays import features_of_all, subjects_of
from footfall.customers.forecast_sums import ForecastSums
from footfall.customers.habits import habits_of
from footfall.customers.priority import priority, priority_order
from footfall.customers.profile import main_device
from footfall.customers.segment_sums import Segments
from footfall.models.artefacts import saved_files
from footfall.models.behaviour_segments import EVERYBODY
from footfall.models.table import MODELS
from footfall.models.trained import Trained
from footfall.schemas.customer import CountedCustomer, CustomerDocument, ModelFields, Priority
from footfall.schemas.model import Evaluated, ModelName, Run, Shard
from footfall.stores.collections import customers
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

AT_A_TIME = 1_000
SHARD = 5_000
MOST_SHARDS = 1_000
EXTRACTED = ("customer", "recency", "frequency", "monetary", "refunded", "first_order", "last_order")


def shards_of(count: int) -> list[Shard]:
    """Returns the shards that so many customers are scored in, none of them large; a bigger shop has more."""
    size = max(SHARD, -(-count // MOST_SHARDS))
    return [Shard(start=start, stop=min(start + size, count)) for start in range(0, count, size)]


def customers_of(run: Evaluated, models: Mapping[ModelName, Trained], those: slice) -> Iterator[CustomerDocument]:
    """Returns a document for each of some customers, with what the models write on them."""
    arrays = saved_files(run.artefacts)["features"]
    rows, people = arrays["customer"][those], subjects_of(arrays)
    features = features_of_all(arrays).of_rows(rows)
    extracted = zip(*(arrays[name][those].tolist() for name in EXTRACTED), strict=True)
    for found, tokens, written in zip(extracted, features.people(), _written(models, those), strict=True):
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


def _written(models: Mapping[ModelName, Trained], those: slice) -> Iterator[ModelFields]:
    writers = [(fields, model) for name, model in models.items() if (fields := MODELS[name].fields)]
    for parts in zip(*(fields(model, those) for fields, model in writers), strict=True):
        # the models together write all of these, each in its own type; without the model, all are of one segment
        yield cast(
            ModelFields,
            {"behaviour_segment": EVERYBODY} | {name: value for part in parts for name, value in part.items()},
        )


def _value_at_risk(written: ModelFields) -> int | None:
    chance, value = written.get("churn_probability"), written.get("clv_if_active")
    return None if chance is None or value is None else round(chance * value)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class CustomerTotals(NamedTuple):
    """What customers add up to, by segment and by what is foreseen of them."""

    segments: Segments
    forecasts: ForecastSums


def replace(database: Mongo, found: Iterable[CustomerDocument]) -> int:
    """Put these in place of the same customers as an earlier run found them; returns how many they are.

    Those of a newer version, from a run that was quicker, stay.
    """
    count = 0
    for some in chunks(found, AT_A_TIME):
        count += len(some)
        writes = [
            ReplaceOne({"_id": customer["_id"], "version": {"$lte": customer["version"]}}, customer, upsert=True)
            for customer in some
        ]
        try:
            customers.of(database).bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates(error)
    return count


def remove_older(database: Mongo, run: Run) -> None:
    """Remove who was a customer in an earlier run, and is none in this one."""
    customers.of(database).delete_many({"site_id": run.site_id, "version": {"$lt": run.version}})


def totals_of(database: Mongo, run: Run) -> CustomerTotals:
    """Returns what the customers of a run add up to."""
    totals = CustomerTotals(Segments(), ForecastSums())
    for some in chunks(customers.read(database, CountedCustomer, {"site_id": run.site_id}), AT_A_TIME):
        totals.segments.add_all(some)
        totals.forecasts.add_all(some)
    return totals
