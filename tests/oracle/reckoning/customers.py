"""The right answers of /api/customers and /api/customers/{id}, before any training."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.numbers import money, rate
from tests.oracle.reckoning.orders import Order
from tests.oracle.reckoning.shop import Reckoning
from tests.oracle.reckoning.tellings import read_lines, told_total

NOT_FOUND: Json = {"status": 404}
MOST_ORDERS = 20


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns nobody, since training lists customers; and which orders of known people no figure counts."""
    known = [order for order in shop.orders if order.user]
    page = {"total": 0, "page": 1, "page_size": 20, "total_pages": 0, "next": None}
    return {"customers": [], **page, **shop.left_out(known), "range": None}


def one(shop: Reckoning, customer_id: str) -> Json:
    """Returns all that is known of a customer; not found where the site has none of that id."""
    orders = [order for order in shop.orders if order.user == customer_id]
    if not any(map(shop.counted, orders)):
        return NOT_FOUND
    figures = shop.money_figures(orders)
    newest = sorted(orders, key=lambda order: order.order_id)
    newest.sort(key=lambda order: order.placed_at.timestamp() if order.placed_at else 0, reverse=True)
    return {
        "customer_id": customer_id,
        "recommendations": [],
        "currency": shop.shop.currency,
        "rfm": None,  # found by training, which no life here runs
        "lifetime": None,
        "churn": None,
        "sessions": _visits(shop, customer_id),
        "orders": {
            "count": figures.pop("orders"),
            **figures,
            "average_order_value": shop.average_value(orders),
            "recent": [order_shown(shop, order) for order in newest[:MOST_ORDERS]],
            **shop.left_out(orders),
        },
        "interests": [],  # found by etl/catalog, which no life here runs
    }


def _visits(shop: Reckoning, customer_id: str) -> Json:
    sessions = [one for one in shop.sessions if not one.bot and one.person(shop.links) == customer_id]
    seconds = sum(session.seconds for session in sessions)
    return {
        "sessions": len(sessions),
        "page_views": sum(len(session.views) for session in sessions),
        "avg_session_seconds": round(seconds / len(sessions), 1) if sessions else 0.0,
        "bounce_rate": rate(sum(map(shop.bounced, sessions)), len(sessions)),
        "converted_sessions": sum(map(shop.converted, sessions)),
        "devices": dict(Counter(session.device for session in sessions)),
        "first_seen": written(min((session.began for session in sessions), default=None)),
        "last_seen": written(max((session.ended for session in sessions), default=None)),
    }


def written(moment: datetime | None) -> str | None:
    """Returns a moment as answers write it."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def order_shown(shop: Reckoning, order: Order) -> Json:
    """Returns what is told of an order."""
    pieces = sum((line.quantity for line in order.lines), Decimal())
    return {
        "order_id": order.order_id,
        "placed_at": written(order.placed_at),
        "refunded_at": written(order.refunds[0].at if order.refunds else None),
        "status": _status(order),
        "total": money(order.total or 0, order.currency),
        "refunded": money(order.refunded, order.currency),
        "currency": order.currency,
        "items": int(pieces),
        "products": [line.product for line in order.lines],
        "refunds": [{"at": written(one.at), "amount": money(one.amount, order.currency)} for one in order.refunds],
        "flags": _sorted(order.flags),
        "converted_from": None,
        "told_by": order.told_by,
        "contradictions": [_otherwise(one, order.currency) for one in order.contradictions],
        "unconfirmed_total": None,
    }


def _otherwise(event: Event, home: str) -> Json:
    told = event.fields.get("currency")
    currency = str(told or home)
    found = told_total(event, currency)
    telling = event.kind in ("order_completed", "order_updated") and "total" not in event.fields
    summed = sum(line.total for line in read_lines(event, currency)) if telling else 0
    amount = found if found is not None else (summed or None)
    return {
        "at": written(event.at),
        "event_id": event.event_id,
        "type": event.kind,
        "source": "public_key" if event.trust == 0 else "import",
        "total": None if amount is None else money(amount, currency),
        "currency": currency if amount is not None else told,
    }


def _sorted(flags: Iterable[str]) -> list[str]:
    return sorted(flags)


def _status(order: Order) -> str:
    if order.placed_at is None:
        return "refund_only"
    if order.cancelled:
        return "cancelled"
    if order.refunded and order.refunded >= (order.total or 0):
        return "refunded"
    return "partly_refunded" if order.refunded else "completed"
