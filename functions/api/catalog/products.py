"""Routes of products: what the catalogue holds, and changes of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query, status
from footfall.catalog.products import MOST_VARIANTS
from footfall.errors import Conflict, FieldProblem, Invalid, NotFound
from footfall.http.app import PROBLEMS, ReadSite, Responses, WriteSite
from footfall.http.audit import AuditedRoute
from footfall.money import digits_of, scaled
from footfall.questions import catalog_receipt, catalogue
from footfall.schemas.catalog import CHANGE_ID
from footfall.schemas.paging import PagedQuestion
from footfall.schemas.product import ProductFields, Variant
from footfall.sites import get_site
from footfall.stores.mongo import answering, database
from pydantic import BaseModel, ConfigDict, Field

from .changes import QueuedChange, tell_product

router = APIRouter(route_class=AuditedRoute)
MOST_PIECES = 10**9
LONGEST_ID = 200
Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
ProductId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="The shop's own id of the product")]
Text = Annotated[str | None, Field(max_length=1_024)]
Stock = Annotated[int | None, Field(ge=0, le=MOST_PIECES)]
Price = Annotated[Decimal | None, Field(ge=0, le=10**13, max_digits=20, decimal_places=6)]
TAKEN: Responses = {409: {**PROBLEMS[422], "description": "There is a product of this id"}}


class VariantIn(BaseModel):
    """One form in which a product is sold."""

    model_config = ConfigDict(extra="forbid")

    variant_id: Id
    name: Text = None
    price: Price = Field(default=None, description="In major units; null where it costs what the product does")
    stock: Stock = Field(default=None, description="Pieces that are left; null for unknown")


class ProductIn(BaseModel):
    """All that is known of a product: what is not there is none."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=1_024)
    description: Annotated[str | None, Field(max_length=10_000)] = Field(default=None, description="What it is")
    category: Annotated[str | None, Field(min_length=1, max_length=256)] = Field(
        default=None, description="The one it is in", examples=["Lamps"]
    )
    brand: Text = Field(default=None, description="Who makes it")
    price: Price = Field(
        default=None, description="In major units, with as many decimals as the currency has at most", examples=[49.9]
    )
    currency: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = Field(
        default=None, description="ISO 4217's code; the site's without one"
    )
    url: Annotated[str | None, Field(max_length=2_048)] = None
    image: Annotated[str | None, Field(max_length=2_048)] = Field(default=None, description="The address of a picture")
    featured: bool = Field(default=False, description="Whether the shop features it")
    stock: Stock = Field(default=None, description="Pieces that are left; null for unknown")
    variants: list[VariantIn] = Field(default=[], max_length=MOST_VARIANTS)


class NewProduct(ProductIn):
    """A product that the catalogue has not."""

    product_id: Id


@router.get("/api/products", summary="The catalogue's products")
def list_products(
    site_id: ReadSite, question: Annotated[catalogue.ProductsQuestion, Query()]
) -> catalogue.ProductsAnswer:
    """Returns a page of the products that the filters let through, in the order of their ids."""
    return catalogue.answer(site_id, question)


@router.get("/api/products/categories", summary="The categories that products are in")
def list_categories(site_id: ReadSite, question: Annotated[PagedQuestion, Query()]) -> catalogue.CategoriesAnswer:
    """Returns a page of the categories by name, with how many products each has."""
    return catalogue.categories(site_id, question)


@router.get("/api/products/{product_id}", summary="One product, and what it cost before")
def get_product(site_id: ReadSite, product_id: ProductId) -> catalogue.OneProduct:
    """Returns a product as it was told last, by an import or here."""
    return catalogue.one(site_id, product_id)


@router.post("/api/products", status_code=status.HTTP_202_ACCEPTED, summary="Add a product", responses=TAKEN)
def add_product(site_id: WriteSite, product: NewProduct) -> QueuedChange:
    """Add a product that the catalogue has not; returns a receipt. Of two added at once the later one counts."""
    if catalogue.is_sold(site_id, product.product_id):
        raise Conflict("the catalogue has a product of this id: change it with PUT")
    return tell_product(site_id, product.product_id, _fields(site_id, product))


@router.put("/api/products/{product_id}", status_code=status.HTTP_202_ACCEPTED, summary="Change a product as a whole")
def change_product(site_id: WriteSite, product_id: ProductId, product: ProductIn) -> QueuedChange:
    """Put this in place of all that is known of a product; returns a receipt. The catalogue need not have it.

    What it cost is kept.
    """
    return tell_product(site_id, product_id, _fields(site_id, product))


@router.delete("/api/products/{product_id}", status_code=status.HTTP_202_ACCEPTED, summary="Remove a product")
def remove_product(site_id: WriteSite, product_id: ProductId) -> QueuedChange:
    """Take a product out of the catalogue; returns a receipt. What was sold of it stays in orders and figures."""
    if not catalogue.is_sold(site_id, product_id):
        raise NotFound("the catalogue has no product of this id")
    return tell_product(site_id, product_id, ProductFields(), removed=True)


@router.get("/api/catalog/receipts/{receipt}", summary="What became of a change")
def get_receipt(
    site_id: ReadSite,
    receipt: Annotated[
        str, Path(pattern=CHANGE_ID, description="As a 202 gave it", examples=["0b7e6a4f2c9d4d3f8a51c0de9f7b2a63"])
    ],
) -> catalog_receipt.CatalogReceipt:
    """Returns whether a change is made, was refused, or waits; known for a week."""
    return catalog_receipt.answer(site_id, receipt)


def _fields(site_id: str, product: ProductIn) -> ProductFields:
    with answering():
        currency = product.currency or get_site(database(), site_id).currency
    _check_ids(product.variants)
    return ProductFields(
        name=product.name,
        description=product.description,
        category=product.category,
        brand=product.brand,
        price=_minor("price", product.price, currency),
        currency=currency,
        url=product.url,
        image=product.image,
        featured=product.featured,
        stock=product.stock,
        variants=[_variant(place, each, currency) for place, each in enumerate(product.variants)],
    )


def _variant(place: int, variant: VariantIn, currency: str) -> Variant:
    price = _minor(f"variants.{place}.price", variant.price, currency)
    return Variant(variant_id=variant.variant_id, name=variant.name, price=price, stock=variant.stock)


def _check_ids(variants: Sequence[VariantIn]) -> None:
    if len({variant.variant_id for variant in variants}) < len(variants):
        raise Invalid([FieldProblem("variants", "two have the same variant_id")])


def _minor(field: str, price: Decimal | None, currency: str) -> int | None:
    # an amount is kept as it was told or refused, and never rounded
    if price is None:
        return None
    minor = scaled(price, currency)
    if minor is None:
        raise Invalid([FieldProblem(field, "is too large for its currency")])
    if price.scaleb(digits_of(currency)) != minor:
        raise Invalid([FieldProblem(field, f"has more decimals than the {digits_of(currency)} of its currency")])
    return minor
