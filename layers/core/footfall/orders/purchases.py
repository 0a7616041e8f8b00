"""What a purchase is, said once: for orders that were read, and for those that MongoDB is asked for."""

from datetime import datetime

from footfall.schemas.order import UNKNOWN_AMOUNT, OrderSums
from footfall.schemas.site import Site

Condition = dict[str, object]


def is_purchase(order: OrderSums) -> bool:
    """Returns whether money was asked for: an order of nothing, and a lone refund, make nobody a customer."""
    return order["total"] > 0 and order["placed_at"] is not None


def is_unknown(order: OrderSums) -> bool:
    """Returns whether an order's total is not known: nobody told it, or it could not be read."""
    return not set(UNKNOWN_AMOUNT).isdisjoint(order.get("flags", []))


def in_currency(order: OrderSums, currency: str) -> bool:
    """Returns whether an order's amounts can be added to a site's: in its currency, or without any amount."""
    return order["currency"] in (currency, "")


def purchases(site: Site, **placed: object) -> Condition:
    """Returns the condition for a site's purchases in its own currency; `placed` bounds `placed_at` ($lt=, $gte=)."""
    return _placed(site, placed) | {"total": {"$gt": 0}, "currency": {"$in": [site.currency, ""]}}


def purchases_of_known_people(site: Site) -> Condition:
    """Returns the same for people whom the shop knows by an id: the customers."""
    return {**purchases(site), "user_id": {"$type": "string"}}


def foreign_purchases(site: Site) -> Condition:
    """Returns the condition for purchases in other currencies, which the site's sums leave out."""
    return _placed(site, {}) | {"total": {"$gt": 0}, "currency": {"$nin": [site.currency, ""]}}


def unknown_amounts(site: Site) -> Condition:
    """Returns the condition for orders whose total nobody told, or which could not be read."""
    return _placed(site, {}) | {"flags": {"$in": list(UNKNOWN_AMOUNT)}}


def _placed(site: Site, bounds: Condition) -> Condition:
    return {"site_id": site.site_id, "placed_at": {"$type": "date", **bounds}}


def given_back(order: OrderSums, start: datetime, end: datetime) -> int:
    """Returns what was given back of an order from `start` on and before `end`, in minor units of its currency."""
    return sum(refund["amount"] for refund in order["refunds"] if start <= refund["at"] < end)


def moments_of(order: OrderSums) -> list[datetime]:
    """Returns when an order was placed and refunded: it is in the figures of these moments' days, and of no others."""
    moments = [order["placed_at"], *(refund["at"] for refund in order["refunds"])]
    return [moment for moment in moments if moment]


def last_moment(order: OrderSums) -> datetime | None:
    """Returns when an order was placed or last refunded, whichever was later."""
    return max(moments_of(order), default=None)
