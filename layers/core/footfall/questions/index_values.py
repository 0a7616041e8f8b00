"""Which values of a field there are, by its index alone: one step for each value, however many documents have it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING

from footfall.stores.collection import Collection
from footfall.stores.mongo import Condition, Mongo


def values_of(
    database: Mongo, collection: Collection[Any], query: Condition, field: str, index: Sequence[str]
) -> Iterator[str]:
    """Yields the texts that a field, or a list in it, holds in the documents that match, in order.

    `index` are the fields of the index: those that the query names, then this one.
    """
    last = ""
    hint = [(name, ASCENDING) for name in index]
    while True:
        following = {**query, field: {"$gt": last}}
        found = collection.of(database).find(following, {field: True}).hint(hint).limit(1)
        later = [text for document in found for text in _texts(document, field) if text > last]
        if not later:
            return
        last = min(later)
        yield last


def _texts(document: Mapping[str, Any], field: str) -> Sequence[str]:
    value = document.get(field, ())
    return [value] if isinstance(value, str) else value
