"""Whether a site knows somebody, as questions about one person ask first."""

from footfall.errors import NotFound
from footfall.stores.collections import customers, orders, users
from footfall.stores.mongo import database


def check_known(site_id: str, user_id: str) -> None:
    """Raises NotFound where a site has neither seen somebody of this id, nor an order or a score of theirs."""
    key = {"_id": f"{site_id}:{user_id}"}
    seen = users.of(database()).find_one(key, {"_id": True}) or customers.of(database()).find_one(key, {"_id": True})
    if not (seen or orders.of(database()).find_one({"site_id": site_id, "user_id": user_id}, {"_id": True})):
        raise NotFound("there is nobody of this id")
