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
from footfall.models.table import published
from footfall.models.trained import Trained
from footfall.recommendations.alike import lists_by_likeness
from footfall.schemas.model import Evaluated
from footfall.schemas.recommendation import Degraded, RecommendationDocument, RecommendationKind, RecommendedProduct
from footfall.stores.collections import recommendations
from footfall.stores.mongo import Mongo, duplicates
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from . import product_lists
from .product_lists import Names
from .versions import details_of

AT_A_TIME = 1_000
OF_PEOPLE = "people_"
OF_WINDOWS = "trending_"
Listed = tuple[RecommendationKind, str, Mapping[str, object]]


def publish(database: Mongo, run: Evaluated) -> int:
    """Put the lists of a run in place of the site's; returns of how many people. Without a model of it, all stay."""
    models = published(run)
    made, vectors = models.get("recommendations"), models.get("behaviour_vectors")
    found = vectors.work["vectors"]["vectors"] if vectors else None
    return replace(database, run, made, found, _degraded(run)) if made else 0


def replace(database: Mongo, run: Evaluated, made: Trained, vectors: Floats | None, degraded: Degraded | None) -> int:
    """Put lists in place of the site's; returns of how many people. Those of a newer version stay.

    `vectors` are of everybody in the order of the features: who has no list is told what those who are alike took.
    """
    found = _documents(run, made, vectors, degraded)
    people = sum(_replace(database, run, some) for some in chunks(found, AT_A_TIME))
    recommendations.of(database).delete_many({"site_id": run.site_id, "version": {"$lt": run.version}})
    return people


def _degraded(run: Evaluated) -> Degraded | None:
    (candidate,) = (each.published for each in run.chosen if each.model == "recommendations")
    return details_of(run, candidate)["walk"]["degraded"] if candidate else None


def _replace(database: Mongo, run: Evaluated, some: list[RecommendationDocument]) -> int:
    writes = [ReplaceOne({"_id": each["_id"], "version": {"$lte": run.version}}, each, upsert=True) for each in some]
    try:
        recommendations.of(database).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)
    return sum(each["kind"] == "person" for each in some)


def _documents(
    run: Evaluated, made: Trained, vectors: Floats | None, degraded: Degraded | None
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


def _of_people(made: Trained, vectors: Floats | None) -> Iterator[Listed]:
    products = made.extracted["products"]
    people, names = subjects_of(made.extracted["features"]), Names.of(products)
    left = np.ones(len(people), bool)
    for name in made.work:
        if name.startswith(OF_PEOPLE):
            for row, found in product_lists.people(names, made.work[name]):
                left[row] = False
                yield _of_person(people[row], found)
    if vectors is None:
        return
    for lists in lists_by_likeness(vectors, products, np.flatnonzero(left)):
        yield from (_of_person(people[row], found) for row, found in product_lists.people(names, lists))


def _of_person(person_id: str, found: Sequence[RecommendedProduct]) -> Listed:
    return "person", person_id, {"customer_id": person_id, "products": found}
