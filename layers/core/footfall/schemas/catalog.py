"""What is asked of the writer of the catalogue, and what became of it."""

from datetime import UTC, datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from footfall.schemas.product import ProductFields
from footfall.schemas.site import SITE_ID

CHANGE_ID = "^[0-9a-f]{32}$"
Name = Annotated[str, Field(min_length=1, max_length=256)]
RefusalReason = Literal["too_many_products", "too_many_interests"]


def _as_stored(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
    except OverflowError:
        raise ValueError("is before or after all time") from None


Moment = Annotated[AwareDatetime, AfterValidator(_as_stored)]
"""A time in UTC, cut to the milliseconds that MongoDB keeps."""


class Change(BaseModel):
    """Something that is to be changed: `at` orders it among others, `change_id` names it and its receipt.

    A change without a receipt is one of many that an import brings.
    """

    change_id: str = Field(max_length=64)
    at: Moment
    receipt: bool = True


class ProductChange(Change):
    """What is told of a product; `removed` takes it out of the catalogue."""

    product_id: Name
    fields: ProductFields
    removed: bool = False


class InterestChange(Change):
    """That somebody is interested in a category so much, of 1 to 5; `strength` None takes it back."""

    user_id: Name
    category: Name
    strength: int | None = Field(ge=1, le=5)


class InterestReading(Change):
    """To read somebody's interests from what they did anew."""

    user_id: Name


class CatalogMessage(BaseModel):
    """One message of the catalog queue: changes of one site, in any order."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    site_id: str = Field(pattern=SITE_ID)
    products: list[ProductChange] = []
    interests: list[InterestChange] = []
    readings: list[InterestReading] = []


class CatalogReceiptDocument(TypedDict):
    """What became of a change, kept for a week."""

    _id: str
    site_id: str
    change_id: str
    state: Literal["done", "refused"]
    reason: NotRequired[RefusalReason]
    at: datetime
