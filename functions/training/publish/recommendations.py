"""Recommendations as training found them, put in place of those that an earlier run made."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import cast

import numpy as np
from footfall.catalog.interests import folded
from footfall.chunks import chunks
from footfall.clock import now
from footfall.customers.arrays import subjects_of
from footfall.customers.features import Floats
from footfall.models.trained import Trained
from footfall.recommendations.alike import lists_by_likeness
from footfall.schemas.model import Evaluated, ModelDocument
from footfall.schemas.recommendation import Degraded, RecommendationDocument, RecommendationKind, RecommendedProduct
from footfall.stores.collections import recommendations
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from . import product_lists
from .product_lists import Names

AT_A_TIME = 1_000
OF_PEOPLE = "people_"
OF_WINDOWS = "trending_"
Listed = tuple[RecommendationKind, str, Mapping[str, object]]


def replace(database: Mongo, run: Evaluated, made: Trained, vectors: Floats, model: ModelDocument) -> int:
    """Put the lists of a run in place of the site's; returns of how many people. Those of a newer version stay.

    `vectors` are of everybody in the order of the features: who has no list is told what those who are alike took.
    """
    people = 0
    for some in chunks(_documents(run, made, vectors, model["details"]["walk"]["degraded"]), AT_A_TIME):
        people += sum(each["kind"] == "person" for each in some)
        writes = [
            ReplaceOne({"_id": each["_id"], "version": {"$lte": run.version}}, each, upsert=True) for each in some
        ]
        try:
            recommendations.of(database).bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            duplicates(error)
    recommendations.of(database).delete_many({"site_id": run.site_id, "version": {"$lt": run.version}})
    return people


def _documents(
    run: Evaluated, made: Trained, vectors: Floats, degraded: Degraded | None
) -> Iterator[RecommendationDocument]:
    why = {"degraded": degraded} if degraded else {}
    own = () if degraded else _of_people(made, vectors)
    for kind, subject, lists in chain(_lists(made), own):
        yield cast(
            RecommendationDocument,
            {
                "_id": f"{run.site_id}:{kind}:{folded(subject) if kind == 'popular' else subject}",
                "site_id": run.site_id,
                "kind": kind,
                "subject": subject,
                "as_of": str(run.facts.as_of),
                "version": run.version,
                "created_at": now(),
                **why,
                **lists,
            },
        )


def _lists(made: Trained) -> Iterator[Listed]:
    names, work = Names.of(made.extracted["products"]), made.work
    for subject, products in product_lists.popular(names, work["popular"]):
        yield "popular", subject, {"popular": products}
    orders = int(work["pairs"]["orders"])
    for subject, pairs in product_lists.pairs(names, work["pairs"]):
        yield "cross_sell", subject, {"pairs": pairs, "orders": orders}
    for name in work:
        if name.startswith(OF_WINDOWS):
            yield "trending", name.removeprefix(OF_WINDOWS), {"trending": product_lists.trending(names, work[name])}


def _of_people(made: Trained, vectors: Floats) -> Iterator[Listed]:
    products = made.extracted["products"]
    people, names = subjects_of(made.extracted["features"]), Names.of(products)
    left = np.ones(len(people), bool)
    for name in made.work:
        if name.startswith(OF_PEOPLE):
            for row, found in product_lists.people(names, made.work[name]):
                left[row] = False
                yield _of_person(people[row], found)
    for lists in lists_by_likeness(vectors, products, np.flatnonzero(left)):
        yield from (_of_person(people[row], found) for row, found in product_lists.people(names, lists))


def _of_person(person_id: str, found: Sequence[RecommendedProduct]) -> Listed:
    return "person", person_id, {"customer_id": person_id, "products": found}
