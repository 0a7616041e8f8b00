"""An order, recomputed from the events that speak of it."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from footfall.schemas.event import OrderLine

OrderStatus = Literal["completed", "refunded", "partly_refunded", "cancelled", "refund_only"]


class OrderDocument(TypedDict):
    """One stored order; `total`, `refunded`, `shipping`, `tax` and `discount` in minor units of `currency`.

    `user_id` is None for a guest, who is only a visitor. `refund_only` is a refund whose order was never seen: it
    has no `placed_at`.
    """

    _id: str
    site_id: str
    order_id: str
    person_id: str
    user_id: str | None
    placed_at: datetime | None
    refunded_at: datetime | None
    currency: str
    lines: list[OrderLine]
    total: int
    refunded: int
    coupon: str | None
    country: str | None
    status: OrderStatus
    events: int
    shipping: NotRequired[int]
    tax: NotRequired[int]
    discount: NotRequired[int]
