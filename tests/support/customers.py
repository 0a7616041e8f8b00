"""Customers as training stores them, and what is known of how they behave."""

from datetime import timedelta
from typing import Any

from footfall.customers.segment_sums import SEGMENT_FIELDS, Segments
from pymongo.database import Database

from tests.support.builders import NOON

Mongo = Database[dict[str, Any]]


Json = dict[str, Any]


DETAILS = {"as_of": "2026-03-13", "currency": "GBP", "time_zone": "UTC"}


def a_customer(customer_id: str, site_id: str = "demo", **but: Any) -> Json:
    """A customer as training stores them."""
    customer = {
        "site_id": site_id,
        "customer_id": customer_id,
        "recency": 3,
        "frequency": 2,
        "monetary": 12_345,
        "refunded": 50,
        "currency": "GBP",
        "first_order_at": NOON,
        "last_order_at": NOON + timedelta(days=9),
        "recency_score": 5,
        "frequency_score": 4,
        "monetary_score": 4,
        "rfm_score": "544",
        "rfm_segment": "Champions",
        "behaviour_segment": "Frequent",
        "device": "Mobile",
        "as_of": "2026-03-13",
        "version": 1,
    }
    return {"_id": f"{site_id}:{customer_id}", **customer, **but}


def know_behaviour(database: Mongo, *names: str) -> None:
    """Publish a model with these behaviour segments."""
    segments = [{"name": name, "customers": 1, "deviations": {"orders": 1.2}} for name in names]
    document = {
        "name": "behaviour_segments",
        "version": 1,
        "state": "published",
        "details": {**DETAILS, "segments": segments},
    }
    database["models"].insert_one({"_id": "demo:behaviour_segments:1", "site_id": "demo", **document})


def publish(database: Mongo, *customers: Json) -> None:
    """Store customers as training publishes them, with the models that say what they add up to."""
    segments = Segments()
    segments.add_all(customers)  # type: ignore[arg-type]
    database["customers"].insert_many(customers)
    for name in SEGMENT_FIELDS:
        fields = {"version": 1, "state": "published", "segments": segments.of_model(name)}
        key = {"_id": f"demo:{name}:1", "site_id": "demo", "name": name}
        database["models"].update_one(
            key, {"$set": {**fields, **{f"details.{field}": told for field, told in DETAILS.items()}}}, upsert=True
        )
