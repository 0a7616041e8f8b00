"""What people did with products, gathered visit by visit and order by order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from footfall.catalog.interests import folded
from footfall.customers.arrays import Arrays, pack_texts
from footfall.days import day_of
from footfall.orders.purchases import is_purchase
from footfall.recommendations.told import (
    BOUGHT,
    categories_of_visit,
    categories_told,
    lines_of_visit,
    products_of_visit,
)
from footfall.schemas.event import BehaviourEvent, OrderLine
from footfall.schemas.interest import ToldInterest
from footfall.schemas.order import PurchasedOrder

from .sightings import Sightings

MOST_PRODUCTS = 50_000
MOST_CATEGORIES = 2_000
FIRST_DAY = date(1970, 1, 1)


class ProductGathering:
    """The products of a site and their categories, the first of each that are met, and who did what with them.

    A category is called as it is met first; other spellings of it, told apart by case and blanks alone, are the same.
    """

    def __init__(self) -> None:
        self.left_out = 0
        self._products: dict[str, int] = {}
        self._categories: dict[str, int] = {}
        self._category_names: list[str] = []
        self._category: dict[int, tuple[datetime, int]] = {}
        self._orders = 0
        self._edges, self._interests, self._baskets = Sightings(), Sightings(), Sightings()

    def add_visit(self, row: int, visit: Sequence[BehaviourEvent], zone: ZoneInfo) -> None:
        """Note what the person in `row` did in one visit."""
        moment = visit[0]["timestamp"]
        self._add(row, products_of_visit(visit), moment, zone)
        self._add_interests(row, categories_of_visit(visit), moment, zone)
        self._categorise(categories_told(lines_of_visit(visit)), moment)

    def add_order(self, row: int, order: PurchasedOrder, zone: ZoneInfo) -> None:
        """Note what the person in `row` bought; what nobody paid for, and what came back in the order, is left out."""
        moment = order["placed_at"]
        if moment is None or not is_purchase(order):
            return
        lines = [line for line in order["lines"] if line.get("quantity", 1) > 0]
        told = categories_told(lines)
        self._add(row, dict.fromkeys(_ids(lines), BOUGHT), moment, zone)
        self._add_interests(row, set(told.values()), moment, zone)
        self._categorise(told, moment)
        for product in map(self._products.get, _ids(lines)):
            if product is not None:
                self._baskets.add(self._orders, product, _day(moment, zone))
        self._orders += 1

    def add_told(self, row: int, told: ToldInterest, zone: ZoneInfo) -> None:
        """Note an interest that the shop told of the person in `row`; no product may be in its category."""
        if told["strength"] is not None:
            self._add_interests(row, [told["category"]], told["at"], zone, told["strength"])

    def _add(self, row: int, did: Mapping[str, int], moment: datetime, zone: ZoneInfo) -> None:
        for product_id, strength in did.items():
            product = _number(self._products, product_id, MOST_PRODUCTS)
            if product is None:
                self.left_out += 1
            else:
                self._edges.add(row, product, _day(moment, zone), strength)

    def _add_interests(
        self, row: int, names: Iterable[str], moment: datetime, zone: ZoneInfo, strength: int = 1
    ) -> None:
        for name in sorted(names):
            category = _number(self._categories, folded(name), MOST_CATEGORIES)
            if category is not None:
                self._interests.add(row, category, _day(moment, zone), strength)
            if category == len(self._category_names):
                self._category_names.append(name)

    def _categorise(self, told: Mapping[str, str], moment: datetime) -> None:
        # the latest telling counts
        for product_id, name in told.items():
            product, category = self._products.get(product_id), self._categories.get(folded(name))
            if product is not None and category is not None:
                self._category[product] = max((moment, category), self._category.get(product, (moment, category)))

    def products(self, people: int) -> Arrays:
        """Returns the edges of so many people, and each product's category by number, -1 for none."""
        edges, interests = self._edges.columns(), self._interests.columns()
        category = np.full(len(self._products), -1, np.int32)
        category[list(self._category)] = [found for _, found in self._category.values()]
        return {
            "people": np.array(people),
            "names": pack_texts(list(self._products)),
            "categories": pack_texts(self._category_names),
            "category": category,
            "person": edges.row,
            "product": edges.thing,
            "strength": edges.strength,
            "day": edges.day,
            "interested": interests.row,
            "interest": interests.thing,
            "interest_day": interests.day,
            "interest_strength": interests.strength,
        }

    def baskets(self) -> Arrays:
        """Returns which products were in one order."""
        found = self._baskets.columns()
        return {"order": found.row, "product": found.thing}


def _ids(lines: Iterable[OrderLine]) -> list[str]:
    return list(dict.fromkeys(line["product_id"] for line in lines))


def _number(known: dict[str, int], name: str, most: int) -> int | None:
    if len(known) < most:
        return known.setdefault(name, len(known))
    return known.get(name)


def _day(moment: datetime, zone: ZoneInfo) -> int:
    return max((day_of(moment, zone) - FIRST_DAY).days, 0)
