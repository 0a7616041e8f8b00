"""What was told, read from the raw events by what docs and API.md say of their fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from tests.oracle.life import Json, Told

WORDS = {
    "screen": "pageview",
    "purchase": "order_completed",
    "add_to_cart": "product_added",
    "begin_checkout": "checkout_started",
}
KNOWN = frozenset(
    {
        *("pageview", "page_exit", "click", "scroll", "form_submit", "feedback", "identify", "alias"),
        *("product_viewed", "product_added", "product_removed", "product_clicked", "product_list_viewed"),
        *("cart_viewed", "checkout_started", "payment_info_entered", "products_searched", "coupon_applied"),
        *("order_completed", "order_updated", "order_refunded", "order_cancelled"),
    }
)
OUR_NAMES = {"products_searched": "product_searched"}
DEVICES = {"desktop": "Desktop", "mobile": "Mobile", "tablet": "Tablet"}
PAGES = {"/": "home", "/search": "search", "/cart": "cart", "/checkout": "payment", "/confirmation": "confirmation"}
SOURCES = {"https://www.google.com/": "google", "https://blog.example.org/tea": "blog.example.org"}
"""What brings visitors; who comes back from a payment provider or the shop itself was brought by nobody."""
Place = tuple[datetime, datetime, int]
"""When something happened, when that was received, and at which place of its body."""
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, eq=False)
class Event:
    """One event as the shop means it; events sort by `order`."""

    event_id: str
    kind: str
    name: str | None
    at: datetime
    order: Place
    received_at: datetime
    visitor: str
    user: str | None
    client_session: str | None
    device: str
    bot: bool
    page_type: str | None
    path: str | None
    brought_by: str | None
    trust: int
    source: str
    fields: Mapping[str, object]
    vitals: Mapping[str, object]

    @property
    def labels(self) -> set[str]:
        """What a step may call it."""
        page = self.page_type if self.kind == "pageview" else None
        return {label for label in (page, self.kind, self.name) if label}


def read_all(told: Iterable[Told]) -> list[Event]:
    """Returns events in the order of time: of one instant, in the order in which they were received."""
    return sorted(map(read, told), key=lambda event: event.order)


def read(told: Told) -> Event:
    """Returns one event."""
    raw = told.event
    kind, name = _kind(raw)
    visitor = _text(raw, "previousId") or _text(raw, "visitorId") or _text(raw, "anonymousId") or _text(raw, "userId")
    assert visitor
    at = _moment(raw, told.received_at)
    url = urlsplit(_text(raw, "url") or "")
    return Event(
        event_id=told.event_id,
        kind=kind,
        name=name,
        at=at,
        order=(at, told.received_at, told.place),
        received_at=told.received_at,
        visitor=visitor,
        user=_text(raw, "userId"),
        client_session=_text(raw, "sessionId"),
        device=DEVICES.get((_text(raw, "device") or "").lower(), "Other"),
        bot="bot" in (told.agent or ""),
        page_type=_text(raw, "pageType") or (_page_type(url.path) if kind == "pageview" else None),
        path=url.path or None,
        brought_by=_brought_by(raw, url.query),
        trust={"collect": 0, "collect:secret": 2}.get(told.source, 1),
        source=told.source,
        fields=_mapping(raw, "properties"),
        vitals=_mapping(raw, "vitals"),
    )


def _text(raw: Json, name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) else None


def _mapping(raw: Json, name: str) -> Json:
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def _kind(raw: Json) -> tuple[str, str | None]:
    # its type; and its own name, where that is another
    told = _text(raw, "event") or _text(raw, "eventType") or _text(raw, "type") or ""
    plain = told.lower().replace(" ", "_")
    kind = WORDS.get(plain, plain)
    if kind not in KNOWN:
        return ("video" if "video" in plain else "custom"), told
    kind = OUR_NAMES.get(kind, kind)
    return kind, None if told == kind or told == "screen" else told


def _moment(raw: Json, received_at: datetime) -> datetime:
    # by a clock that is wrong, as long before it was received as it was before it was sent
    client = datetime.fromisoformat(str(raw["timestamp"]))
    if "sentAt" not in raw:
        return client.astimezone(UTC)
    sent = datetime.fromisoformat(str(raw["sentAt"]))
    return client.astimezone(UTC) if abs(sent - received_at) < A_MINUTE else received_at - (sent - client)


def _page_type(path: str) -> str | None:
    return "product" if path.startswith("/product/") else PAGES.get(path)


def _brought_by(raw: Json, query: str) -> str | None:
    tags = raw.get("attribution")
    if isinstance(tags, dict):
        return str(tags["utmParams"]["source"])
    told = parse_qs(query)
    if "utm_source" in told:
        return told["utm_source"][0].lower()
    return "google" if "gclid" in told else SOURCES.get(_text(raw, "referrer") or "")


def amount(told: object, digits: int) -> int | None:
    """Returns an amount in minor units; None for one that is not told, or that has two readings."""
    if told is None:
        return None
    text = str(told)
    if "," in text and digits:
        return None
    return int((Decimal(text.replace(",", "")) * 10**digits).to_integral_value())
