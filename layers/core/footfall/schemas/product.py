"""Products of the catalogue: what is stored of them, and what is told of them."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import Field

# pydantic reads changes that hold these, before Python 3.12 only those of typing_extensions
from typing_extensions import TypedDict

Text = Annotated[str, Field(max_length=16_384)]
"""Text that can be stored: with a limit, pydantic refuses halves of surrogate pairs too."""
Minor = Annotated[int, Field(gt=-(10**15), lt=10**15)]
"""An amount in minor units."""
Pieces = Annotated[int, Field(ge=0, le=10**9)]


class Variant(TypedDict):
    """One form in which a product is sold; `price` in minor units of the product's currency, None for the product's."""

    variant_id: Text
    name: Text | None
    price: Minor | None
    stock: Pieces | None


class PriceTold(TypedDict):
    """That a product cost so much at a moment, in minor units of `currency`; `by` names the change that told it."""

    at: datetime
    by: str
    price: int
    currency: str


class ProductFields(TypedDict, total=False):
    """What may be told of a product; None is told too, and means that there is none. `price` goes with `currency`."""

    name: Text | None
    description: Text | None
    category: Text | None
    brand: Text | None
    price: Minor | None
    currency: Text
    url: Text | None
    image: Text | None
    featured: bool
    stock: Pieces | None
    variants: Annotated[list[Variant], Field(max_length=100)]


FieldName = Literal[
    "name",
    "description",
    "category",
    "brand",
    "price",
    "currency",
    "url",
    "image",
    "featured",
    "stock",
    "variants",
    "removed",
]


class Telling(TypedDict):
    """When a field was told last, and by which change: what orders changes, however they arrive."""

    at: datetime
    by: str


class ProductView(TypedDict):
    """What answers read of a product."""

    product_id: str
    name: str | None
    category: str | None
    brand: str | None
    price: int | None
    currency: str
    url: str | None
    image: str | None
    version: datetime
    description: NotRequired[str | None]
    featured: NotRequired[bool]
    stock: NotRequired[int | None]
    variants: NotRequired[list[Variant]]
    prices: NotRequired[list[PriceTold]]


class ProductDocument(ProductView):
    """One stored product: of each field what was told last; `price` in minor units of `currency`.

    `version` is the time of the latest telling: a row's own time of change, or when its import was announced or its
    change was asked for. `told` says for each field when, `prices` the last hundred times that a price was told, and
    `words` what a search finds the product by. A product that was removed keeps its id and its times until
    `removed_at` is a month ago, so that nothing older brings it back. `revision` counts the writes.
    """

    _id: str
    site_id: str
    told: NotRequired[dict[FieldName, Telling]]
    words: NotRequired[list[str]]
    removed_at: NotRequired[datetime]
    revision: NotRequired[int]
