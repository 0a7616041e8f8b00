"""Orders from events: completed, refunded in part or whole, cancelled; a page reloaded orders nothing twice."""

from typing import cast

from footfall.schemas.event import EventDocument, OrderLine, order_in_time
from footfall.schemas.order import OrderDocument, OrderStatus

ORDER_EVENTS = frozenset({"order_completed", "order_updated", "order_refunded", "order_cancelled"})


def order_id_of(event: EventDocument) -> str | None:
    """Returns the order an event speaks of, or None; an order without an id is named by its event."""
    if event["type"] not in ORDER_EVENTS:
        return None
    named = (event.get("commerce") or {}).get("order_id")
    return named or (f"event:{event['event_id']}" if event["type"] == "order_completed" else None)


def fold_order(order_id: str, events: list[EventDocument]) -> OrderDocument:
    """Returns one order from all events that speak of it, in any order.

    The first completion counts, as the latest update amends it. A refund without an amount gives back everything;
    refunds add up to the total at most. A refund whose order was never seen stands for itself.
    """
    ordered = sorted(events, key=order_in_time)
    placed = next((event for event in ordered if event["type"] == "order_completed"), None)
    amended = next((event for event in reversed(ordered) if event["type"] == "order_updated"), placed)
    refunds = [event for event in ordered if event["type"] == "order_refunded"]
    cancelled = any(event["type"] == "order_cancelled" for event in ordered)
    commerce = {**((placed and placed.get("commerce")) or {}), **((amended and amended.get("commerce")) or {})}
    total = _amount(commerce.get("total"))
    refunded = _refunded(refunds, total, placed is not None)
    first = placed or ordered[0]
    order = OrderDocument(
        _id=f"{first['site_id']}:{order_id}",
        site_id=first["site_id"],
        order_id=order_id,
        person_id=first["person_id"],
        user_id=first.get("user_id"),
        placed_at=placed["timestamp"] if placed else None,
        refunded_at=refunds[0]["timestamp"] if refunds else None,
        currency=str(commerce.get("currency") or (first.get("commerce") or {}).get("currency") or ""),
        lines=_lines(amended or first),
        total=total,
        refunded=total if cancelled and placed else refunded,
        coupon=(first.get("commerce") or {}).get("coupon"),
        country=(first.get("commerce") or {}).get("country") or first.get("country"),
        status=_status(placed is not None, cancelled, refunded, total),
        events=len(ordered),
    )
    parts = {name: commerce[name] for name in ("shipping", "tax", "discount") if name in commerce}
    return cast(OrderDocument, {**order, **parts})


def _amount(value: object) -> int:
    return value if isinstance(value, int) else 0


def _refunded(refunds: list[EventDocument], total: int, placed: bool) -> int:
    amounts = [abs(_amount((event.get("commerce") or {}).get("total", total))) for event in refunds]
    return min(sum(amounts), total) if placed else sum(amounts)


def _lines(event: EventDocument) -> list[OrderLine]:
    return (event.get("commerce") or {}).get("lines", [])


def _status(placed: bool, cancelled: bool, refunded: int, total: int) -> OrderStatus:
    if not placed:
        return "refund_only"
    if cancelled:
        return "cancelled"
    if refunded and refunded >= total:
        return "refunded"
    return "partly_refunded" if refunded else "completed"
