"""A product of the catalogue."""

from datetime import datetime
from typing import TypedDict


class ProductDocument(TypedDict):
    """One stored product, as the newest import says; `price` in minor units of `currency`.

    `version` is when that was true: the row's own time of change, or else when its import was announced.
    """

    _id: str
    site_id: str
    product_id: str
    name: str | None
    category: str | None
    brand: str | None
    price: int | None
    currency: str
    url: str | None
    image: str | None
    version: datetime
