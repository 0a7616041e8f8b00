"""Recommendations as training found them, put in place of those that an earlier run made."""

from collections.abc import Iterator, Mapping
from typing import cast

from footfall.chunks import chunks
from footfall.clock import now
from footfall.customers.arrays import Arrays, subjects_of
from footfall.models.table import published
from footfall.models.trained import Trained
from footfall.schemas.model import Evaluated
from footfall.schemas.recommendation import Degraded, RecommendationDocument, RecommendationKind
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


def publish(database: Mongo, run: Evaluated) -> int:
    """Put the lists of a run in place of the site's; returns of how many people. Without a model of it, all stay."""
    made = published(run).get("recommendations")
    return replace(database, run, made, _degraded(run)) if made else 0


def replace(database: Mongo, run: Evaluated, made: Trained, degraded: Degraded | None) -> int:
    """Put lists in place of the site's; returns of how many people. Those of a newer version stay."""
    people = sum(_replace(database, run, some) for some in chunks(_documents(run, made, degraded), AT_A_TIME))
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


def _documents(run: Evaluated, made: Trained, degraded: Degraded | None) -> Iterator[RecommendationDocument]:
    why = {"degraded": degraded} if degraded else {}
    for kind, subject, lists in _lists(made):
        yield cast(
            RecommendationDocument,
            {
                "_id": f"{run.site_id}:{kind}:{subject}",
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


def _lists(made: Trained) -> Iterator[tuple[RecommendationKind, str, Mapping[str, object]]]:
    names, work = Names.of(made.extracted["products"]), made.work
    for subject, products in product_lists.popular(names, work["popular"]):
        yield "popular", subject, {"popular": products}
    orders = int(work["pairs"]["orders"])
    for subject, pairs in product_lists.pairs(names, work["pairs"]):
        yield "cross_sell", subject, {"pairs": pairs, "orders": orders}
    for name in work:
        if name.startswith(OF_WINDOWS):
            yield "trending", name.removeprefix(OF_WINDOWS), {"trending": product_lists.trending(names, work[name])}
    for person_id, found in _of_people(made, names):
        yield "person", person_id, {"customer_id": person_id, **found}


def _of_people(made: Trained, names: Names) -> Iterator[tuple[str, Mapping[str, object]]]:
    people = subjects_of(made.extracted["features"])
    for name in made.work:
        if name.startswith(OF_PEOPLE):
            found: Arrays = made.work[name]
            yield from ((people[row], {"products": each}) for row, each in product_lists.people(names, found))
