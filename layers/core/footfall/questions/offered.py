"""Which products a shop does not offer just now, as its catalogue says: they are recommended to nobody."""

from collections.abc import Iterable

from footfall.stores.collections import products
from footfall.stores.mongo import Condition, database

NOT_OFFERED: Condition = {"$or": [{"removed_at": {"$exists": True}}, {"stock": {"$lte": 0}}]}
"""Products that left the catalogue, and those of which nothing is left; what the catalogue does not know is offered."""


def not_offered(site_id: str, product_ids: Iterable[str]) -> set[str]:
    """Returns those of these products that the catalogue says are not to be had."""
    keys = [f"{site_id}:{product_id}" for product_id in product_ids]
    found = products.of(database()).find({"_id": {"$in": keys}, **NOT_OFFERED}, {"product_id": 1})
    return {product["product_id"] for product in found}
