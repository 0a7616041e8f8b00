"""How a site's customers and visits are spread over the features that models are trained on, as MongoDB counts them."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from footfall.clock import now
from footfall.schemas.population import Feature, Population, Spread
from footfall.schemas.site import Site

Mongo = Database[dict[str, Any]]
Pipeline = list[dict[str, Any]]

OF_CUSTOMERS: tuple[Feature, ...] = ("recency", "frequency", "monetary")
OF_VISITS: tuple[Feature, ...] = ("page_views", "interactions", "duration", "device", "channel")
NAMED: Mapping[Feature, str] = {"device": "$device", "channel": "$attribution.channel"}
BINS = 10
MOST_VALUES = 12
VISIT_DAYS = 90
"""Of older visits too many things were otherwise."""
INFINITY = float("inf")


def measured(database: Mongo, site: Site) -> Population:
    """How the site's customers, and the visits of its last ninety days with any, are spread now."""
    moment = now()
    spreads = _spreads(database["orders"], _customers(database, site), OF_CUSTOMERS)
    spreads |= _spreads(database["user_sessions"], _visits(site.site_id, _begin(database, site.site_id)), OF_VISITS)
    return Population(at=moment, spreads=spreads)


def counted(
    database: Mongo, site: Site, population: Population, features: tuple[Feature, ...], milliseconds: int
) -> dict[Feature, list[int]]:
    """How many customers, and visits since the population was measured, are in the same bins now.

    Raises ExecutionTimeout when MongoDB takes longer.
    """
    found: dict[Feature, list[int]] = {}
    for collection, pipeline, group in (
        ("orders", _customers(database, site), OF_CUSTOMERS),
        ("user_sessions", _visits(site.site_id, population["at"]), OF_VISITS),
    ):
        asked = {name: population["spreads"][name] for name in group if name in features}
        if asked:
            facets = {name: _in_bins(name, spread) for name, spread in asked.items()}
            answer = next(database[collection].aggregate([*pipeline, {"$facet": facets}], maxTimeMS=milliseconds))
            found |= {name: _counts(spread, answer[name]) for name, spread in asked.items()}
    return found


def _customers(database: Mongo, site: Site) -> Pipeline:
    """Recency, frequency and monetary of everybody with a priced order, recency from the last day of trade."""
    query = {
        "site_id": site.site_id,
        "user_id": {"$type": "string"},
        "total": {"$gt": 0},
        "placed_at": {"$type": "date"},
        "currency": {"$in": [site.currency, ""]},
    }
    last = database["orders"].find_one(query, {"placed_at": 1}, sort=[("placed_at", -1)])
    until = {"endDate": last["placed_at"] if last else now(), "unit": "day", "timezone": site.time_zone}
    sums = {"frequency": {"$sum": 1}, "monetary": {"$sum": "$total"}, "last": {"$max": "$placed_at"}}
    return [
        {"$match": query},
        {"$group": {"_id": "$user_id", **sums}},
        {"$set": {"recency": {"$dateDiff": {"startDate": "$last", **until}}}},
    ]


def _begin(database: Mongo, site_id: str) -> datetime:
    last = database["user_sessions"].find_one({"site_id": site_id}, {"started_at": 1}, sort=[("started_at", -1)])
    newest: datetime = last["started_at"] if last else now()
    return newest - timedelta(days=VISIT_DAYS)


def _visits(site_id: str, since: datetime) -> Pipeline:
    query = {"site_id": site_id, "started_at": {"$gte": since}, "bot": False, "page_views": {"$gt": 0}}
    return [{"$match": query}]


def _spreads(collection: Any, pipeline: Pipeline, features: tuple[Feature, ...]) -> dict[Feature, Spread]:
    facets = {name: _to_bins(name) for name in features}
    answer = next(collection.aggregate([*pipeline, {"$facet": facets}], allowDiskUse=True))
    return {name: _named(answer[name]) if name in NAMED else _binned(answer[name]) for name in features}


def _to_bins(name: Feature) -> Pipeline:
    if name in NAMED:
        return [{"$sortByCount": NAMED[name]}, {"$limit": MOST_VALUES}]
    return [{"$bucketAuto": {"groupBy": f"${name}", "buckets": BINS}}]


def _named(found: Pipeline) -> Spread:
    """The most common values, and an empty bin for what was not among them."""
    return Spread(edges=[], values=[str(one["_id"]) for one in found], counts=[*(one["count"] for one in found), 0])


def _binned(found: Pipeline) -> Spread:
    """Tenths, as far as equal values allow, between two empty bins for what is beyond everything seen."""
    edges = [float(one["_id"]["min"]) for one in found]
    last = [math.nextafter(one["_id"]["max"], INFINITY) for one in found[-1:]]
    return Spread(edges=[*edges, *last], values=[], counts=[0, *(one["count"] for one in found), *(0 for _ in last)])


def _in_bins(name: Feature, spread: Spread) -> Pipeline:
    if name in NAMED:
        return [{"$sortByCount": NAMED[name]}]
    return [{"$bucket": {"groupBy": f"${name}", "boundaries": _boundaries(spread)}}]


def _boundaries(spread: Spread) -> list[float]:
    return [-INFINITY, *spread["edges"], INFINITY]


def _counts(spread: Spread, found: Pipeline) -> list[int]:
    counts: dict[Any, int] = {one["_id"]: one["count"] for one in found}
    if not spread["values"]:
        return [counts.get(edge, 0) for edge in _boundaries(spread)[:-1]]
    known = [counts.pop(value, 0) for value in spread["values"]]
    return [*known, sum(counts.values())]
