"""An order, recomputed from the events that speak of it."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from footfall.schemas.event import OrderLine

OrderStatus = Literal["completed", "refunded", "partly_refunded", "cancelled", "refund_only"]


class OrderSums(TypedDict):
    """What an order amounts to, in minor units of `currency`."""

    total: int
    refunded: int
    currency: str
    placed_at: datetime | None
    refunded_at: datetime | None


class OwnedOrder(OrderSums):
    """Whose order it is; `user_id` is None for a guest, who is only a visitor."""

    person_id: str
    user_id: str | None


class PurchasedOrder(OwnedOrder):
    """What was bought."""

    order_id: str
    lines: list[OrderLine]


class OrderDocument(PurchasedOrder):
    """One stored order; `total`, `refunded`, `shipping`, `tax` and `discount` in minor units of `currency`.

    `user_id` is None for a guest, who is only a visitor. `refund_only` is a refund whose order was never seen: it
    has no `placed_at`.
    """

    _id: str
    site_id: str
    coupon: str | None
    country: str | None
    status: OrderStatus
    events: int
    shipping: NotRequired[int]
    tax: NotRequired[int]
    discount: NotRequired[int]
