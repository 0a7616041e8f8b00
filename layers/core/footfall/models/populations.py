"""How a site's customers and visits are spread over the features that models are trained on, as MongoDB counts them."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from footfall.clock import now
from footfall.orders.purchases import purchases_of_known_people
from footfall.schemas.order import OrderDocument, OrderSums
from footfall.schemas.population import OF_CUSTOMERS, OF_VISITS, Feature, Population, Spread
from footfall.schemas.session import SessionDocument, SessionSpan
from footfall.schemas.site import Site
from footfall.stores.collection import Collection
from footfall.stores.collections import orders, user_sessions
from footfall.stores.mongo import Mongo, Pipeline

NAMED: Mapping[Feature, str] = {"device": "$device", "channel": "$attribution.channel"}
BINS = 10
MOST_VALUES = 12
VISIT_DAYS = 90
"""Of older visits too many things were otherwise."""
INFINITY = float("inf")


class Bin(TypedDict):
    """How many are in one bin; `_id` is its value, its lower edge or, where MongoDB chose it, both its edges."""

    _id: Any
    count: int


Bins = dict[str, list[Bin]]
Counted = Collection[OrderDocument] | Collection[SessionDocument]


def measured(database: Mongo, site: Site) -> Population:
    """Returns how the site's customers, and the visits of its last ninety days with any, are spread now."""
    moment = now()
    spreads = _spreads(database, orders, _customers(database, site), OF_CUSTOMERS)
    spreads |= _spreads(database, user_sessions, _visits(site.site_id, _begin(database, site.site_id)), OF_VISITS)
    return Population(at=moment, spreads=spreads)


def counted(
    database: Mongo, site: Site, population: Population, features: tuple[Feature, ...], milliseconds: int
) -> dict[Feature, list[int]]:
    """Returns how many customers, and visits since the population was measured, are in the same bins now.

    Raises ExecutionTimeout when MongoDB takes longer.
    """
    found: dict[Feature, list[int]] = {}
    groups: tuple[tuple[Counted, Pipeline, tuple[Feature, ...]], ...] = (
        (orders, _customers(database, site), OF_CUSTOMERS),
        (user_sessions, _visits(site.site_id, population["at"]), OF_VISITS),
    )
    for collection, pipeline, group in groups:
        asked = {name: population["spreads"][name] for name in group if name in features}
        if asked:
            facets = {name: _in_bins(name, spread) for name, spread in asked.items()}
            asking = [*pipeline, {"$facet": facets}]
            answer = next(collection.aggregate(database, Bins, asking, max_milliseconds=milliseconds))
            found |= {name: _counts(spread, answer[name]) for name, spread in asked.items()}
    return found


def _customers(database: Mongo, site: Site) -> Pipeline:
    # recency counts from the last day of trade
    query = purchases_of_known_people(site)
    last = next(orders.read(database, OrderSums, query).sort("placed_at", -1).limit(1), None)
    until = {"endDate": last["placed_at"] if last else now(), "unit": "day", "timezone": site.time_zone}
    sums = {"frequency": {"$sum": 1}, "monetary": {"$sum": "$total"}, "last": {"$max": "$placed_at"}}
    return [
        {"$match": query},
        {"$group": {"_id": "$user_id", **sums}},
        {"$set": {"recency": {"$dateDiff": {"startDate": "$last", **until}}}},
    ]


def _begin(database: Mongo, site_id: str) -> datetime:
    last = next(user_sessions.read(database, SessionSpan, {"site_id": site_id}).sort("started_at", -1).limit(1), None)
    return (last["started_at"] if last else now()) - timedelta(days=VISIT_DAYS)


def _visits(site_id: str, since: datetime) -> Pipeline:
    query = {"site_id": site_id, "started_at": {"$gte": since}, "bot": False}
    return [{"$match": query}]


def _spreads(
    database: Mongo, collection: Counted, pipeline: Pipeline, features: tuple[Feature, ...]
) -> dict[Feature, Spread]:
    facets = {name: _to_bins(name) for name in features}
    answer = next(collection.aggregate(database, Bins, [*pipeline, {"$facet": facets}], allow_disk_use=True))
    return {name: _named(answer[name]) if name in NAMED else _binned(answer[name]) for name in features}


def _to_bins(name: Feature) -> Pipeline:
    if name in NAMED:
        return [{"$sortByCount": NAMED[name]}, {"$limit": MOST_VALUES}]
    return [{"$bucketAuto": {"groupBy": f"${name}", "buckets": BINS}}]


def _named(found: list[Bin]) -> Spread:
    # the most common values, and an empty bin for what was not among them
    return Spread(edges=[], values=[str(one["_id"]) for one in found], counts=[*(one["count"] for one in found), 0])


def _binned(found: list[Bin]) -> Spread:
    # tenths, as far as equal values allow, between two empty bins for what is beyond everything seen
    edges = [float(one["_id"]["min"]) for one in found]
    last = [math.nextafter(one["_id"]["max"], INFINITY) for one in found[-1:]]
    return Spread(edges=[*edges, *last], values=[], counts=[0, *(one["count"] for one in found), *(0 for _ in last)])


def _in_bins(name: Feature, spread: Spread) -> Pipeline:
    if name in NAMED:
        return [{"$sortByCount": NAMED[name]}]
    return [{"$bucket": {"groupBy": f"${name}", "boundaries": _boundaries(spread)}}]


def _boundaries(spread: Spread) -> list[float]:
    return [-INFINITY, *spread["edges"], INFINITY]


def _counts(spread: Spread, found: list[Bin]) -> list[int]:
    counts: dict[object, int] = {one["_id"]: one["count"] for one in found}
    if not spread["values"]:
        return [counts.get(edge, 0) for edge in _boundaries(spread)[:-1]]
    known = [counts.pop(value, 0) for value in spread["values"]]
    return [*known, sum(counts.values())]
