"""What a purchase is, said once: for orders that were read, and for those that MongoDB is asked for."""

from footfall.schemas.order import OrderSums
from footfall.schemas.site import Site

Condition = dict[str, object]


def is_purchase(order: OrderSums) -> bool:
    """Returns whether money was asked for: an order of nothing, and a lone refund, make nobody a customer."""
    return order["total"] > 0 and order["placed_at"] is not None


def in_currency(order: OrderSums, currency: str) -> bool:
    """Returns whether an order's amounts can be added to a site's: in its currency, or without any amount."""
    return order["currency"] in (currency, "")


def purchases(site: Site, **placed: object) -> Condition:
    """Returns the condition for a site's purchases in its own currency; `placed` bounds `placed_at` ($lt=, $gte=)."""
    return {
        "site_id": site.site_id,
        "placed_at": {"$type": "date", **placed},
        "total": {"$gt": 0},
        "currency": {"$in": [site.currency, ""]},
    }


def purchases_of_known_people(site: Site) -> Condition:
    """Returns the same for people whom the shop knows by an id: the customers."""
    return {**purchases(site), "user_id": {"$type": "string"}}
