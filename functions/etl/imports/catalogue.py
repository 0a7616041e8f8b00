"""What files tell of products, sent to the catalogue's writer."""

from collections.abc import Sequence

from footfall.aws.queues import MAX_MESSAGE_BYTES, send
from footfall.chunks import chunks
from footfall.schemas.catalog import CatalogMessage, ProductChange
from footfall.settings import CatalogQueueSettings, from_environment

PRODUCTS_PER_MESSAGE = 1_000
HEAD_BYTES = 1_024


def send_products(site_id: str, told: Sequence[ProductChange]) -> None:
    """Put what is told of products into the catalog queue; once this returns, all of it is durable."""
    if not told:
        return
    bodies = [
        CatalogMessage(site_id=site_id, products=some).model_dump_json(ensure_ascii=True)
        for some in chunks(told, PRODUCTS_PER_MESSAGE, _bytes, MAX_MESSAGE_BYTES - HEAD_BYTES)
    ]
    send(from_environment(CatalogQueueSettings).catalog_queue_url, site_id, bodies)


def _bytes(change: ProductChange) -> int:
    return len(change.model_dump_json(ensure_ascii=True)) + 1
