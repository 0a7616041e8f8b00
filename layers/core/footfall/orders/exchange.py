"""Orders in other currencies, converted into the site's own where it has given a rate of the order's day."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from footfall.currencies import UNKNOWN
from footfall.days import day_of
from footfall.money import digits_of, scaled
from footfall.schemas.event import OrderLine
from footfall.schemas.exchange import DayRate
from footfall.schemas.order import Conversion, OrderDocument, Refund

MOST_DAYS_OLD = 7
"""A rate holds until the next one, for so long: banks give none at weekends and on holidays."""


def is_foreign(order: OrderDocument, home: str) -> bool:
    """Returns whether an order is in another currency than the site's, and in one that is known."""
    return order["currency"] not in (home, "", UNKNOWN)


def day_of_order(order: OrderDocument, zone: ZoneInfo) -> date | None:
    """Returns the day whose rate converts an order: when it was placed, or else when a lone refund was given."""
    moment = order["placed_at"] or order["refunded_at"]
    return day_of(moment, zone) if moment else None


def rate_on(day: date, rates: Iterable[DayRate]) -> DayRate | None:
    """Returns the newest of a currency's rates on a day or at most a week before; None where there is none."""
    first, last = (day - timedelta(days=MOST_DAYS_OLD)).isoformat(), day.isoformat()
    return max((rate for rate in rates if first <= rate["date"] <= last), key=lambda rate: rate["date"], default=None)


def converted(order: OrderDocument, rate: DayRate) -> OrderDocument:
    """Returns an order in the currency that a rate converts into, all of it at this one rate; `converted_from` says so.

    Amounts that would be too large stay as they are, with the order.
    """
    exchange = _Exchange(rate)
    try:
        amounts: dict[str, object] = {
            "total": exchange(order["total"]),
            "refunds": list(exchange.refunds(order["refunds"])),
            "lines": [exchange.line(line) for line in order["lines"]],
            **{name: exchange(order[name]) for name in ("shipping", "tax", "discount") if name in order},
        }
    except OverflowError:
        return order
    refunded = exchange(order["refunded"])
    origin = Conversion(currency=rate["currency"], total=order["total"], rate=rate["rate"], date=rate["date"])
    changed = {**amounts, "refunded": refunded, "currency": rate["into"], "converted_from": origin}
    return cast(OrderDocument, {**order, **changed})


class _Exchange:
    def __init__(self, rate: DayRate) -> None:
        self._into = rate["into"]
        self._factor = Decimal(rate["rate"]).scaleb(-digits_of(rate["currency"]))

    def __call__(self, minor: int) -> int:
        found = scaled(minor * self._factor, self._into)
        if found is None:
            raise OverflowError
        return found

    def refunds(self, refunds: Iterable[Refund]) -> Iterator[Refund]:
        # of what was given back so far, so that all of it never comes to more than the order
        so_far = 0
        for refund in refunds:
            before, so_far = so_far, so_far + refund["amount"]
            yield Refund(at=refund["at"], amount=self(so_far) - self(before))

    def line(self, line: OrderLine) -> OrderLine:
        amounts = {name: self(line[name]) for name in ("unit_price", "total", "discount") if name in line}
        return cast(OrderLine, {**line, **amounts})
