"""Which orders figures count, said once: for orders that were read, and for those that MongoDB is asked for.

Every order that was placed is either counted, or one of those that are left out: it cost nothing, its total is not
known, or it is in another currency.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from footfall.schemas.order import UNKNOWN_AMOUNT, LeftOutOrders, OrderSums, OwnedOrder
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


def is_counted(order: OrderSums, currency: str) -> bool:
    """Returns whether an order is one of a site's `orders`, in every figure: a purchase in its currency."""
    return is_purchase(order) and in_currency(order, currency)


def is_free(order: OrderSums) -> bool:
    """Returns whether an order was placed that is known to have cost nothing."""
    return order["placed_at"] is not None and order["total"] <= 0 and not is_unknown(order)


def left_out(orders: Iterable[OrderSums], currency: str) -> LeftOutOrders:
    """Returns how many of these orders no figure of a site in that currency counts, by why."""
    found = list(orders)
    abroad = Counter(one["currency"] for one in found if is_purchase(one) and not in_currency(one, currency))
    return LeftOutOrders(
        other_currencies=dict(abroad),
        unknown_amounts=sum(map(is_unknown, found)),
        free_orders=sum(map(is_free, found)),
    )


def purchases(site: Site, **placed: object) -> Condition:
    """Returns the condition for a site's purchases in its own currency; `placed` bounds `placed_at` ($lt=, $gte=)."""
    return _placed(site, placed) | {"total": {"$gt": 0}} | in_currency_of(site)


def in_currency_of(site: Site) -> Condition:
    """Returns the condition for a site's orders and lone refunds in its own currency, or without any amount."""
    return {"site_id": site.site_id, "currency": {"$in": [site.currency, ""]}}


def purchases_of_known_people(site: Site) -> Condition:
    """Returns the same for people whom the shop knows by an id: the customers."""
    return {**purchases(site), "user_id": {"$type": "string"}}


def foreign_purchases(site: Site) -> Condition:
    """Returns the condition for purchases in other currencies, which the site's sums leave out."""
    return _placed(site, {}) | {"total": {"$gt": 0}, "currency": {"$nin": [site.currency, ""]}}


def unknown_amounts(site: Site) -> Condition:
    """Returns the condition for orders whose total nobody told, or which could not be read."""
    return _placed(site, {}) | {"flags": {"$in": list(UNKNOWN_AMOUNT)}}


def free_orders(site: Site) -> Condition:
    """Returns the condition for orders that are known to have cost nothing."""
    return _placed(site, {}) | {"total": {"$lte": 0}, "flags": {"$nin": list(UNKNOWN_AMOUNT)}}


def _placed(site: Site, bounds: Condition) -> Condition:
    return {"site_id": site.site_id, "placed_at": {"$type": "date", **bounds}}


def given_back(order: OrderSums, start: datetime, end: datetime) -> int:
    """Returns what was given back of an order from `start` on and before `end`, in minor units of its currency."""
    return sum(refund["amount"] for refund in order["refunds"] if start <= refund["at"] < end)


def person_of_order(order: OwnedOrder, links: Mapping[str, str]) -> str:
    """Returns whose order it is: the customer's, else that of who the visitor turned out to be, else the visitor's."""
    return order["user_id"] or links.get(order["person_id"], order["person_id"])


def moments_of(order: OrderSums) -> list[datetime]:
    """Returns when an order was placed and refunded: it is in the figures of these moments' days, and of no others."""
    moments = [order["placed_at"], *(refund["at"] for refund in order["refunds"])]
    return [moment for moment in moments if moment]


def last_moment(order: OrderSums) -> datetime | None:
    """Returns when an order was placed or last refunded, whichever was later."""
    return max(moments_of(order), default=None)
