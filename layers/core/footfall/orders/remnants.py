"""Remnants of an order whose events were removed before remnants were kept: what the stored order still tells."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from footfall.orders.fold import PARTS, told_id_of
from footfall.orders.purchases import is_unknown
from footfall.schemas.event import Commerce, ToldEvent
from footfall.schemas.message import API_KEY_SOURCE
from footfall.schemas.order import OrderDocument
from footfall.schemas.remnant import RemnantDocument

UNNAMED = "event:"


def remnants_of_order(order: OrderDocument, left: Sequence[ToldEvent], removed_at: datetime) -> list[RemnantDocument]:
    """Returns events from which, with those that are left, a placed order is folded as it is stored.

    They are as if a server had told them, whoever did: nothing that anybody may tell with the public key replaces them.
    Whoever told it first is the one visitor who did.
    """
    return list(_remnants(order, left, removed_at))


def _remnants(order: OrderDocument, left: Sequence[ToldEvent], removed_at: datetime) -> Iterator[RemnantDocument]:
    placed_at, moments = order["placed_at"], {event["timestamp"] for event in left}
    if placed_at is None:
        return
    yield {
        **_remnant(order, "order_completed", placed_at, _completed(order), removed_at),
        "source": _source(order, left),
    }
    given = [refund for refund in order["refunds"] if refund["at"] not in moments]
    if order["status"] == "cancelled" and all(event["type"] != "order_cancelled" for event in left):
        # it gave back what was left then
        at = given.pop()["at"] if given else placed_at
        yield _remnant(order, "order_cancelled", at, Commerce(), removed_at)
    for number, refund in enumerate(given, 1):
        told = Commerce(total=refund["amount"], currency=order["currency"], refund_id=f"removed {number}")
        yield _remnant(order, "order_refunded", refund["at"], told, removed_at, number)


def _source(order: OrderDocument, left: Sequence[ToldEvent]) -> str:
    # of two customers' orders of one id, neither is told by a source that knows better
    others = (event["source"] for event in left if event["type"] == "order_completed")
    return next(others, API_KEY_SOURCE) if "two_customers" in order.get("flags", ()) else API_KEY_SOURCE


def _completed(order: OrderDocument) -> Commerce:
    told = Commerce(lines=order["lines"])
    if order["currency"]:
        told["currency"] = order["currency"]
    if not is_unknown(order):
        told["total"] = order["total"]
    for name in PARTS:
        if name in order:
            told[name] = order[name]
    if order["coupon"]:
        told["coupon"] = order["coupon"]
    if order["country"]:
        told["country"] = order["country"]
    return told


def _remnant(
    order: OrderDocument,
    kind: Literal["order_completed", "order_cancelled", "order_refunded"],
    at: datetime,
    told: Commerce,
    removed_at: datetime,
    sequence: int = 0,
) -> RemnantDocument:
    first = next(iter(order["told_in"]), None)
    unnamed = order["order_id"].startswith(UNNAMED)
    event_id = order["order_id"].removeprefix(UNNAMED) if unnamed else f"{kind} {order['order_id']} {sequence}"
    remnant = RemnantDocument(
        _id=f"{order['site_id']}:{event_id}",
        site_id=order["site_id"],
        event_id=event_id,
        type=kind,
        source=API_KEY_SOURCE,
        timestamp=at,
        received_at=at,
        sequence=sequence,
        visitor_id=first["visitor_id"] if first else order["person_id"],
        person_id=order["person_id"],
        commerce=told if unnamed else {**told, "order_id": told_id_of(order)},
        removed_at=removed_at,
    )
    if order["user_id"]:
        remnant["user_id"] = order["user_id"]
    if first and first["client_session_id"]:
        remnant["session_id"] = first["client_session_id"]
    return remnant
