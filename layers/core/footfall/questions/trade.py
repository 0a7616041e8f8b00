"""What a shop sold over some days, and to whom: from the figures of days, or of the orders that pass filters."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pydantic import BaseModel, Field
from pyroaring import BitMap

from footfall.days import DayRange
from footfall.money import major_units
from footfall.questions.figures import AverageOrderValue, NetRevenue, Orders, Refunds, Revenue
from footfall.questions.key_figures import BATCH, MONEY
from footfall.questions.left_out import LeftOut
from footfall.rollups import Rollups
from footfall.schemas.metrics import DayBusiness
from footfall.stores.collections import daily_metrics
from footfall.stores.mongo import database


class TradeFigures(BaseModel):
    """What a shop sold over some days, and to whom.

    Figures of customers are null while a day needed for them, computed long ago, does not tell its customers.
    """

    orders: Orders
    revenue: Revenue
    refunds: Refunds
    net_revenue: NetRevenue
    average_order_value: AverageOrderValue
    customers: int | None = Field(description="Distinct people known to the shop with such an order, guests left out")
    new_customers: int | None = Field(description="Those of them without such an order on any day before")
    returning_customers: int | None = Field(description="Those of them with one")


class Sold(NamedTuple):
    """What was sold and given back over some days, in minor units, and the numbers of the customers who bought."""

    orders: int
    revenue: int
    refunds: int
    customers: BitMap


NOTHING_SOLD = Sold(0, 0, 0, BitMap())


class Trade:
    """The figures of all days until one: who is new can only be told by all that were before.

    `narrowed` says what was sold over some days to whom filters let through.
    """

    def __init__(self, rollups: Rollups, until: date, narrowed: Callable[[DayRange], Sold] | None = None) -> None:
        self._narrowed = narrowed
        query = {"site_id": rollups.site.site_id, "date": {"$lte": until.isoformat()}}
        found = daily_metrics.read(database(), DayBusiness, query, session=rollups.session, batch_size=BATCH)
        self._days = found.sort([("site_id", 1), ("date", 1)]).to_list()
        self._dates = [day["date"] for day in self._days]
        self._currency = rollups.site.currency
        self._first_without_customers = next(
            (day["date"] for day in self._days if "customers" not in day), date.max.isoformat()
        )

    def figures(self, ranges: Iterable[DayRange]) -> list[TradeFigures]:
        """Returns the figures of some ranges, of which none begins before the one in front of it."""
        before, known, found = 0, BitMap(), []
        for days in ranges:
            begin, end = self._until(days.first - timedelta(days=1)), self._until(days.last)
            known |= _customers(self._days[before:begin])
            sold = self._narrowed(days) if self._narrowed else _sold(self._days[begin:end])
            found.append(self._of(sold, known, told=days.last.isoformat() < self._first_without_customers))
            before = begin
        return found

    def left_out(self, days: DayRange) -> LeftOut:
        """Returns how many orders of a range are in no figure; none where filters choose which are."""
        if self._narrowed:
            return LeftOut.of_days([])
        return LeftOut.of_days(self._days[self._until(days.first - timedelta(days=1)) : self._until(days.last)])

    def _until(self, day: date) -> int:
        return bisect_right(self._dates, day.isoformat())

    def _of(self, sold: Sold, known: BitMap, *, told: bool) -> TradeFigures:
        orders, revenue, refunds, customers = sold
        returning = customers.intersection_cardinality(known)
        return TradeFigures(
            orders=orders,
            revenue=major_units(revenue, self._currency),
            refunds=major_units(refunds, self._currency),
            net_revenue=major_units(revenue - refunds, self._currency),
            average_order_value=major_units(revenue / orders, self._currency) if orders else 0.0,
            customers=len(customers) if told else None,
            new_customers=len(customers) - returning if told else None,
            returning_customers=returning if told else None,
        )


def _sold(days: Sequence[DayBusiness]) -> Sold:
    revenue, refunds = (sum(day[name] for day in days) for name in MONEY)
    return Sold(sum(day["orders"] for day in days), revenue, refunds, _customers(days))


def _customers(days: Iterable[DayBusiness]) -> BitMap:
    bitmaps = [BitMap.deserialize(day["customers"]["people"]) for day in days if "customers" in day]
    return BitMap.union(BitMap(), *bitmaps)
