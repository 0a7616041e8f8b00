"""A product from all that was told of it: of each field what was told last, whatever order it comes in."""

from datetime import UTC, datetime
from typing import cast

from footfall.schemas.catalog import ProductChange
from footfall.schemas.product import FieldName, PriceTold, ProductDocument, ProductFields, Telling
from footfall.words import words

MOST_PRODUCTS = 500_000
"""Of a site."""
MOST_VARIANTS = 100
MOST_PRICES = 100
"""Times that a price was told; the latest are kept."""
NOTHING: ProductFields = {
    "name": None,
    "description": None,
    "category": None,
    "brand": None,
    "price": None,
    "url": None,
    "image": None,
    "featured": False,
    "stock": None,
    "variants": [],
}
"""What is told of a product that is removed."""
IMPORTED: tuple[FieldName, ...] = ("name", "category", "brand", "price", "currency", "url", "image", "removed")
NEVER = datetime.min.replace(tzinfo=UTC)


def told(site_id: str, known: ProductDocument | None, change: ProductChange, currency: str) -> ProductDocument:
    """Returns a product with one more change told; `currency` is the site's. The same changes give the same product,
    in any order and however often, as long as no more prices than are kept were told.
    """
    product = _as_stored(site_id, known, change.product_id, currency)
    fields: dict[str, object] = {**(NOTHING if change.removed else {}), **change.fields, "removed": change.removed}
    telling = Telling(at=change.at, by=change.change_id)
    taken = {name: value for name, value in fields.items() if _counts(telling, product, cast(FieldName, name))}
    product["told"] = {**product.get("told", {}), **dict.fromkeys(cast("list[FieldName]", taken), telling)}
    _set_removed(product, taken.pop("removed", None), change.at)
    product.update(cast(ProductDocument, taken))
    product["prices"] = _with_price(product.get("prices", []), change)
    product["version"] = max(each["at"] for each in product["told"].values())
    product["words"] = words_of(product)
    return product


def _as_stored(site_id: str, known: ProductDocument | None, product_id: str, currency: str) -> ProductDocument:
    if known is None:
        return _empty(site_id, product_id, currency)
    if "told" in known:
        return {**known}
    # stored before 0.1.0, by an import alone
    telling = Telling(at=known["version"], by="")
    return {**known, "told": dict.fromkeys(IMPORTED, telling)}


def _empty(site_id: str, product_id: str, currency: str) -> ProductDocument:
    return ProductDocument(
        _id=f"{site_id}:{product_id}",
        site_id=site_id,
        product_id=product_id,
        name=None,
        description=None,
        category=None,
        brand=None,
        price=None,
        currency=currency,
        url=None,
        image=None,
        featured=False,
        stock=None,
        variants=[],
        version=NEVER,
    )


def _counts(telling: Telling, product: ProductDocument, name: FieldName) -> bool:
    before = product.get("told", {}).get(name)
    return before is None or (telling["at"], telling["by"]) >= (before["at"], before["by"])


def _set_removed(product: ProductDocument, removed: object, at: datetime) -> None:
    if removed:
        product["removed_at"] = at
    elif removed is not None:
        product.pop("removed_at", None)


def _with_price(prices: list[PriceTold], change: ProductChange) -> list[PriceTold]:
    price, currency = change.fields.get("price"), change.fields.get("currency")
    if price is None or currency is None:
        return prices
    one = PriceTold(at=change.at, by=change.change_id, price=price, currency=currency)
    others = [each for each in prices if (each["at"], each["by"]) != (one["at"], one["by"])]
    return sorted([*others, one], key=lambda each: (each["at"], each["by"]))[-MOST_PRICES:]


def price_history(prices: list[PriceTold]) -> list[PriceTold]:
    """Returns each price with the moment from which on it was told, the earliest first; repetitions are left out."""
    changed: list[PriceTold] = []
    for one in prices:
        if not changed or (one["price"], one["currency"]) != (changed[-1]["price"], changed[-1]["currency"]):
            changed.append(one)
    return changed


def words_of(product: ProductDocument) -> list[str]:
    """Returns what a search finds a product by: the words of its name, its brand, its category and its id."""
    told = (product.get("name"), product.get("brand"), product.get("category"), product["product_id"])
    return words(" ".join(text for text in told if text))
