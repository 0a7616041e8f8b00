"""The question whether a site's orders are in its currency: the figures of one with the wrong currency are empty."""

from collections import Counter
from typing import TypedDict

from pydantic import BaseModel, Field

from footfall.sites import get_site
from footfall.stores import collections
from footfall.stores.mongo import database

NEWEST = 1_000


class _CurrencyOfOrder(TypedDict):
    currency: str


class OrderCurrencies(BaseModel):
    """In which currencies a site's newest orders are; figures of money leave out those that are not in the site's."""

    site: str = Field(description="the site's currency", examples=["GBP"])
    orders: dict[str, int] = Field(
        description=f"of the newest {NEWEST:,} orders, how many are in each currency; XXX for one that cannot be read",
        examples=[{"EUR": 120}],
    )
    mismatch: bool = Field(description="whether more of them are in other currencies than in the site's")


def answer(site_id: str) -> OrderCurrencies:
    """Returns in which currencies the newest orders are; raises NotFound."""
    site = get_site(database(), site_id)
    query = {"site_id": site_id, "placed_at": {"$type": "date"}, "currency": {"$gt": ""}}
    newest = collections.orders.read(database(), _CurrencyOfOrder, query).sort("placed_at", -1).limit(NEWEST)
    orders = Counter(order["currency"] for order in newest)
    own = orders[site.currency]
    return OrderCurrencies(site=site.currency, orders=dict(orders.most_common()), mismatch=orders.total() - own > own)
