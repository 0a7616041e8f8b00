from itertools import permutations
from typing import Any

import pytest
from footfall.orders.fold import fold_order, order_id_of
from footfall.schemas.event import EventDocument

from tests.support.builders import a_document, at


def completed(minute: float = 0, total: float = 50, **but: Any) -> EventDocument:
    return a_document(
        eventType="Order Completed", timestamp=at(minute), properties={"order_id": "o1", "total": total}, **but
    )


def refunded(minute: float, total: float | None = None) -> EventDocument:
    properties = {"order_id": "o1"} | ({} if total is None else {"total": total})
    return a_document(eventType="Order Refunded", timestamp=at(minute), properties=properties)


def test_an_order_confirmed_twice_is_one_order() -> None:
    order = fold_order("o1", [completed(), completed(1)])
    assert (order["total"], order["status"], order["events"]) == (5000, "completed", 2)


@pytest.mark.parametrize(
    ("amounts", "refund", "status"),
    [([20], 2000, "partly_refunded"), ([20, 40], 5000, "refunded"), ([None], 5000, "refunded")],
)
def test_refunds_add_up_to_the_total_at_most(amounts: list[float | None], refund: int, status: str) -> None:
    order = fold_order("o1", [completed(), *(refunded(index + 1, amount) for index, amount in enumerate(amounts))])
    assert (order["refunded"], order["status"]) == (refund, status)


def test_a_cancelled_order_gives_everything_back() -> None:
    cancelled = a_document(eventType="Order Cancelled", timestamp=at(1), properties={"order_id": "o1"})
    order = fold_order("o1", [completed(), cancelled])
    assert (order["refunded"], order["status"]) == (5000, "cancelled")


def test_a_refund_of_an_order_never_seen_stands_for_itself() -> None:
    order = fold_order("o1", [refunded(1, 20)])
    assert (order["total"], order["refunded"], order["status"], order["placed_at"]) == (0, 2000, "refund_only", None)


def test_an_order_is_the_same_in_whatever_order_its_events_come() -> None:
    events = [completed(), completed(2, 60), refunded(3, 5)]
    orders = [fold_order("o1", list(order)) for order in permutations(events)]
    assert all(order == orders[0] for order in orders)


def test_an_order_without_an_id_is_named_by_its_event() -> None:
    assert order_id_of(a_document(eventType="purchase", eventId="e1")) == "event:e1"
    assert order_id_of(a_document(eventType="refund")) is None
