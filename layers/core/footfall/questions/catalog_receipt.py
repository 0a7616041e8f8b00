"""The question what became of a change of the catalogue that somebody asked for."""

from datetime import datetime
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field

from footfall.aws.queues import depth
from footfall.errors import Unavailable
from footfall.schemas.catalog import RefusalReason
from footfall.settings import CatalogQueueStatusSettings, from_environment
from footfall.stores.collections import catalog_receipts
from footfall.stores.mongo import answering, database


class CatalogReceipt(BaseModel):
    """What became of one change.

    `done`: it is made. `refused`: it is not, for `reason`. `queued`: it is not made yet, while changes wait that nobody
    can look into, so it may be one of them. `unknown`: nothing waits, and it was not made within the last week.
    """

    receipt: str = Field(description="Which change")
    state: Literal["queued", "done", "refused", "unknown"] = Field(description="How far it is")
    reason: RefusalReason | None = Field(default=None, description="Why it was refused")
    at: datetime | None = Field(default=None, description="When it was made or refused")


@answering()
def answer(site_id: str, change_id: str) -> CatalogReceipt:
    """Returns a site's receipt for a change; raises Unavailable, also when it cannot be known what is queued."""
    found = catalog_receipts.of(database()).find_one({"_id": f"{site_id}:{change_id}"})
    if found:
        return CatalogReceipt(receipt=change_id, state=found["state"], reason=found.get("reason"), at=found["at"])
    return CatalogReceipt(receipt=change_id, state="queued" if _anything_queued() else "unknown")


def _anything_queued() -> bool:
    settings = from_environment(CatalogQueueStatusSettings)
    try:
        depths = [depth(url) for url in (settings.catalog_queue_url, settings.catalog_dead_letter_queue_url)]
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    return any(found["waiting"] + found["in_flight"] for found in depths)
