"""The question what the catalogue holds. Money in answers is in major units of each product's `currency`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypedDict

from pydantic import BaseModel, Field

from footfall.catalog.products import MOST_PRICES, price_history
from footfall.errors import FieldProblem, Invalid, NotFound
from footfall.money import major_units, scaled
from footfall.questions.keyed_list import COUNTED, FARTHEST, KeyedAnswer, KeyedQuestion, Place
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.schemas.product import PriceTold, ProductDocument, Variant
from footfall.schemas.site import Site
from footfall.sites import get_site
from footfall.stores.collections import PRODUCTS_BY_CATEGORY, products
from footfall.stores.mongo import Pipeline, answering, database
from footfall.words import all_begin, words

MOST_WORDS_ASKED = 10
MOST_CATEGORIES = 10_000
SORTED_BY = "product_id"
Bound = Annotated[Decimal | None, Field(ge=0, le=10**13, max_digits=20, decimal_places=6)]
STILL_SOLD = {"removed_at": {"$exists": False}}


class ProductsQuestion(KeyedQuestion):
    """Which products, in the order of their ids."""

    category: str | None = Field(default=None, min_length=1, max_length=1_024, description="As `categories` lists it")
    min_price: Bound = Field(
        default=None, description="At least so much, in the site's currency; products in another have no such price"
    )
    max_price: Bound = Field(default=None, description="At most so much, likewise")
    search: str | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        description="Beginnings of words of the name, brand, category or id, all of which there must be",
    )
    featured: bool | None = Field(default=None, description="Only those that are featured, or only the others")


class ProductVariant(BaseModel):
    """One form in which a product is sold."""

    variant_id: str = Field(examples=["L-R"])
    name: str | None = Field(examples=["Red"])
    price: float | None = Field(description="null where it costs what the product does")
    stock: int | None = Field(description="Pieces that are left; null where nobody told")


class ProductOut(BaseModel):
    """A product as it was told last."""

    product_id: str = Field(examples=["lamp-7"])
    name: str | None
    description: str | None = Field(description="What it is")
    category: str | None = Field(description="The one it is in", examples=["Lamps"])
    brand: str | None = Field(description="Who makes it")
    price: float | None = Field(description="null where nobody told", examples=[49.9])
    currency: str = Field(description="ISO 4217's code; XXX for one that cannot be read", examples=["EUR"])
    url: str | None
    image: str | None = Field(description="The address of a picture")
    featured: bool = Field(description="Whether the shop features it")
    stock: int | None = Field(
        description="Pieces that are left: as told, else of all variants that tell it; null where nobody told"
    )
    variants: list[ProductVariant]
    updated_at: datetime = Field(description="When something was told of it last")


class Price(BaseModel):
    """What a product cost from a moment on."""

    since: datetime = Field(description="When it was told first")
    price: float = Field(description="In major units of `currency`")
    currency: str


class OneProduct(ProductOut):
    """A product, and what it cost before."""

    price_history: list[Price] = Field(
        description=f"Each price from when it was told on, the earliest first; of the last {MOST_PRICES} tellings"
    )


class ProductsAnswer(KeyedAnswer):
    """A page of the catalogue."""

    products: list[ProductOut]
    total: int = Field(description=f"Products that the filters let through; {COUNTED}")


class Category(BaseModel):
    """One category of the catalogue."""

    name: str = Field(examples=["Lamps"])
    products: int = Field(description="How many products are in it")


class CategoriesAnswer(PagedAnswer):
    """A page of the categories that products are in, by name; of more than 10,000 the first."""

    categories: list[Category]


@answering()
def answer(site_id: str, question: ProductsQuestion) -> ProductsAnswer:
    """Returns a page of the products that the filters let through; raises Invalid or Unavailable."""
    query = _query(get_site(database(), site_id), question)
    wanted = query
    if place := question.behind(SORTED_BY):
        wanted = {"$and": [query, {"_id": {"$gt": f"{site_id}:{place.item_id}"}}]}
    found = products.of(database()).find(wanted).sort("_id", 1).skip(question.skip).limit(question.page_size + 1)
    documents = found.to_list()
    page = documents[: question.page_size]
    return ProductsAnswer(
        products=[_shown(document) for document in page],
        next=Place(SORTED_BY, None, page[-1]["product_id"]).text if len(documents) > len(page) else None,
        **paged(question, products.count(database(), query, most=FARTHEST + 1)),
    )


def _query(site: Site, question: ProductsQuestion) -> dict[str, object]:
    query: dict[str, object] = {"site_id": site.site_id, **STILL_SOLD}
    if question.category is not None:
        query["category"] = question.category
    if question.featured is not None:
        query["featured"] = True if question.featured else {"$ne": True}
    if question.search is not None:
        query["$and"] = all_begin("words", _words(question.search))
    least, most = _bound(site, "min_price", question.min_price), _bound(site, "max_price", question.max_price)
    bounds = {name: bound for name, bound in (("$gte", least), ("$lte", most)) if bound is not None}
    return {**query, "price": bounds, "currency": site.currency} if bounds else query


def _words(search: str) -> list[str]:
    asked = words(search)
    if not asked or len(asked) > MOST_WORDS_ASKED:
        raise Invalid([FieldProblem("search", f"give from one to {MOST_WORDS_ASKED} words of letters or digits")])
    return asked


def _bound(site: Site, field: str, price: Decimal | None) -> int | None:
    if price is None:
        return None
    minor = scaled(price, site.currency)
    if minor is None:
        raise Invalid([FieldProblem(field, "is too large")])
    return minor


@answering()
def one(site_id: str, product_id: str) -> OneProduct:
    """Returns a product; raises NotFound where the site's catalogue has none of that id, or Unavailable."""
    document = products.of(database()).find_one({"_id": f"{site_id}:{product_id}", **STILL_SOLD})
    if document is None:
        raise NotFound("the catalogue has no product of this id")
    history = [_price(each) for each in price_history(document.get("prices", []))]
    return OneProduct(**_shown(document).model_dump(), price_history=history)


def is_sold(site_id: str, product_id: str) -> bool:
    """Returns whether a site's catalogue has a product of this id."""
    with answering():
        key = {"_id": f"{site_id}:{product_id}", **STILL_SOLD}
        return products.of(database()).find_one(key, {"_id": True}) is not None


class _CategorySize(TypedDict):
    _id: str | None
    products: int


@answering()
def categories(site_id: str, question: PagedQuestion) -> CategoriesAnswer:
    """Returns a page of the categories that products are in, by name; raises Unavailable."""
    pipeline: Pipeline = [
        {"$match": {"site_id": site_id, "category": {"$gt": ""}}},
        {"$group": {"_id": "$category", "products": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
        {"$limit": MOST_CATEGORIES},
    ]
    hint = [(field, 1) for field in PRODUCTS_BY_CATEGORY]
    found = products.aggregate(database(), _CategorySize, pipeline, hint=hint).to_list()
    page = found[question.skip : question.skip + question.page_size]
    return CategoriesAnswer(
        categories=[Category(name=each["_id"] or "", products=each["products"]) for each in page],
        **paged(question, len(found)),
    )


def _shown(document: ProductDocument) -> ProductOut:
    price, currency, variants = document["price"], document["currency"], document.get("variants", [])
    return ProductOut(
        product_id=document["product_id"],
        name=document["name"],
        description=document.get("description"),
        category=document["category"],
        brand=document["brand"],
        price=None if price is None else major_units(price, currency),
        currency=currency,
        url=document["url"],
        image=document["image"],
        featured=document.get("featured", False),
        stock=_stock(document.get("stock"), variants),
        variants=[_variant(each, currency) for each in variants],
        updated_at=document["version"],
    )


def _stock(told: int | None, variants: list[Variant]) -> int | None:
    of_variants = [each["stock"] for each in variants if each["stock"] is not None]
    return told if told is not None or not of_variants else sum(of_variants)


def _variant(variant: Variant, currency: str) -> ProductVariant:
    price = variant["price"]
    return ProductVariant(
        variant_id=variant["variant_id"],
        name=variant["name"],
        price=None if price is None else major_units(price, currency),
        stock=variant["stock"],
    )


def _price(told: PriceTold) -> Price:
    return Price(since=told["at"], price=major_units(told["price"], told["currency"]), currency=told["currency"])
