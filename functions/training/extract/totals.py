"""What the orders of customers amount to, as MongoDB sums them itself: what the scores must add up to."""

from typing import Any

from footfall.schemas.model import OrderTotals
from footfall.schemas.site import Site
from pymongo.database import Database


def customer_orders(database: Database[dict[str, Any]], site: Site) -> OrderTotals:
    """How many priced orders known people placed in the site's currency, and their totals in minor units."""
    query = {
        "site_id": site.site_id,
        "user_id": {"$type": "string"},
        "total": {"$gt": 0},
        "placed_at": {"$type": "date"},
        "currency": {"$in": [site.currency, ""]},
    }
    group = {"_id": None, "orders": {"$sum": 1}, "revenue": {"$sum": "$total"}}
    found = next(database["orders"].aggregate([{"$match": query}, {"$group": group}]), {"orders": 0, "revenue": 0})
    return OrderTotals(orders=found["orders"], revenue=found["revenue"])
