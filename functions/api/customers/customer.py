"""One customer: scores, visits, orders and refunds."""

from collections.abc import Mapping, Sequence
from typing import Any

from footfall.errors import NotFound
from footfall.money import major_units
from footfall.orders.purchases import is_purchase
from footfall.rates import percentage
from footfall.schemas.customer import CustomerAnswer, CustomerOrder, OrdersSummary, Visits
from footfall.schemas.order import OrderDocument
from footfall.sites import find_site
from footfall.stores.mongo import database

from . import queries

PRODUCTS_SHOWN = 10


def one_customer(site_id: str, customer_id: str) -> CustomerAnswer:
    """All that is answered of a customer; raises NotFound where the site has no customer of that id."""
    site = find_site(database(), site_id)
    orders = queries.orders_of(site_id, customer_id)
    known = queries.customer(site_id, customer_id)
    if site is None or not (known or any(is_purchase(order) for order in orders)):
        raise NotFound("there is no such customer")
    return CustomerAnswer(
        customer_id=customer_id,
        currency=site.currency,
        rfm=queries.rfm_of(known) if known else None,
        sessions=_visits(queries.sessions_of(site_id, customer_id)),
        orders=_orders(orders, site.currency),
    )


def _visits(by_device: Sequence[Mapping[str, Any]]) -> Visits:
    """The sums of sessions by device as figures of all."""
    total = {
        name: sum(sums[name] for sums in by_device)
        for name in ("sessions", "page_views", "seconds", "bounces", "converted")
    }
    return Visits(
        sessions=total["sessions"],
        page_views=total["page_views"],
        average_seconds=round(total["seconds"] / total["sessions"], 1) if total["sessions"] else 0.0,
        bounce_rate=percentage(total["bounces"], total["sessions"]),
        converted_sessions=total["converted"],
        devices={sums["_id"]: sums["sessions"] for sums in by_device},
        first_seen=min((sums["first_seen"] for sums in by_device), default=None),
        last_seen=max((sums["last_seen"] for sums in by_device), default=None),
    )


def _orders(orders: Sequence[OrderDocument], currency: str) -> OrdersSummary:
    ours = [order for order in orders if order["currency"] in (currency, "")]
    bought = [order for order in ours if is_purchase(order)]
    total = sum(order["total"] for order in bought)
    return OrdersSummary(
        count=len(bought),
        total=major_units(total, currency),
        refunded=major_units(sum(order["refunded"] for order in ours), currency),
        average_order_value=major_units(total / len(bought), currency) if bought else 0.0,
        recent=[_order(order, currency) for order in orders[: queries.RECENT_ORDERS]],
    )


def _order(order: OrderDocument, currency: str) -> CustomerOrder:
    of = order["currency"] or currency
    return CustomerOrder(
        order_id=order["order_id"],
        placed_at=order["placed_at"],
        refunded_at=order["refunded_at"],
        status=order["status"],
        total=major_units(order["total"], of),
        refunded=major_units(order["refunded"], of),
        currency=of,
        items=sum(line["quantity"] for line in order["lines"]),
        products=[line["product_id"] for line in order["lines"][:PRODUCTS_SHOWN]],
    )
