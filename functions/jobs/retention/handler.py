"""jobs/retention: removes what is older than a site keeps, and nothing that is unprocessed.

`{}` (or a schedule's event) does every site that has `retention_days`; `{"site_id", "retention_days"}` does one, as
`/etl/cleanup` asks for it. Orders, people, customers, daily figures and the ledger stay.
"""

import time
from typing import Any

from footfall.errors import NotFound
from footfall.observability import logger
from footfall.schemas.site import Site
from footfall.sites import find_site
from footfall.stores.mongo import answering, database
from pydantic import BaseModel, Field

from .removal import clean_up

GUARD_SECONDS = 10


class Order(BaseModel):
    """What to remove: of one site what is older than so many days, or of every site what it does not keep."""

    site_id: str | None = None
    retention_days: int | None = Field(default=None, ge=1)
    dry_run: bool = False
    seconds: float | None = Field(default=None, gt=0)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Remove, and answer what was removed of each site; what does not fit into the time is left to the next run."""
    order = Order.model_validate(event)
    left = context.get_remaining_time_in_millis() / 1000 - GUARD_SECONDS
    ends = time.monotonic() + min(order.seconds or left, left)
    with answering():
        cleanups = [
            clean_up(database(), site, days, order.dry_run, lambda: time.monotonic() < ends)
            for site, days in _sites(order)
        ]
    answer = [cleanup.model_dump(mode="json") for cleanup in cleanups]
    logger().info("cleaned up", extra={"cleanups": answer})
    return {"cleanups": answer}


def _sites(order: Order) -> list[tuple[Site, int]]:
    """The sites to look at and how many days each keeps; raises NotFound when the one asked for is not there."""
    ids = [order.site_id] if order.site_id else [site["_id"] for site in database()["sites"].find({}, {"_id": 1})]
    found = [site for site_id in ids if (site := find_site(database(), site_id))]
    if order.site_id and not found:
        raise NotFound("no site has this id")
    kept = [(site, order.retention_days or site.retention_days) for site in found]
    return [(site, days) for site, days in kept if days]
