"""A product of the catalogue."""

from typing import TypedDict


class ProductDocument(TypedDict):
    """One stored product."""

    _id: str
    site_id: str
    product_id: str
    category: str | None
