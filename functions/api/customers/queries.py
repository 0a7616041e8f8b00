"""What api/customers asks MongoDB."""

from collections.abc import Mapping
from typing import Any, cast

from footfall.models import registry as models
from footfall.money import major_units
from footfall.people.identities import identities
from footfall.schemas.customer import CustomerLine, Rfm
from footfall.schemas.order import OrderDocument
from footfall.stores.mongo import database

from .question import CustomersQuestion

RECENT_ORDERS = 20
LAST_CHARACTER = "\U0010ffff"


def customers_like(site_id: str, question: CustomersQuestion) -> tuple[list[CustomerLine], int]:
    """A page of customers, and how many there are in all; equal ones in the order of their ids."""
    query = {"site_id": site_id, **_prefix(site_id, question.q)}
    if question.segment is not None:
        query[models.segment_field(database(), site_id, question.segment)] = question.segment
    direction = 1 if question.order == "asc" else -1
    field = "_id" if question.sort_by == "customer_id" else question.sort_by
    order = [(field, direction), ("_id", direction)][: 1 if field == "_id" else 2]
    found = database()["customers"].find(query).sort(order).skip(question.part.skip).limit(question.page_size)
    return [_line(customer) for customer in found], database()["customers"].count_documents(query)


def _prefix(site_id: str, prefix: str | None) -> dict[str, Any]:
    """The condition that an id begins so: a range of keys, since a pattern from a caller could be anything."""
    if prefix is None:
        return {}
    start = f"{site_id}:{prefix}"
    return {"_id": {"$gte": start, "$lt": start + LAST_CHARACTER}}


def _line(customer: Mapping[str, Any]) -> CustomerLine:
    more = {name: customer[name] for name in ("customer_id", "currency", "first_order_at", "last_order_at", "device")}
    return CustomerLine(**rfm_of(customer).model_dump(), **more)


def rfm_of(customer: Mapping[str, Any]) -> Rfm:
    """The scores of a stored customer."""
    kept = {name: customer[name] for name in Rfm.model_fields}
    money = {name: major_units(customer[name], customer["currency"]) for name in ("monetary", "refunded")}
    return Rfm.model_validate(kept | money)


def customer(site_id: str, customer_id: str) -> dict[str, Any] | None:
    """A customer as the last training found them."""
    return database()["customers"].find_one({"_id": f"{site_id}:{customer_id}"})


def orders_of(site_id: str, customer_id: str) -> list[OrderDocument]:
    """Every order and lone refund of a customer, the newest first."""
    query = {"site_id": site_id, "user_id": customer_id}
    found = database()["orders"].find(query).sort([("placed_at", -1), ("_id", 1)])
    return cast(list[OrderDocument], list(found))


def sessions_of(site_id: str, customer_id: str) -> list[dict[str, Any]]:
    """The sums of a customer's sessions by device, under whatever visitor id they were seen."""
    visitors = identities(database(), site_id, [customer_id]).visitors
    own = [visitor for visitor, person_id in visitors.items() if person_id == customer_id]
    match = {
        "site_id": site_id,
        "visitor_id": {"$in": list(visitors)},
        "person_id": {"$in": own},
        "page_views": {"$gt": 0},
        "bot": False,
    }
    group = {
        "_id": "$device",
        "sessions": {"$sum": 1},
        "page_views": {"$sum": "$page_views"},
        "seconds": {"$sum": "$duration"},
        "bounces": {"$sum": {"$toInt": "$bounce"}},
        "converted": {"$sum": {"$toInt": "$converted"}},
        "first_seen": {"$min": "$started_at"},
        "last_seen": {"$max": "$ended_at"},
    }
    return list(database()["user_sessions"].aggregate([{"$match": match}, {"$group": group}, {"$sort": {"_id": 1}}]))


def segment_sums(site_id: str, field: str) -> dict[str, dict[str, Any]]:
    """The sums of each segment, by name; `field` is where a customer's segment stands."""
    group = {
        "_id": f"${field}",
        "customers": {"$sum": 1},
        "revenue": {"$sum": "$monetary"},
        "orders": {"$sum": "$frequency"},
        "days": {"$sum": "$recency"},
        "as_of": {"$max": "$as_of"},
    }
    found = database()["customers"].aggregate([{"$match": {"site_id": site_id}}, {"$group": group}])
    return {sums["_id"]: sums for sums in found}
