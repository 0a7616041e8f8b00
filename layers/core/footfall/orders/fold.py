"""Orders from everything told about them: completed, amended, refunded in part or whole, cancelled.

Each field is that of the foremost telling which says it (`orders/tellings.py`), so that a later one fills the gaps of
an earlier one, and replaces what it says where it knows better.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar, cast
from zoneinfo import ZoneInfo

from footfall.currencies import CODES
from footfall.orders.refunds import Ordered, fold_refunds
from footfall.orders.sources import (
    FOR_EVER,
    TELLING,
    Heard,
    PublicWord,
    contradictions,
    heard,
    is_unconfirmed,
    source_of,
)
from footfall.orders.tellings import (
    IMPORT,
    PUBLIC,
    commerce_of,
    currency_of,
    customers,
    is_told,
    own_word,
    rank,
    ranked,
    trust,
)
from footfall.schemas.event import OrderLine, ToldEvent, order_in_time
from footfall.schemas.order import NamedOrder, OrderDocument, OrderFlag, OrderStatus, ToldIn

ORDER_EVENTS = frozenset({"order_completed", "order_updated", "order_refunded", "order_cancelled"})
PARTS: tuple[Literal["shipping", "tax", "discount"], ...] = ("shipping", "tax", "discount")
MOST_TOLD_IN = 20
Value = TypeVar("Value")


def order_id_of(event: ToldEvent) -> str | None:
    """Returns the order an event speaks of, or None; an order without an id is named by its event."""
    if event["type"] not in ORDER_EVENTS:
        return None
    named = commerce_of(event).get("order_id")
    return named or (f"event:{event['event_id']}" if event["type"] == "order_completed" else None)


def by_customer(order_id: str, events: Sequence[ToldEvent]) -> dict[str, list[ToldEvent]]:
    """Returns all events that speak of an order of this id, by the names of the orders that they are of: mostly one.

    Where two customers have completed it, and neither is told by a source that knows better, they are two orders: that
    of the first to order under the id, and `id@customer` for every other.
    """
    others = list(customers(events))[1:]
    parts = {buyer: [event for event in events if event.get("user_id") == buyer] for buyer in others}
    rest = [event for event in events if event.get("user_id") not in parts]
    return {order_id: rest, **{name_of_another(order_id, buyer): part for buyer, part in parts.items()}}


def fold_orders(
    told: Mapping[str, Sequence[ToldEvent]],
    zone: ZoneInfo,
    links: Mapping[str, str],
    word: PublicWord = FOR_EVER,
) -> list[OrderDocument]:
    """Returns the orders of one id from what was told of them, by name, in any order; `zone` says which day is one.

    `links` say whom those of its `unsigned_visitors` turned out to be who turned out to be somebody, `word` until when
    the site takes the public key's. Two customers' orders are each flagged `two_customers`.
    """
    count = sum(len(events) for events in told.values())
    orders = [_fold(name, heard(events, word), count, zone, links, word) for name, events in told.items()]
    if len(orders) > 1:
        for order in orders:
            order["flags"] = [*order.get("flags", []), "two_customers"]
    return orders


def name_of_another(order_id: str, customer: str) -> str:
    """Returns what an order is called whose id another customer's order has."""
    return f"{order_id}@{customer}"


def told_id_of(order: NamedOrder) -> str:
    """Returns the id that an order was told under, which one of another customer may have too."""
    shared = "two_customers" in order.get("flags", [])
    return order["order_id"].removesuffix(name_of_another("", order["user_id"] or "")) if shared else order["order_id"]


def unsigned_visitors(events: Iterable[ToldEvent]) -> set[str]:
    """Returns the visitors who tell of an order of which no event names a user: one of them may turn out to be one."""
    found = list(events)
    return set() if any(event.get("user_id") for event in found) else {event["visitor_id"] for event in found}


def buyer_of(events: Iterable[ToldEvent], links: Mapping[str, str]) -> str | None:
    """Returns the user whose order it is of which these events speak, in any order; None where it is a guest's.

    It is whom the foremost telling names, else, by `links`, whom the visitor of the foremost turned out to be.
    """
    return _buyer_of(_foremost_first(events), links)


def _buyer_of(told: Sequence[ToldEvent], links: Mapping[str, str]) -> str | None:
    # who gives an order back may be anybody who works in the shop
    named = (event.get("user_id") for event in told)
    tellings = [event for event in told if event["type"] in TELLING] or told
    return _first([*named, *(links.get(event["visitor_id"]) for event in tellings)])


def _foremost_first(events: Iterable[ToldEvent]) -> list[ToldEvent]:
    # tellings before what gives an order back
    return sorted(ranked(events), key=lambda event: event["type"] not in TELLING)


def _fold(
    order_id: str, told: Heard, count: int, zone: ZoneInfo, links: Mapping[str, str], word: PublicWord
) -> OrderDocument:
    # where nothing is heard, who said it still names the order
    events = told.events
    foremost = _foremost_first(events or told.unheard)
    tellings = [event for event in foremost if event["type"] in TELLING]
    placed = [event for event in events if event["type"] == "order_completed"]
    currency = currency_of(tellings or foremost) or ""
    priced = _in_currency(tellings, currency)
    of_own_word = _in_currency(own_word(tellings), currency)
    total = _total(of_own_word)
    refunds, all_read = fold_refunds(events, Ordered(_lines(of_own_word), total, currency, bool(placed)), zone)
    first = min(placed or foremost, key=order_in_time)
    user_id = _buyer_of(foremost, links)
    refunded = sum(refund["amount"] for refund in refunds)
    order = OrderDocument(
        _id=f"{first['site_id']}:{order_id}",
        site_id=first["site_id"],
        order_id=order_id,
        person_id=user_id or first["visitor_id"],
        user_id=user_id,
        placed_at=_placed_at(placed),
        refunded_at=refunds[0]["at"] if refunds else None,
        refunds=refunds,
        currency=currency,
        lines=_lines(priced),
        total=total or 0,
        refunded=refunded,
        coupon=_first(commerce_of(event).get("coupon") for event in tellings),
        country=_first(_country(event) for event in foremost),
        status=_status(events, total or 0, refunded),
        told_in=told_in(placed),
        told_by=source_of(foremost),
        events=count,
    )
    flags = _flags(tellings, total, currency, placed=bool(placed), all_read=all_read)
    otherwise = contradictions(told, total, currency)
    if otherwise:
        order["contradictions"] = otherwise
        flags.append("contradicted")
    if flags:
        order["flags"] = sorted(flags)
    whole = cast(OrderDocument, {**order, **_parts(priced)})
    return _unconfirmed(whole) if is_unconfirmed(placed, order["told_by"], word) else whole


def _unconfirmed(order: OrderDocument) -> OrderDocument:
    # nothing of it is in any sum until the shop itself tells of it
    flags: list[OrderFlag] = [*order.get("flags", []), "unconfirmed"]
    gone = OrderDocument(**{**order, "total": 0, "refunds": [], "refunded": 0, "refunded_at": None, "flags": flags})
    gone["unconfirmed_total"] = order["total"]
    return gone


def _first(values: Iterable[Value | None]) -> Value | None:
    return next((value for value in values if value), None)


def _in_currency(tellings: Iterable[ToldEvent], currency: str) -> list[ToldEvent]:
    return [event for event in tellings if commerce_of(event).get("currency") == currency]


def _lines(tellings: Iterable[ToldEvent]) -> list[OrderLine]:
    return _first(commerce_of(event).get("lines") for event in tellings) or []


def _total(tellings: Sequence[ToldEvent]) -> int | None:
    # a sum of lines stands in for a total that nobody says, or that a later change of the lines has made old
    summed = [event for event in tellings if "total" in commerce_of(event)]
    said = (event for event in summed if is_told(event, "total") or _is_change(event))
    best = next(said, None) or next(iter(summed), None)
    return commerce_of(best)["total"] if best else None


def _is_change(event: ToldEvent) -> bool:
    return event["type"] == "order_updated" or "updated_at" in commerce_of(event)


def _parts(priced: Sequence[ToldEvent]) -> dict[str, int]:
    found: dict[str, int] = {}
    for event in reversed(priced):
        told = commerce_of(event)
        found |= {name: told[name] for name in PARTS if name in told}
    return found


def told_in(placed: Iterable[ToldEvent]) -> list[ToldIn]:
    """Returns where an order was told, from the events that completed it: the first twenty."""
    return [
        ToldIn(visitor_id=event["visitor_id"], client_session_id=event.get("session_id"), at=event["timestamp"])
        for event in sorted(placed, key=order_in_time)[:MOST_TOLD_IN]
    ]


def _country(event: ToldEvent) -> str | None:
    return commerce_of(event).get("country") or event.get("country")


def _placed_at(told: Sequence[ToldEvent]) -> datetime | None:
    # the first that the shop itself said of it, else a page; a file says when it was, and a newer file better
    placed = [event for event in told if trust(event) > PUBLIC] or told
    files = [event for event in placed if trust(event) == IMPORT]
    moments = [event["timestamp"] for event in placed if trust(event) != IMPORT]
    if files:
        moments.append(max(files, key=rank)["timestamp"])
    return min(moments, default=None)


def _flags(
    tellings: Sequence[ToldEvent], total: int | None, currency: str, *, placed: bool, all_read: bool
) -> list[OrderFlag]:
    flags: list[OrderFlag] = []
    if placed and total is None:
        unread = any(flag.startswith("amount_") for event in tellings for flag in event.get("flags", []))
        flags.append("amount_unreadable" if unread else "amount_missing")
    if currency and currency not in CODES:
        flags.append("currency_unknown")
    return flags if all_read else [*flags, "refund_unreadable"]


def _status(events: Sequence[ToldEvent], total: int, refunded: int) -> OrderStatus:
    kinds = {event["type"] for event in events}
    if "order_completed" not in kinds:
        return "refund_only"
    if "order_cancelled" in kinds:
        return "cancelled"
    if refunded and refunded >= total:
        return "refunded"
    return "partly_refunded" if refunded else "completed"
