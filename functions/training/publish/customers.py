"""Customers as training found them, put in place of those that an earlier run found."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from footfall.customers.arrays import Arrays, features_of_all, subjects_of
from footfall.customers.profile import main_device
from footfall.customers.segments import rfm_segment
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.model import Evaluated
from footfall.stores.mongo import duplicates
from pymongo import ReplaceOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

Mongo = Database[dict[str, Any]]
AT_A_TIME = 1_000
FIGURES = ("recency", "frequency", "monetary", "refunded", "first_order", "last_order")


def customers_of(run: Evaluated, arrays: Arrays, scores: Arrays, segments: Sequence[str]) -> Iterator[CustomerDocument]:
    """A document for each customer; `segments` are the names of the behaviour segments, by number."""
    people = subjects_of(arrays)
    devices = map(main_device, features_of_all(arrays).of_rows(arrays["customer"]).people())
    figures = {name: arrays[name].tolist() for name in FIGURES}
    scored = {name: values.tolist() for name, values in scores.items()}
    for index, (row, device) in enumerate(zip(arrays["customer"].tolist(), devices, strict=True)):
        found = {name: values[index] for name, values in figures.items()}
        score = {name: values[index] for name, values in scored.items()}
        recency, frequency, monetary = score["recency"], score["frequency"], score["monetary"]
        yield CustomerDocument(
            _id=f"{run.site_id}:{people[row]}",
            site_id=run.site_id,
            customer_id=people[row],
            recency=found["recency"],
            frequency=found["frequency"],
            monetary=found["monetary"],
            refunded=found["refunded"],
            currency=run.facts.currency,
            first_order_at=_moment(found["first_order"]),
            last_order_at=_moment(found["last_order"]),
            recency_score=recency,
            frequency_score=frequency,
            monetary_score=monetary,
            rfm_score=f"{recency}{frequency}{monetary}",
            rfm_segment=rfm_segment(recency, frequency, monetary).name,
            behaviour_segment=segments[score["segment"]],
            device=device,
            as_of=str(run.facts.as_of),
            version=run.version,
        )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def replace(database: Mongo, site_id: str, version: int, customers: Iterator[CustomerDocument]) -> None:
    """Put these in place of the site's customers; those of a newer version, from a run that was quicker, stay."""
    collection = database["customers"]
    while batch := list(islice(customers, AT_A_TIME)):
        writes = [
            ReplaceOne({"_id": customer["_id"], "version": {"$lte": version}}, dict(customer), upsert=True)
            for customer in batch
        ]
        try:
            collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates(error)
    collection.delete_many({"site_id": site_id, "version": {"$lt": version}})
