"""What one customer's orders amount to: those that figures count, what was given back, and those that are left out."""

from typing import NamedTuple, TypedDict

from pymongo.client_session import ClientSession

from footfall.orders.purchases import Condition, foreign_purchases, free_orders, in_currency_of, purchases
from footfall.orders.purchases import unknown_amounts as unknown
from footfall.questions.left_out import LeftOut
from footfall.schemas.order import LeftOutOrders
from footfall.schemas.site import Site
from footfall.stores.collections import orders
from footfall.stores.mongo import Pipeline, database


class PersonOrders(NamedTuple):
    """How many orders figures count, their totals, all refunds in minor units, and what is left out."""

    orders: int
    revenue: int
    refunds: int
    left_out: LeftOut


class _Group(TypedDict):
    _id: str
    orders: int
    total: int
    refunded: int


class _Found(TypedDict):
    bought: list[_Group]
    given_back: list[_Group]
    abroad: list[_Group]
    unknown: list[_Group]
    free: list[_Group]


def orders_of(site: Site, user_id: str, session: ClientSession) -> PersonOrders:
    """Returns what a user's orders amount to, of which there may be very many: MongoDB adds them up, at one look."""
    parts = {
        "bought": purchases(site),
        "given_back": in_currency_of(site),
        "abroad": foreign_purchases(site),
        "unknown": unknown(site),
        "free": free_orders(site),
    }
    pipeline: Pipeline = [
        {"$match": {"site_id": site.site_id, "user_id": user_id}},
        {"$facet": {name: [{"$match": condition}, {"$group": SUMS}] for name, condition in parts.items()}},
    ]
    (found,) = orders.aggregate(database(), _Found, pipeline, session=session)
    others = LeftOutOrders(
        other_currencies={group["_id"]: group["orders"] for group in found["abroad"]},
        unknown_amounts=sum(group["orders"] for group in found["unknown"]),
        free_orders=sum(group["orders"] for group in found["free"]),
    )
    return PersonOrders(
        orders=sum(group["orders"] for group in found["bought"]),
        revenue=sum(group["total"] for group in found["bought"]),
        refunds=sum(group["refunded"] for group in found["given_back"]),
        left_out=LeftOut.of(others),
    )


SUMS: Condition = {
    "_id": "$currency",
    "orders": {"$sum": 1},
    "total": {"$sum": "$total"},
    "refunded": {"$sum": "$refunded"},
}
