"""Orders as they are read one by one."""

from collections.abc import Collection, Iterator

from footfall.schemas.order import PurchasedOrder
from footfall.stores import collections
from footfall.stores.mongo import Mongo

LINE = ("product_id", "category", "quantity")


def orders_of(database: Mongo, site_id: str, person_ids: Collection[str] | None = None) -> Iterator[PurchasedOrder]:
    """Returns orders and lone refunds in the order they were placed; of everybody or of these."""
    query: dict[str, object] = {"site_id": site_id}
    if person_ids is not None:
        query["person_id"] = {"$in": sorted(person_ids)}
    yield from collections.orders.read(database, PurchasedOrder, query, parts={"lines": LINE}).sort("placed_at", 1)
