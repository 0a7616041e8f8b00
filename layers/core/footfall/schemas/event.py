"""An event: as a client sends it, and as it is stored."""

from datetime import datetime
from typing import Any, NotRequired, Required, TypedDict

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

Json = dict[str, Any]

EVENT_TYPES = frozenset(
    {
        "pageview",
        "page_exit",
        "click",
        "scroll",
        "hover",
        "form",
        "form_submit",
        "identify",
        "alias",
        "group",
        "feedback",
        "video",
        "product_searched",
        "product_list_viewed",
        "product_list_filtered",
        "promotion_viewed",
        "promotion_clicked",
        "product_clicked",
        "product_viewed",
        "product_added",
        "product_removed",
        "cart_viewed",
        "checkout_started",
        "checkout_step_viewed",
        "checkout_step_completed",
        "payment_info_entered",
        "shipping_info_entered",
        "order_completed",
        "order_updated",
        "order_refunded",
        "order_cancelled",
        "coupon_entered",
        "coupon_applied",
        "coupon_denied",
        "coupon_removed",
        "wishlist_product_added",
        "wishlist_product_removed",
        "wishlist_product_added_to_cart",
        "product_shared",
        "cart_shared",
        "product_reviewed",
    }
)
"""Every type an event can be stored under, besides `custom`."""
NOT_A_VISIT = frozenset({"identify", "alias", "group", "order_refunded", "order_cancelled", "order_updated"})
"""What happens to a person without their being there: it makes and extends no session."""
INTERACTION_TYPES = EVENT_TYPES - NOT_A_VISIT - {"pageview", "page_exit"}
"""What somebody does besides looking at a page; a session with any of them is no bounce."""
VIEW_TYPES = frozenset({"pageview", "product_viewed", "product_list_viewed", "cart_viewed"})
"""What shows somebody a page or a screen, some shops telling of what is on it alone: a session has one of them."""
ACTIVITY_TYPES = INTERACTION_TYPES | {"pageview"}
"""What somebody causes by being there; any other event may be a server's."""

RECORDED_BY_PAGES = frozenset({"page_exit", "click", "rage_click", "scroll", "hover", "form", "javascript_error"})
"""What the tracker records on any page by itself, by its type or its name: nobody means anything by it."""

TIMES = (
    *("timestamp", "originalTimestamp", "original_timestamp", "eventTime", "event_time"),
    *("eventTimestamp", "event_timestamp", "clientTimestamp", "client_timestamp", "occurredAt", "occurred_at"),
    *("ts", "time", "@timestamp"),
)
"""What the moment of an event is called; the first that is there counts."""


def _also(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names), max_length=256)


def _id(*names: str) -> Any:
    """An id, which many shops have as a number: 42 and "42" are the same."""
    aliases = AliasChoices(*names)
    return Field(default=None, validation_alias=aliases, max_length=256, coerce_numbers_to_str=True)


class IncomingEvent(BaseModel):
    """One event as a client sends it: our names, or Segment's as aliases; what has no name here is a property.

    Times are ISO 8601 with any offset, RFC 2822, or Unix time in seconds to nanoseconds. What an optional field cannot
    hold is cut or left out, and the stored event is flagged: only a missing type costs the event.
    """

    model_config = ConfigDict(extra="allow", str_strip_whitespace=True, validate_by_name=True)

    event_type: str = Field(validation_alias=AliasChoices("eventType", "type"), min_length=1, max_length=256)
    event_name: str | None = Field(
        default=None,
        validation_alias=AliasChoices("event", "eventName", "name"),
        max_length=256,
        coerce_numbers_to_str=True,
    )
    event_id: str | None = Field(
        default=None,
        validation_alias=AliasChoices("eventId", "messageId", "message_id"),
        min_length=1,
        max_length=128,
        coerce_numbers_to_str=True,
    )
    site_id: str | None = _also("siteId")
    visitor_id: str | None = _id("visitorId", "anonymousId", "anonymous_id")
    user_id: str | None = _id("userId")
    session_id: str | None = _id("sessionId")
    timestamp: str | int | float | None = Field(default=None, validation_alias=AliasChoices(*TIMES))
    sent_at: str | int | float | None = Field(default=None, validation_alias=AliasChoices("sentAt"))
    url: str | None = Field(default=None, max_length=4096)
    path: str | None = Field(default=None, max_length=2048)
    title: str | None = Field(default=None, max_length=1024)
    referrer: str | None = Field(default=None, max_length=4096)
    page_type: str | None = _also("pageType")
    device: str | None = Field(default=None, max_length=64)
    attribution: Json | None = None
    context: Json | None = None
    properties: Json | None = None
    traits: Json | None = None
    element: str | Json | None = None
    coordinates: Json | None = None
    value: float | str | None = None
    duration: float | None = Field(default=None, allow_inf_nan=False)
    vitals: Json | None = None
    screen_width: float | None = Field(default=None, validation_alias=AliasChoices("screenWidth"), allow_inf_nan=False)
    sequence: int = Field(default=0, ge=0, lt=2**63)


class Attribution(TypedDict, total=False):
    """Where a visit came from: the UTM values that are known, and the channel they amount to."""

    source: str
    medium: str
    campaign: str
    term: str
    content: str
    click_id: str
    channel: Required[str]


class OrderLine(TypedDict):
    """One line of an order; `unit_price`, `total` and `discount` (of one piece) in minor units of the order's currency.

    `quantity` may be a fraction (half a kilogram is 0.5), of 15 digits at most. What was told and could not be read of
    quantity and price is not there. `list` and `position` say where in the shop the product was found.
    """

    product_id: str
    name: str | None
    category: str | None
    quantity: NotRequired[int | float]
    unit_price: NotRequired[int]
    total: NotRequired[int]
    brand: NotRequired[str]
    variant: NotRequired[str]
    coupon: NotRequired[str]
    discount: NotRequired[int]
    list: NotRequired[str]
    position: NotRequired[int]


class Commerce(TypedDict, total=False):
    """What a commerce event says of a cart or an order; money in minor units of `currency`.

    `currency` is XXX where one was told and cannot be read. `assumed` names the fields that nobody told: a `currency`
    that is the site's, a `total` that is the sum of the lines. `version` and `updated_at` say how new it is what an
    event says of an order; `refund_id` which refund it is.
    """

    order_id: str
    assumed: list[str]
    updated_at: datetime
    version: int
    refund_id: str
    currency: str
    total: int
    coupon: str
    country: str
    shipping: int
    tax: int
    discount: int
    lines: list[OrderLine]


class Vitals(TypedDict, total=False):
    """What a browser measured of a page: milliseconds, and for `cls` a score without a unit."""

    lcp: float
    inp: float
    ttfb: float
    cls: float


class ExpiringEvent(TypedDict):
    """When an event will be removed; never without it."""

    expires_at: NotRequired[datetime]


class StoredBody(TypedDict):
    """An event's id, and the hash of what was sent under it."""

    event_id: str
    body_sha256: str


class EventMoment(TypedDict):
    """What puts an event in the order of time."""

    timestamp: datetime
    received_at: datetime
    sequence: int
    event_id: str


class EventKey(TypedDict):
    """Which event it is."""

    event_id: str


class NamedEvent(TypedDict):
    """What an event is called: in funnels, and wherever events are counted by what happened."""

    type: str
    name: NotRequired[str]
    page_type: NotRequired[str]


class FlaggedEventView(EventMoment, NamedEvent):
    """What is told of an event of which something was not read as it was sent: `title_cut`, `no_visitor`."""

    source: str
    flags: NotRequired[list[str]]


class LiveEventView(EventMoment, NamedEvent):
    """What the live view reads of an event."""

    device: str
    path: NotRequired[str]
    country: NotRequired[str]
    bot: bool


class StepEvent(EventMoment, NamedEvent):
    """What a funnel reads of an event."""

    device: str
    person_id: str
    user_id: NotRequired[str]
    visitor_id: str
    session_id: NotRequired[str]


class VisitEvent(StepEvent):
    """What a day's figures read of an event."""

    path: NotRequired[str]


class SessionEvent(VisitEvent):
    """What a session is made of.

    `country` is ISO 3166's code of two letters, `language` the first part of a tag (`pt` of pt-BR), `screen` the class
    of its width; `referrer_host` is there where it is another's than the shop's.
    """

    site_id: str
    browser: NotRequired[str]
    os: NotRequired[str]
    language: NotRequired[str]
    screen: NotRequired[str]
    country: NotRequired[str]
    bot: bool
    attribution: Attribution
    referrer_host: NotRequired[str]


class BehaviourEvent(SessionEvent):
    """What somebody's behaviour is read from."""

    commerce: NotRequired[Commerce]
    element: NotRequired[str | Json]
    coordinates: NotRequired[Json]


class ToldEvent(EventMoment):
    """What orders and people's traits are folded from."""

    _id: str
    site_id: str
    type: str
    source: str
    visitor_id: str
    person_id: str
    user_id: NotRequired[str]
    session_id: NotRequired[str]
    country: NotRequired[str]
    flags: NotRequired[list[str]]
    commerce: NotRequired[Commerce]
    value: NotRequired[float | str]
    properties: NotRequired[Json]
    traits: NotRequired[Json]
    retold_at: NotRequired[datetime]


class EventDocument(BehaviourEvent, FlaggedEventView):
    """One stored event. `timestamp` is the event's time as corrected; the raw times stay beside it.

    `sequence` is the place in the body the event came in: it orders events of the same instant. `message_key` is of the
    message that brought it first, by which the ledger tells a redelivery from a duplicate; `repeated_at` is when
    another one brought it again for the first time. What is not known of an event is not there: nulls would be a third
    of the collection.
    """

    _id: str
    client_time: NotRequired[datetime]
    sent_at: NotRequired[datetime]
    processed_at: datetime
    url: NotRequired[str]
    title: NotRequired[str]
    referrer: NotRequired[str]
    value: NotRequired[float | str]
    duration: NotRequired[float]
    vitals: NotRequired[Vitals]
    properties: NotRequired[Json]
    traits: NotRequired[Json]
    ip: NotRequired[str]
    user_agent: NotRequired[str]
    body_sha256: str
    expires_at: NotRequired[datetime]
    message_key: NotRequired[bytes]
    repeated_at: NotRequired[datetime]
    retold_at: NotRequired[datetime]


def order_in_time(event: EventMoment) -> tuple[datetime, datetime, int, str]:
    """Returns the key that puts events in the order they happened; events of one instant keep their arrival order."""
    return event["timestamp"], event["received_at"], event["sequence"], event["event_id"]
