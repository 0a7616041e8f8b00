"""What customers ordered, were given back, did on the site and complained of, gathered by local day."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np
from footfall.customers.arrays import Arrays
from footfall.days import day_of
from footfall.orders.purchases import is_purchase
from footfall.schemas.event import BehaviourEvent
from footfall.schemas.order import PurchasedOrder
from footfall.sessions.fold import is_session
from numpy.typing import NDArray

CHECKOUT_TYPES = frozenset(
    {"checkout_started", "checkout_step_viewed", "checkout_step_completed", "payment_info_entered"}
)
COLUMNS = {"orders": 3, "refunds": 3, "activity": 6, "complaints": 2}


class TradeGathering:
    """Rows of whole numbers, whose first is of whom: of anybody at first, of customers when they are given out."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._rows = {name: array("q") for name in COLUMNS}

    def add_order(self, row: int, order: PurchasedOrder) -> None:
        """Count an order on its day, and its refunds each on its own."""
        if is_purchase(order) and order["placed_at"]:
            self._add("orders", row, self._day(order["placed_at"]), order["total"])
        for refund in order["refunds"]:
            self._add("refunds", row, self._day(refund["at"]), refund["amount"])

    def add_visit(self, row: int, visit: Sequence[BehaviourEvent]) -> None:
        """Count what a visit did on each day that it reached."""
        for day, events in self._by_day(visit):
            pages = sum(event["type"] == "pageview" for event in events)
            carts = sum(event["type"] == "product_added" for event in events)
            self._add("activity", row, day, is_session(events), pages, carts, sum(map(_is_checkout, events)))

    def add_complaint(self, row: int, moment: datetime) -> None:
        """Count a negative text of feedback."""
        self._add("complaints", row, self._day(moment))

    def arrays(self, customers: NDArray[np.int32], end: date | None) -> Arrays:
        """Returns the rows of these customers, who are numbered as they come, and the last day of the log as `end`."""
        people = max((max(rows[:: COLUMNS[name]], default=-1) for name, rows in self._rows.items()), default=-1)
        number = np.full(max(people, int(customers.max(initial=-1))) + 1, -1, np.int64)
        number[customers] = np.arange(len(customers))
        tables = {name: _of_customers(rows, COLUMNS[name], number) for name, rows in self._rows.items()}
        return {**tables, "end": np.array([end.toordinal() if end else 0], np.int64)}

    def _add(self, name: str, *values: int) -> None:
        self._rows[name].extend(values)

    def _day(self, moment: datetime) -> int:
        return day_of(moment, self._zone).toordinal()

    def _by_day(self, visit: Sequence[BehaviourEvent]) -> Iterator[tuple[int, Sequence[BehaviourEvent]]]:
        first, last = self._day(visit[0]["timestamp"]), self._day(visit[-1]["timestamp"])
        if first == last:
            yield first, visit
            return
        for day, events in groupby(visit, lambda event: self._day(event["timestamp"])):
            yield day, list(events)


def _is_checkout(event: BehaviourEvent) -> bool:
    return event["type"] in CHECKOUT_TYPES or (event["type"] == "pageview" and event.get("page_type") == "payment")


def _of_customers(rows: Iterable[int], columns: int, number: NDArray[np.int64]) -> NDArray[np.int64]:
    table = np.array(rows, np.int64).reshape(-1, columns).T
    ours: NDArray[np.int64] = np.vstack((number[table[0]], table[1:]))
    return ours[:, ours[0] >= 0]
