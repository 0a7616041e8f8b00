"""What is asked to be changed, put into the catalog queue under a receipt."""

from uuid import uuid4

from footfall.aws.queues import send
from footfall.clock import now
from footfall.schemas.catalog import CatalogMessage, InterestChange, InterestReading, ProductChange
from footfall.schemas.product import ProductFields
from footfall.settings import CatalogQueueSettings, from_environment
from pydantic import BaseModel, Field


class QueuedChange(BaseModel):
    """A change that waits to be made: `GET /api/catalog/receipts/{receipt}` tells what became of it."""

    receipt: str = Field(description="Names this change", examples=["0b7e6a4f2c9d4d3f8a51c0de9f7b2a63"])


def tell_product(site_id: str, product_id: str, fields: ProductFields, *, removed: bool = False) -> QueuedChange:
    """Have a product changed; returns its receipt. Raises Unavailable when the queue does not take it."""
    change = ProductChange(change_id=uuid4().hex, at=now(), product_id=product_id, fields=fields, removed=removed)
    return _sent(CatalogMessage(site_id=site_id, products=[change]), change.change_id)


def tell_interest(site_id: str, user_id: str, category: str, strength: int | None) -> QueuedChange:
    """Have an interest told, or without a strength taken back; returns the receipt.

    Raises Unavailable when the queue does not take it.
    """
    change = InterestChange(change_id=uuid4().hex, at=now(), user_id=user_id, category=category, strength=strength)
    return _sent(CatalogMessage(site_id=site_id, interests=[change]), change.change_id)


def read_interests(site_id: str, user_id: str) -> QueuedChange:
    """Have somebody's interests found anew in what they did; returns the receipt.

    Raises Unavailable when the queue does not take it.
    """
    change = InterestReading(change_id=uuid4().hex, at=now(), user_id=user_id)
    return _sent(CatalogMessage(site_id=site_id, readings=[change]), change.change_id)


def _sent(message: CatalogMessage, change_id: str) -> QueuedChange:
    body = message.model_dump_json(ensure_ascii=True)
    send(from_environment(CatalogQueueSettings).catalog_queue_url, message.site_id, [body])
    return QueuedChange(receipt=change_id)
