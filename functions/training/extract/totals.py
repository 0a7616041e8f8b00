"""What the orders of customers amount to, as MongoDB sums them itself: what the scores must add up to."""

from typing import TypedDict

from footfall.orders.purchases import purchases_of_known_people
from footfall.schemas.model import OrderTotals
from footfall.schemas.site import Site
from footfall.stores.collections import orders
from footfall.stores.mongo import Mongo


class Sums(TypedDict):
    """All orders together."""

    orders: int
    revenue: int


def customer_orders(database: Mongo, site: Site) -> OrderTotals:
    """Returns how many priced orders known people placed in the site's currency, and their totals in minor units."""
    group = {"_id": None, "orders": {"$sum": 1}, "revenue": {"$sum": "$total"}}
    found = orders.aggregate(database, Sums, [{"$match": purchases_of_known_people(site)}, {"$group": group}])
    sums = next(found, Sums(orders=0, revenue=0))
    return OrderTotals(orders=sums["orders"], revenue=sums["revenue"])
