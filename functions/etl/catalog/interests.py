"""People's interests: what was told of them, and what follows from what they did, under the same guard as products."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice

from cachetools import TTLCache, cached
from footfall.catalog.interests import KINDS, categories_of, found_in, with_told
from footfall.errors import Unavailable
from footfall.events.searches import TERMS
from footfall.people.identities import identities
from footfall.questions.index_values import values_of
from footfall.schemas.catalog import InterestChange
from footfall.schemas.interest import (
    InterestEvent,
    InterestsDocument,
    ProductCategory,
    ToldInterest,
)
from footfall.schemas.order import PurchasedOrder
from footfall.schemas.site import Site
from footfall.stores import collections
from footfall.stores.collections import PRODUCTS_BY_CATEGORY, interests
from footfall.stores.mongo import database
from pymongo.errors import DuplicateKeyError

ROUNDS = 20
MOST_EVENTS = 2_000
"""Of one person, the latest."""
MOST_ORDERS = 1_000
MOST_VISITORS = 1_000
MOST_CATEGORIES = 1_000
"""Of a site, that searches are compared with."""
FRESH_SECONDS = 60.0
LINE = ("product_id", "category")
_known: TTLCache[tuple[str, str], list[str]] = TTLCache(maxsize=1_000, ttl=FRESH_SECONDS)
Fold = Callable[[InterestsDocument], InterestsDocument]


def tell_interests(site: Site, changes: Sequence[InterestChange]) -> set[str]:
    """Store what changes tell of people's interests; returns the ids of the changes for which there is no room."""
    by_person: defaultdict[str, list[InterestChange]] = defaultdict(list)
    for change in changes:
        by_person[change.user_id].append(change)
    refused: set[str] = set()
    for person_id, theirs in by_person.items():
        refused |= _tell(site, person_id, theirs)
    return refused


def _tell(site: Site, person_id: str, changes: Sequence[InterestChange]) -> set[str]:
    refused: set[str] = set()

    def fold(known: InterestsDocument) -> InterestsDocument:
        refused.clear()
        told: list[ToldInterest] = known["told"]
        for change in changes:
            changed = with_told(told, change)
            if changed is None:
                refused.add(change.change_id)
            else:
                told = changed
        return {**known, "told": told}

    _fold(site, person_id, fold)
    return refused


def read_interests(site: Site, person_ids: Collection[str]) -> None:
    """Find the interests of these people in all they did; a visitor who turned out to be somebody has none."""
    if not person_ids:
        return
    known = identities(database(), site.site_id, person_ids)
    visitors: defaultdict[str, list[str]] = defaultdict(list)
    for visitor_id, person_id in known.visitors.items():
        visitors[person_id].append(visitor_id)
    for person_id in sorted({*person_ids, *known.people}):
        seen_as = visitors[person_id][:MOST_VISITORS] if person_id in known.people else []
        _fold(site, person_id, lambda document, seen_as=seen_as: _found(site, document, seen_as))  # type: ignore[misc]


def _found(site: Site, document: InterestsDocument, visitor_ids: Sequence[str]) -> InterestsDocument:
    person_id = document["person_id"]
    events = _events(site, person_id, visitor_ids) if visitor_ids else []
    orders = _orders(site, person_id) if visitor_ids else []
    return {**document, "found": found_in(events, orders, _category_of(site, events, orders), _categories(site))}


def _events(site: Site, person_id: str, visitor_ids: Sequence[str]) -> list[InterestEvent]:
    query = {
        "site_id": site.site_id,
        "visitor_id": {"$in": sorted(visitor_ids)},
        "person_id": {"$in": sorted({*visitor_ids, person_id})},
        "type": {"$in": sorted(KINDS)},
        "bot": {"$ne": True},
    }
    parts = {"commerce": ("lines.product_id", "lines.category"), "properties": TERMS}
    found = collections.events.read(database(), InterestEvent, query, parts=parts)
    return sorted(found.sort([("timestamp", -1), ("_id", -1)]).limit(MOST_EVENTS), key=lambda each: each["timestamp"])


def _orders(site: Site, person_id: str) -> list[PurchasedOrder]:
    query = {"site_id": site.site_id, "person_id": person_id}
    found = collections.orders.read(database(), PurchasedOrder, query, parts={"lines": LINE})
    return list(found.sort([("placed_at", -1), ("_id", -1)]).limit(MOST_ORDERS))[::-1]


@cached(_known, key=lambda site: (database().name, site.site_id))
def _categories(site: Site) -> list[str]:
    found = values_of(database(), collections.products, {"site_id": site.site_id}, "category", PRODUCTS_BY_CATEGORY)
    return list(islice(found, MOST_CATEGORIES))


def _category_of(site: Site, events: Iterable[InterestEvent], orders: Iterable[PurchasedOrder]) -> dict[str, str]:
    # of the products that somebody met, the catalogue's categories
    lines = [line for event in events for line in (event.get("commerce") or {}).get("lines", [])]
    lines += [line for order in orders for line in order["lines"]]
    keys = [f"{site.site_id}:{product_id}" for product_id in sorted({str(line["product_id"]) for line in lines})]
    found = collections.products.read(database(), ProductCategory, {"_id": {"$in": keys}}) if keys else ()
    told = {each["product_id"]: each["category"] for each in found}
    return {product_id: category for product_id, category in told.items() if category}


def _fold(site: Site, person_id: str, fold: Fold) -> None:
    # what is written was made of what is still there, or is made anew
    key = f"{site.site_id}:{person_id}"
    for _ in range(ROUNDS):
        known = interests.of(database()).find_one({"_id": key}) or _nothing(site, person_id)
        folded = fold(known)
        folded["categories"] = categories_of(folded)
        if folded == known or _replaced(known, folded):
            return
    raise Unavailable("the same interests are written by too many at once")


def _nothing(site: Site, person_id: str) -> InterestsDocument:
    return InterestsDocument(
        _id=f"{site.site_id}:{person_id}",
        site_id=site.site_id,
        person_id=person_id,
        told=[],
        found=[],
        categories=[],
        revision=0,
    )


def _replaced(known: InterestsDocument, folded: InterestsDocument) -> bool:
    revision = known.get("revision", 0)
    guard = {"_id": known["_id"], "revision": revision}
    try:
        written = interests.of(database()).replace_one(
            guard, {**folded, "revision": revision + 1}, upsert=revision == 0
        )
    except DuplicateKeyError:  # somebody else wrote it first
        return False
    return bool(written.matched_count or written.upserted_id is not None)
