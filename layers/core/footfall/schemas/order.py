"""An order, recomputed from the events that speak of it."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from footfall.schemas.event import OrderLine

OrderStatus = Literal["completed", "refunded", "partly_refunded", "cancelled", "refund_only"]
OrderFlag = Literal[
    "amount_missing",
    "amount_unreadable",
    "currency_unknown",
    "refund_unreadable",
    "two_customers",
    "unconfirmed",
    "contradicted",
]
"""What keeps an order's money out of sums, or in doubt; `contradicted` where a less trusted source said otherwise."""
UNKNOWN_AMOUNT: tuple[OrderFlag, ...] = ("amount_missing", "amount_unreadable", "unconfirmed")
"""Nobody told the order's total, it could not be read, or the public key alone told it where that is not enough."""
OrderSource = Literal["public_key", "import", "secret_key"]
"""Who told an order's money; the later in this list, the more trusted."""


class Contradiction(TypedDict):
    """What a less trusted source said of an order, and does not count; `total` in minor units of `currency`."""

    at: datetime
    event_id: str
    type: str
    source: OrderSource
    total: NotRequired[int]
    currency: NotRequired[str]


class Refund(TypedDict):
    """What was given back at one moment, in minor units of the order's currency; a cancellation gives back the rest."""

    at: datetime
    amount: int


class Conversion(TypedDict):
    """What an order was before it was converted: its total in minor units of `currency`, and the rate of which day."""

    currency: str
    total: int
    rate: str
    date: str


class OrderSums(TypedDict):
    """What an order amounts to, in minor units of `currency`.

    `refunded` is the sum of its `refunds`, which are in the order of time, and `refunded_at` the moment of the first.
    """

    total: int
    refunded: int
    currency: str
    placed_at: datetime | None
    refunded_at: datetime | None
    refunds: list[Refund]
    flags: NotRequired[list[OrderFlag]]


class LeftOutOrders(TypedDict):
    """How many orders no figure counts: in other currencies, by currency; of a total not known; of nothing."""

    other_currencies: dict[str, int]
    unknown_amounts: int
    free_orders: int


class OwnedOrder(OrderSums):
    """Whose order it is; `user_id` is None for a guest, who is only a visitor."""

    person_id: str
    user_id: str | None


class ToldIn(TypedDict):
    """When an order was said to be completed, by which visitor, and in which session as the client calls it."""

    visitor_id: str
    client_session_id: str | None
    at: datetime


class NamedOrder(OwnedOrder):
    """Which order it is."""

    order_id: str


class ToldOrder(NamedOrder):
    """Where it was told that an order was completed: the first twenty times."""

    told_in: list[ToldIn]


class PurchasedOrder(NamedOrder):
    """What was bought."""

    lines: list[OrderLine]


class OrderDocument(PurchasedOrder, ToldOrder):
    """One stored order; `total`, `refunded`, `shipping`, `tax` and `discount` in minor units of `currency`.

    All amounts of an order in another currency are in the site's where it has given a rate: `converted_from` says so.
    `currency` is XXX where one was told and cannot be read, and `total` 0 where it is not known: `flags` say so.
    `user_id` is None for a guest, who is only a visitor and has not turned out to be anybody. `refund_only` is a refund
    whose order was never seen: it has no `placed_at`. `events` counts all that speak of its id. `told_by` is the most
    trusted source of its money, `contradictions` what less trusted ones said otherwise, the first twenty, and
    `unconfirmed_total` what it would come to where the site waits for its own word on it.
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
    converted_from: NotRequired[Conversion]
    told_by: NotRequired[OrderSource]
    contradictions: NotRequired[list[Contradiction]]
    unconfirmed_total: NotRequired[int]
