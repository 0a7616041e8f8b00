"""Somebody's interests: folded from what was told, and found in what they viewed, searched for and bought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from footfall.events.searches import term_of
from footfall.orders.purchases import is_purchase
from footfall.schemas.catalog import InterestChange
from footfall.schemas.interest import FoundInterest, InterestEvent, InterestsDocument, ToldInterest
from footfall.schemas.order import PurchasedOrder
from footfall.words import words

MOST_TOLD = 50
"""Interests that a shop may tell of one person."""
MOST_TAKEN_BACK = 50
"""Interests that were taken back, of which the latest are remembered, so that nothing older brings them back."""
MOST_FOUND = 30
MOST_LINES = 100
"""Of what one event or order speaks of."""
LONGEST = 256
VIEWED, SEARCHED, ADDED, BOUGHT = "viewed", "searched", "added", "bought"
WEIGHTS = {VIEWED: 1, SEARCHED: 1, ADDED: 2, BOUGHT: 4}
"""What one time of each counts for, as in the behaviour that vectors are made of."""
KINDS = {
    "product_clicked": VIEWED,
    "product_viewed": VIEWED,
    "product_added": ADDED,
    "wishlist_product_added": ADDED,
    "product_searched": SEARCHED,
}
"""The events that tell of interests, and how."""


def folded(category: str) -> str:
    """Returns the one form of all spellings of a category: without case and needless blanks."""
    return " ".join(category.split()).casefold()[:LONGEST]


def with_told(told: Iterable[ToldInterest], change: InterestChange) -> list[ToldInterest] | None:
    """Returns what was told of somebody with one more change, in any order the same; None where it would be too much.

    Of each category the latest counts; those taken back are kept without a strength.
    """
    by_category = {folded(each["category"]): each for each in told}
    key, one = folded(change.category), _told(change)
    before = by_category.get(key)
    if before is None or _moment(before) <= _moment(one):
        by_category[key] = one
    has = [each for each in by_category.values() if each["strength"] is not None]
    if len(has) > MOST_TOLD:
        return None
    gone = sorted((each for each in by_category.values() if each["strength"] is None), key=_moment)
    return sorted([*has, *gone[-MOST_TAKEN_BACK:]], key=lambda each: folded(each["category"]))


def _told(change: InterestChange) -> ToldInterest:
    return ToldInterest(category=change.category, strength=change.strength, at=change.at, by=change.change_id)


def _moment(one: ToldInterest) -> tuple[datetime, str]:
    return one["at"], one["by"]


@dataclass
class Found:
    """What somebody did in one category so far."""

    category: str
    times: dict[str, int]
    last_at: datetime

    def add(self, kind: str, at: datetime) -> None:
        """Count one more time."""
        self.times[kind] += 1
        self.last_at = max(self.last_at, at)

    @property
    def weight(self) -> int:
        """What all of it amounts to."""
        return sum(WEIGHTS[kind] * times for kind, times in self.times.items())


def found_in(
    events: Iterable[InterestEvent],
    orders: Iterable[PurchasedOrder],
    category_of: Mapping[str, str],
    categories: Iterable[str],
) -> list[FoundInterest]:
    """Returns somebody's thirty largest interests, by weight; of the same weight those by name first.

    A line of an event or order counts for the category that it tells, else for that of its product, which `category_of`
    knows; each category once for each event or order. A search counts for each of the shop's `categories` whose words
    it has all of.
    """
    found: dict[str, Found] = {}
    named = {category: frozenset(words(category)) for category in categories}
    for event in events:
        kind = KINDS.get(event["type"])
        if kind == SEARCHED:
            _count(found, _searched(event, named), kind, event["timestamp"])
        elif kind:
            lines = (event.get("commerce") or {}).get("lines", [])
            _count(found, _of_lines(lines, category_of), kind, event["timestamp"])
    for order in orders:
        if is_purchase(order) and order["placed_at"]:
            _count(found, _of_lines(order["lines"], category_of), BOUGHT, order["placed_at"])
    ranked = sorted(found.items(), key=lambda each: (-each[1].weight, each[0]))
    return [_document(each) for _, each in ranked[:MOST_FOUND]]


def _count(found: dict[str, Found], categories: Iterable[str], kind: str, at: datetime) -> None:
    for key, category in sorted((folded(category), category) for category in categories):
        found.setdefault(key, Found(category, dict.fromkeys(WEIGHTS, 0), at)).add(kind, at)


def _of_lines(lines: Iterable[Mapping[str, object]], category_of: Mapping[str, str]) -> Iterable[str]:
    told: dict[str, str] = {}
    for line in islice(lines, MOST_LINES):
        category = line.get("category") or category_of.get(str(line["product_id"]))
        if isinstance(category, str) and folded(category):
            told.setdefault(folded(category), category[:LONGEST])
    return told.values()


def _searched(event: InterestEvent, named: Mapping[str, frozenset[str]]) -> Iterable[str]:
    term = set(words(term_of(event.get("properties") or {}) or ""))
    return [category for category, its_words in named.items() if its_words and its_words <= term]


def _document(found: Found) -> FoundInterest:
    times = found.times
    return FoundInterest(
        category=found.category,
        viewed=times[VIEWED],
        searched=times[SEARCHED],
        added=times[ADDED],
        bought=times[BOUGHT],
        weight=found.weight,
        last_at=found.last_at,
    )


def categories_of(document: InterestsDocument) -> list[str]:
    """Returns the folded names of the categories that somebody is interested in, in order."""
    told = [each["category"] for each in document["told"] if each["strength"] is not None]
    return sorted({folded(category) for category in (*told, *(each["category"] for each in document["found"]))})
