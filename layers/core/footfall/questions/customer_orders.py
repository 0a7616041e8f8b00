"""The questions what one customer ordered, one by one and in sums. Money in answers is in major units."""

from datetime import datetime
from typing import TypedDict

from pydantic import BaseModel, Field

from footfall.money import major_units
from footfall.orders.purchases import in_currency_of, purchases
from footfall.questions.customer import CustomerOrder, order_of
from footfall.questions.figures import AverageOrderValue, Currency, NetRevenue, Orders, Refunds, Revenue
from footfall.questions.keyed_list import COUNTED, KeyedAnswer, KeyedQuestion, newest
from footfall.questions.known_user import check_known
from footfall.questions.left_out import LeftOut, left_out
from footfall.schemas.paging import paged
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores import collections
from footfall.stores.mongo import Pipeline, answering, database, snapshot

MOST_MONTHS = 24
MOST_CATEGORIES = 20
UNKNOWN = "unknown"


class CustomerOrdersQuestion(KeyedQuestion):
    """Which part of a customer's orders, the newest first."""


class CustomerOrders(KeyedAnswer):
    """A page of the orders that one customer placed; refunds whose order was never seen are in none."""

    customer_id: str
    orders: list[CustomerOrder]
    total: int = Field(description=f"Orders placed; {COUNTED}")


class SpentInMonth(BaseModel):
    """What was ordered in a month of the site's time zone."""

    month: str = Field(description="Of the year", examples=["2026-03"])
    orders: Orders
    revenue: Revenue


class SpentOnCategory(BaseModel):
    """What was ordered of a category, by the lines of orders that tell amounts."""

    category: str = Field(description="`unknown` for lines without one", examples=["Lamps"])
    orders: int = Field(description="Orders with a line of it")
    amount: float = Field(description="Of those lines, before discounts and refunds of the order")


class SpendingSummary(LeftOut):
    """What somebody's orders amount to as they stand now."""

    user_id: str
    currency: Currency
    orders: Orders
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue
    average_order_value: AverageOrderValue
    first_order_at: datetime | None
    last_order_at: datetime | None
    by_month: list[SpentInMonth] = Field(description=f"The last {MOST_MONTHS} months with an order, the earliest first")
    by_category: list[SpentOnCategory] = Field(description=f"The {MOST_CATEGORIES} largest")


@answering()
def answer(site_id: str, customer_id: str, question: CustomerOrdersQuestion) -> CustomerOrders:
    """Returns a page of a customer's orders; raises NotFound where the site knows nobody of that id, or Unavailable."""
    site = get_site(database(), site_id)
    check_known(site_id, customer_id)
    placed = {"site_id": site_id, "user_id": customer_id, "placed_at": {"$type": "date"}}
    found = newest(database(), collections.orders, placed, "placed_at", question)
    return CustomerOrders(
        customer_id=customer_id,
        orders=[order_of(order, site.currency) for order in found.documents],
        next=found.next,
        **paged(question, found.total),
    )


class _Sums(TypedDict):
    orders: int
    amount: int
    first: datetime | None
    last: datetime | None


class _Group(TypedDict):
    _id: str | None
    orders: int
    amount: int


@answering()
def summary(site_id: str, user_id: str) -> SpendingSummary:
    """Returns what somebody spent; raises NotFound where the site knows nobody of that id, or Unavailable."""
    site = get_site(database(), site_id)
    check_known(site_id, user_id)
    whose: dict[str, object] = {"user_id": user_id}
    bought, here = {**purchases(site), **whose}, {**in_currency_of(site), **whose}
    with snapshot() as session:
        spent, refunded = (
            next(collections.orders.aggregate(database(), _Sums, _sums(condition, field), session=session), _NOTHING)
            for condition, field in ((bought, "total"), (here, "refunded"))
        )
        months = collections.orders.aggregate(database(), _Group, _by_month(site, bought), session=session).to_list()
        kinds = collections.orders.aggregate(database(), _Group, _by_category(bought), session=session).to_list()
        return SpendingSummary(
            user_id=user_id,
            currency=site.currency,
            orders=spent["orders"],
            revenue=major_units(spent["amount"], site.currency),
            refunds=major_units(refunded["amount"], site.currency),
            net_revenue=major_units(spent["amount"] - refunded["amount"], site.currency),
            average_order_value=major_units(spent["amount"] / (spent["orders"] or 1), site.currency),
            first_order_at=spent["first"],
            last_order_at=spent["last"],
            by_month=[_month(each, site) for each in reversed(months)],
            by_category=[_category(each, site) for each in kinds],
            **left_out(site, whose, session).model_dump(),
        )


_NOTHING = _Sums(orders=0, amount=0, first=None, last=None)


def _sums(condition: dict[str, object], field: str) -> Pipeline:
    ends = {"first": {"$min": "$placed_at"}, "last": {"$max": "$placed_at"}}
    group = {"_id": None, "orders": {"$sum": 1}, "amount": {"$sum": f"${field}"}, **ends}
    return [{"$match": condition}, {"$group": group}]


def _by_month(site: Site, condition: dict[str, object]) -> Pipeline:
    month = {"$dateToString": {"date": "$placed_at", "format": "%Y-%m", "timezone": site.time_zone}}
    group = {"_id": month, "orders": {"$sum": 1}, "amount": {"$sum": "$total"}}
    return [{"$match": condition}, {"$group": group}, {"$sort": {"_id": -1}}, {"$limit": MOST_MONTHS}]


def _by_category(condition: dict[str, object]) -> Pipeline:
    category = {"$ifNull": ["$lines.category", None]}
    priced = {"$multiply": [{"$ifNull": ["$lines.unit_price", 0]}, {"$ifNull": ["$lines.quantity", 1]}]}
    amount = {"$sum": {"$ifNull": ["$lines.total", priced]}}
    return [
        {"$match": condition},
        {"$unwind": "$lines"},
        {"$group": {"_id": {"order": "$_id", "category": category}, "amount": amount}},
        {"$group": {"_id": "$_id.category", "orders": {"$sum": 1}, "amount": {"$sum": "$amount"}}},
        {"$sort": {"amount": -1, "_id": 1}},
        {"$limit": MOST_CATEGORIES},
    ]


def _month(found: _Group, site: Site) -> SpentInMonth:
    revenue = major_units(found["amount"], site.currency)
    return SpentInMonth(month=found["_id"] or "", orders=found["orders"], revenue=revenue)


def _category(found: _Group, site: Site) -> SpentOnCategory:
    amount = major_units(found["amount"], site.currency)
    return SpentOnCategory(category=found["_id"] or UNKNOWN, orders=found["orders"], amount=amount)
