"""Products of the catalogue, each as the newest file says: an older one changes nothing."""

from collections.abc import Sequence
from operator import itemgetter

from footfall.schemas.product import ProductDocument
from footfall.stores.collections import products
from footfall.stores.mongo import database, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError


def store_products(documents: Sequence[ProductDocument]) -> None:
    """Store products that are not known as well from a newer file."""
    if not documents:
        return
    newest = {document["_id"]: document for document in sorted(documents, key=itemgetter("version"))}
    writes = [
        ReplaceOne({"_id": key, "version": {"$lte": document["version"]}}, document, upsert=True)
        for key, document in newest.items()
    ]
    try:
        products.of(database()).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)  # raises for anything else: what is there already is newer
