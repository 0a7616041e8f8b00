"""Everybody's behaviour and purchases, gathered visit by visit and order by order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from footfall.customers.arrays import Arrays, pack_texts
from footfall.customers.behaviour import order_tokens, person_of_visit, visit_tokens
from footfall.days import day_of
from footfall.orders.purchases import in_currency, is_purchase, last_moment
from footfall.schemas.event import BehaviourEvent
from footfall.schemas.feedback import FeedbackOwner
from footfall.schemas.interest import ToldInterests
from footfall.schemas.order import PurchasedOrder
from footfall.sessions.fold import is_session
from numpy.typing import NDArray

from .counts import Counts
from .page_gathering import PageGathering
from .product_gathering import ProductGathering
from .trade import TradeGathering


@dataclass
class Purchases:
    """What one person ordered and had refunded, in minor units."""

    orders: int = 0
    spent: int = 0
    refunded: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass
class Gathering:
    """What training learns from. Each person's visits, and orders, go to two halves in turn, for evaluation."""

    zone: ZoneInfo
    currency: str
    links: Mapping[str, str]
    earliest: datetime | None = None
    last_visit: datetime | None = None
    last_trade: datetime | None = None
    people: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    pages: PageGathering = field(default_factory=PageGathering)
    products: ProductGathering = field(default_factory=ProductGathering)
    purchases: dict[str, Purchases] = field(default_factory=dict)
    totals: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ["visits", "orders", "guest_orders", "guest_revenue", "foreign_currency_orders", "refunds_over_totals"], 0
        )
    )
    _turns: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trade = TradeGathering(self.zone)

    def add_visit(self, visit: Sequence[BehaviourEvent]) -> None:
        """Count one visit."""
        self.totals["visits"] += is_session(visit)
        self._begin(visit[0]["timestamp"])
        self.last_visit = _later(self.last_visit, visit[-1]["timestamp"])
        row = self._add(person_of_visit(visit, self.links), visit_tokens(visit, self.zone))
        self.trade.add_visit(row, visit)
        self.pages.add_visit(visit)
        self.products.add_visit(row, visit, self.zone)

    def add_order(self, order: PurchasedOrder) -> None:
        """Count one order; amounts in another currency than the site's cannot be summed, so those are left out."""
        self.last_trade = _later(self.last_trade, last_moment(order))
        if not in_currency(order, self.currency):
            self.totals["foreign_currency_orders"] += 1
            return
        self._begin(order["placed_at"])
        row = self._add(order["person_id"], order_tokens(order, self.zone))
        self.totals["refunds_over_totals"] += is_purchase(order) and order["refunded"] > order["total"]
        self.products.add_order(row, order, self.zone)
        if order["user_id"] is not None:
            self._add_purchase(order["user_id"], order)
        elif is_purchase(order):
            self.totals["guest_orders"] += 1
            self.totals["guest_revenue"] += order["total"]

    @property
    def first_day(self) -> date | None:
        """Returns the first local day with a visit, or an order in the site's currency."""
        return day_of(self.earliest, self.zone) if self.earliest else None

    @property
    def as_of(self) -> date | None:
        """Returns the last local day with an order or refund, in whatever currency; without any, with a visit.

        Recency counts from here, as the business figures do.
        """
        moment = self.last_trade or self.last_visit
        return day_of(moment, self.zone) if moment else None

    def add_complaint(self, given: FeedbackOwner) -> None:
        """Count a negative text of feedback, of who has visited or ordered."""
        person_id = given["user_id"] or self.links.get(given["person_id"], given["person_id"])
        if person_id in self.people:
            self.trade.add_complaint(self.people[person_id], given["timestamp"])

    def add_interests(self, found: ToldInterests) -> None:
        """Count the interests that the shop told of somebody who has visited or ordered."""
        row = self.people.get(self.links.get(found["person_id"], found["person_id"]))
        if row is not None:
            for told in found["told"]:
                self.products.add_told(row, told, self.zone)

    def _begin(self, moment: datetime | None) -> None:
        if moment and (self.earliest is None or moment < self.earliest):
            self.earliest = moment

    def _add(self, person_id: str, tokens: Mapping[str, float]) -> int:
        row = self.people.setdefault(person_id, len(self.people))
        turn = self._turns[row] = self._turns.get(row, -1) + 1
        self.counts.add(row, turn & 1, tokens)
        return row

    def _add_purchase(self, customer_id: str, order: PurchasedOrder) -> None:
        self.trade.add_order(self.people[customer_id], order)
        purchases = self.purchases.setdefault(customer_id, Purchases())
        purchases.refunded += order["refunded"]
        if is_purchase(order) and order["placed_at"]:
            self.totals["orders"] += 1
            purchases.orders += 1
            purchases.spent += order["total"]
            purchases.first = purchases.first or order["placed_at"]
            purchases.last = order["placed_at"]

    def arrays(self) -> Arrays:
        """Returns everything as arrays: people and tokens by number, their counts, and the customers' purchases."""
        customers = {key: found for key, found in self.purchases.items() if found.orders}
        return {
            "subjects": pack_texts(list(self.people)),
            **self.counts.arrays(),
            "customer": np.array([self.people[key] for key in customers], np.int32),
            "frequency": np.array([found.orders for found in customers.values()], np.int64),
            "monetary": np.array([found.spent for found in customers.values()], np.int64),
            "refunded": np.array([found.refunded for found in customers.values()], np.int64),
            "first_order": _milliseconds([found.first for found in customers.values()]),
            "last_order": _milliseconds([found.last for found in customers.values()]),
            "recency": np.array([self._days_since(found.last) for found in customers.values()], np.int64),
        }

    def _days_since(self, moment: datetime | None) -> int:
        return (self.as_of - day_of(moment, self.zone)).days if self.as_of and moment else 0


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _milliseconds(moments: list[datetime | None]) -> NDArray[np.int64]:
    return np.array([round(moment.timestamp() * 1000) if moment else 0 for moment in moments], np.int64)
