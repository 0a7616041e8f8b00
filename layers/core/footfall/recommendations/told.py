"""What visits and orders tell of products: who viewed, wanted and bought which, and what interests whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from footfall.customers.behaviour import INTEREST, product_pages
from footfall.schemas.event import BehaviourEvent, OrderLine

VIEWED = 1
ADDED = 2
BOUGHT = 4
"""How strong an interest in a product is, as in `customers.behaviour`."""
CATEGORY_EVENTS = frozenset({*INTEREST, "product_list_viewed", "wishlist_product_added"})
"""Whose categories interest somebody."""


def products_of_visit(visit: Sequence[BehaviourEvent]) -> dict[str, int]:
    """Returns the products that somebody looked at or put into the cart in a visit, with the strongest interest."""
    found = dict.fromkeys(product_pages(visit), VIEWED)
    for event in visit:
        strength = int(INTEREST.get(event["type"], 0))
        for line in _lines(event) if strength else ():
            found[line["product_id"]] = max(strength, found.get(line["product_id"], 0))
    return found


def categories_of_visit(visit: Iterable[BehaviourEvent]) -> set[str]:
    """Returns the categories that somebody took an interest in."""
    lines = chain.from_iterable(_lines(event) for event in visit if event["type"] in CATEGORY_EVENTS)
    return set(categories_told(lines).values())


def lines_of_visit(visit: Iterable[BehaviourEvent]) -> Iterator[OrderLine]:
    """Returns what a visit tells of products, in order."""
    return chain.from_iterable(map(_lines, visit))


def categories_told(lines: Iterable[OrderLine]) -> Mapping[str, str]:
    """Returns the categories of products that lines tell of, the last telling of each."""
    return {line["product_id"]: category for line in lines if (category := line.get("category"))}


def _lines(event: BehaviourEvent) -> Sequence[OrderLine]:
    return (event.get("commerce") or {}).get("lines", ())
