"""The orders that figures count as columns, and which sessions they came of."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall.chunks import chunks
from footfall.errors import FieldProblem, Invalid
from footfall.events.log import Parts
from footfall.funnels.columns import milliseconds
from footfall.lake.columns import NOBODY
from footfall.lake.session_numbers import session_number
from footfall.orders.fold import told_id_of
from footfall.orders.purchases import purchases
from footfall.people.numbers import PersonNumbers
from footfall.rollups import Rollups
from footfall.schemas.order import NamedOrder, PurchasedOrder
from footfall.schemas.session import SessionBegin, SessionOrder
from footfall.stores.collections import orders, user_sessions
from footfall.stores.mongo import database

Numbers = NDArray[np.int64]
Order = TypeVar("Order", bound=NamedOrder)
MOST_ORDERS = 500_000
IDS_AT_ONCE = 20_000
BATCH = 20_000


@dataclass(frozen=True)
class PlacedOrders(Generic[Order]):
    """Orders, and as columns whose, when in Unix milliseconds, and for how much in minor units.

    Whose is NOBODY for somebody not stored yet.
    """

    orders: list[Order]
    people: Numbers
    times: Numbers
    totals: Numbers

    def where(self, those: NDArray[np.bool_]) -> "PlacedOrders[Order]":
        """Returns some of the orders."""
        some = [order for order, ours in zip(self.orders, those, strict=True) if ours]
        return PlacedOrders(some, self.people[those], self.times[those], self.totals[those])


def placed_orders(rollups: Rollups, start: datetime, end: datetime) -> PlacedOrders[NamedOrder]:
    """Returns the orders placed from `start` on and before `end`; raises Invalid for more than half a million."""
    return _read(rollups, NamedOrder, start, end)


def orders_with_lines(rollups: Rollups, start: datetime, end: datetime) -> PlacedOrders[PurchasedOrder]:
    """Returns the same with what was bought."""
    return _read(rollups, PurchasedOrder, start, end, {"lines": ("product_id", "quantity", "total")})


def _read(
    rollups: Rollups, view: type[Order], start: datetime, end: datetime, parts: Parts | None = None
) -> PlacedOrders[Order]:
    condition = purchases(rollups.site, **{"$gte": start, "$lt": end})
    read = orders.read(database(), view, condition, parts=parts, session=rollups.session, batch_size=BATCH)
    found = list(islice(read, MOST_ORDERS + 1))
    if len(found) > MOST_ORDERS:
        raise Invalid([FieldProblem("from", f"more than {MOST_ORDERS:,} orders were placed; ask for fewer days")])
    numbers = PersonNumbers(database(), rollups.site.site_id, rollups.session)
    numbers.learn(found)
    people = [NOBODY if (number := numbers.of(order)) is None else number for order in found]
    times = [milliseconds(order["placed_at"]) for order in found if order["placed_at"]]
    columns = (np.array(column, np.int64) for column in (people, times, [order["total"] for order in found]))
    return PlacedOrders(found, *columns)


class _Came(SessionBegin):
    orders: list[SessionOrder]


def sessions_behind(rollups: Rollups, placed: PlacedOrders[Order]) -> Numbers:
    """Returns the number of the session that each order came of; 0 for none."""
    site = {"site_id": rollups.site.site_id}
    known: dict[str, int] = {}
    for some in chunks(sorted({told_id_of(order) for order in placed.orders}), IDS_AT_ONCE):
        condition = {**site, "orders.told_id": {"$in": some}}
        for session in user_sessions.read(database(), _Came, condition, session=rollups.session, batch_size=BATCH):
            known |= {order["order_id"]: session_number(session) for order in session["orders"]}
    return np.array([known.get(order["order_id"], 0) for order in placed.orders], np.int64)
