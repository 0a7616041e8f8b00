"""Products, each folded from what was told of it, under a guard against two writers at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from footfall.catalog.products import MOST_PRODUCTS, told
from footfall.errors import Unavailable
from footfall.schemas.catalog import ProductChange
from footfall.schemas.product import ProductDocument
from footfall.schemas.site import Site
from footfall.stores.collections import products
from footfall.stores.mongo import database, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

ROUNDS = 20
"""So often a product is folded anew because somebody else wrote it meanwhile."""


def tell_products(site: Site, changes: Sequence[ProductChange]) -> set[str]:
    """Store what changes tell of a site's products; returns the ids of the changes for which there is no room."""
    by_product: defaultdict[str, list[ProductChange]] = defaultdict(list)
    for change in changes:
        by_product[change.product_id].append(change)
    for _ in range(ROUNDS):
        known = _known(site, by_product)
        refused = _refused(site, by_product, known)
        kept = {product_id: told for product_id, told in by_product.items() if product_id not in refused}
        if not _write(site, kept, known):
            return {change.change_id for product_id in refused for change in by_product[product_id]}
    raise Unavailable("the same products are written by too many at once")


def _known(site: Site, product_ids: Mapping[str, object]) -> dict[str, ProductDocument]:
    keys = [f"{site.site_id}:{product_id}" for product_id in product_ids]
    return (
        {found["product_id"]: found for found in products.of(database()).find({"_id": {"$in": keys}})} if keys else {}
    )


def _refused(
    site: Site, by_product: Mapping[str, Sequence[ProductChange]], known: Mapping[str, ProductDocument]
) -> set[str]:
    # beyond as many products as a site may have, none that is new
    new = [product_id for product_id in by_product if product_id not in known]
    if not new:
        return set()
    room = MOST_PRODUCTS - products.count(database(), {"site_id": site.site_id}, most=MOST_PRODUCTS)
    return set(new[room:])


def _write(site: Site, by_product: Mapping[str, Sequence[ProductChange]], known: Mapping[str, ProductDocument]) -> bool:
    # returns whether there was anything to write; who finds nothing to write has read that all is stored
    writes = []
    for product_id, changes in by_product.items():
        before = folded = known.get(product_id)
        for change in changes:
            folded = told(site.site_id, folded, change, site.currency)
        if folded is not None and folded != before:
            writes.append(_replace(before, folded))
    if writes:
        try:
            products.of(database()).bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates(error)  # somebody else wrote it first
    return bool(writes)


def _replace(before: ProductDocument | None, folded: ProductDocument) -> ReplaceOne[ProductDocument]:
    revision = before.get("revision") if before else 0
    guard = {"_id": folded["_id"], "revision": revision}
    return ReplaceOne(guard, {**folded, "revision": (revision or 0) + 1}, upsert=True)
