"""What was sold to whom filters let through, day by day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice

from pyroaring import BitMap

from footfall.days import DayRange, day_of
from footfall.orders.purchases import in_currency_of, is_counted
from footfall.people.numbers import PersonNumbers
from footfall.questions.filters import Wanted
from footfall.questions.narrowed_orders import MOST_ORDERS, passing
from footfall.questions.trade import NOTHING_SOLD, Sold
from footfall.rollups import Rollups
from footfall.schemas.order import NamedOrder
from footfall.stores.collections import orders
from footfall.stores.mongo import database

BATCH = 5_000


class NarrowedTrade:
    """What was sold over the days that are asked about first, or over a part of them."""

    def __init__(self, rollups: Rollups, filters: Mapping[str, Wanted]) -> None:
        self._rollups, self._filters = rollups, filters
        self._read: DayRange | None = None
        self._days: Mapping[date, Sold] = {}

    def sold(self, days: DayRange) -> Sold:
        """Returns what was sold over some days; raises Invalid as `passing` does."""
        read = self._read
        if read is None or days.first < read.first or days.last > read.last:
            self._read, self._days = days, self._by_day(days)
        return added(self._days[day] for day in days if day in self._days)

    def _by_day(self, days: DayRange) -> Mapping[date, Sold]:
        found = passing(self._rollups, self._filters, list(self._orders(days)))
        numbers = PersonNumbers(database(), self._rollups.site.site_id, self._rollups.session)
        numbers.learn(found)
        parts: defaultdict[date, list[Sold]] = defaultdict(list)
        for order in found:
            for day, sold in _parts(order, self._rollups.site.currency, numbers, days):
                parts[day].append(sold)
        return {day: added(those) for day, those in parts.items()}

    def _orders(self, days: DayRange) -> Iterator[NamedOrder]:
        # those that were placed on these days, or of which something was given back
        during = {"$gte": days.start, "$lt": days.end}
        seen: set[str] = set()
        for which in ({"placed_at": during}, {"refunds": {"$elemMatch": {"at": during}}}):
            condition = {**in_currency_of(self._rollups.site), **which}
            read = orders.read(database(), NamedOrder, condition, session=self._rollups.session, batch_size=BATCH)
            for order in islice(read, MOST_ORDERS + 1):  # of one more it is said that they are too many
                if order["order_id"] not in seen:
                    seen.add(order["order_id"])
                    yield order


def _parts(order: NamedOrder, currency: str, numbers: PersonNumbers, days: DayRange) -> Iterator[tuple[date, Sold]]:
    placed = order["placed_at"]
    if placed and is_counted(order, currency):
        buyer = numbers.of(order) if order["user_id"] else None
        yield day_of(placed, days.zone), Sold(1, order["total"], 0, BitMap([] if buyer is None else [buyer]))
    for refund in order["refunds"] if order["currency"] == currency else ():
        yield day_of(refund["at"], days.zone), NOTHING_SOLD._replace(refunds=refund["amount"])


def added(parts: Iterable[Sold]) -> Sold:
    """Returns what several parts come to together."""
    found = list(parts)
    return Sold(
        sum(part.orders for part in found),
        sum(part.revenue for part in found),
        sum(part.refunds for part in found),
        BitMap.union(BitMap(), *(part.customers for part in found)),
    )
