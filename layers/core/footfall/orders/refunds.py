"""What was given back of an order: by amount, by items or whole, each once and on its own day."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from footfall.days import day_of
from footfall.orders.tellings import commerce_of, is_told, rank, trust
from footfall.schemas.event import OrderLine, ToldEvent, order_in_time
from footfall.schemas.order import Refund

FLAWS = frozenset(
    {"amount_unreadable", "amount_ambiguous", "quantity_unreadable", "lines_unreadable", "currency_unknown"}
)
MOST_REFUNDS = 1_000
"""What is given back later is added to the last of them."""


class Ordered(NamedTuple):
    """What there is to give back: the order's lines and total, None for a total that is not known."""

    lines: Sequence[OrderLine]
    total: int | None
    currency: str
    placed: bool


class _Told(NamedTuple):
    # one refund as one source tells it; `amount` is None where it cannot be read
    refund_id: str | None
    at: datetime
    amount: int | None
    trust: int


def fold_refunds(events: Iterable[ToldEvent], order: Ordered, zone: ZoneInfo) -> tuple[list[Refund], bool]:
    """Returns what refunds and a cancellation give back, in the order of time, and whether all could be read.

    A refund is one by its id; without one, by what it says: sources of different trust that tell of the same amount
    mean the same, and so does one source that says the same twice on one day of the zone. Together they give back the
    order's total at most; what nobody says the amount or the items of gives back everything, as a cancellation does.
    """
    told, cancelled = [], None
    for event in sorted(events, key=order_in_time):
        if event["type"] == "order_refunded":
            told.append(event)
        elif event["type"] == "order_cancelled" and order.placed:
            cancelled = cancelled or event["timestamp"]
    found = _each_once(told, order, zone)
    known = [(one.at, one.amount) for one in found if one.amount is not None]
    back = _within_total(known, cancelled, order)
    return _bounded(back), len(known) == len(found)


def _each_once(events: Iterable[ToldEvent], order: Ordered, zone: ZoneInfo) -> list[_Told]:
    named: dict[str, ToldEvent] = {}
    unnamed: dict[tuple[object, ...], _Told] = {}
    first: dict[str, datetime] = {}
    for event in events:
        refund_id = commerce_of(event).get("refund_id")
        if refund_id is None:
            one = _read(event, order)
            unnamed.setdefault((one.trust, _content(event, one, zone)), one)
        else:
            first.setdefault(refund_id, event["timestamp"])
            named[refund_id] = max(named.get(refund_id, event), event, key=rank)
    by_id = [_read(event, order)._replace(at=first[refund_id]) for refund_id, event in named.items()]
    return _across_sources([*by_id, *unnamed.values()])


def _content(event: ToldEvent, one: _Told, zone: ZoneInfo) -> tuple[object, ...]:
    lines = commerce_of(event).get("lines", [])
    items = [(line["product_id"], line.get("variant"), line.get("quantity")) for line in lines]
    return day_of(one.at, zone), one.amount, tuple(sorted(items, key=str))


def _across_sources(told: Iterable[_Told]) -> list[_Told]:
    # what a less trusted source tells is a refund of its own only where no better one tells of the same amount
    kept: list[_Told] = []
    in_order = sorted(told, key=lambda one: (-one.trust, one.at))
    for _, of_one_trust in groupby(in_order, key=attrgetter("trust")):
        unmatched = list(kept)
        for one in of_one_trust:
            same = next((at for at, better in enumerate(unmatched) if _is_same(one, better)), None)
            if same is None:
                kept.append(one)
            else:
                del unmatched[same]
    return kept


def _is_same(one: _Told, better: _Told) -> bool:
    return one.amount == better.amount and not (one.refund_id and better.refund_id)


def _read(event: ToldEvent, order: Ordered) -> _Told:
    told = commerce_of(event)
    return _Told(told.get("refund_id"), event["timestamp"], _amount(event, order), trust(event))


def _amount(event: ToldEvent, order: Ordered) -> int | None:
    told = commerce_of(event)
    if is_told(event, "currency") and told["currency"] != order.currency:
        return None
    if "total" in told:
        return abs(told["total"])
    if not FLAWS.isdisjoint(event.get("flags", ())):
        return None
    if told.get("lines"):
        return _of_items(told["lines"], order.lines)
    return order.total if order.placed else 0


def _of_items(lines: Iterable[OrderLine], ordered: Sequence[OrderLine]) -> int | None:
    amounts = [_of_line(line, ordered) for line in lines]
    known = [amount for amount in amounts if amount is not None]
    return abs(int(sum(known, Decimal()).to_integral_value())) if len(known) == len(amounts) else None


def _of_line(line: OrderLine, ordered: Sequence[OrderLine]) -> Decimal | None:
    # at the price that the refund itself says, else at the order's
    if line.get("unit_price"):
        return Decimal(line.get("total", 0))
    price = _price_of(line, ordered)
    return None if price is None else price * Decimal(str(line.get("quantity", 1)))


def _price_of(line: OrderLine, ordered: Sequence[OrderLine]) -> Decimal | None:
    same = [
        one for one in ordered if one["product_id"] == line["product_id"] and one.get("quantity") and "total" in one
    ]
    variant = [one for one in same if one.get("variant") == line.get("variant")]
    found = next(iter(variant or same), None)
    return None if found is None else Decimal(found["total"]) / Decimal(str(found.get("quantity", 1)))


def _within_total(known: Iterable[tuple[datetime, int]], cancelled: datetime | None, order: Ordered) -> list[Refund]:
    left = order.total if order.placed else None
    found: list[Refund] = []
    everything = [(at, 0, amount) for at, amount in known]
    if cancelled and left is not None:
        everything.append((cancelled, 1, left))
    for at, _, amount in sorted(everything):
        given = amount if left is None else min(amount, left)
        left = None if left is None else left - given
        found.append(Refund(at=at, amount=given))
    return found


def _bounded(refunds: list[Refund]) -> list[Refund]:
    if len(refunds) <= MOST_REFUNDS:
        return refunds
    last = refunds[MOST_REFUNDS - 1]
    rest = sum(refund["amount"] for refund in refunds[MOST_REFUNDS:])
    return [*refunds[: MOST_REFUNDS - 1], Refund(at=last["at"], amount=last["amount"] + rest)]
