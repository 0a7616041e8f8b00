"""Events in tables: REES46's, and any table with a row for each event."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from footfall.errors import Unstorable
from footfall.events.nobody import somebody
from footfall.imports.amounts import plain_number
from footfall.imports.ids import event_id, id_of
from footfall.imports.kind import Destination
from footfall.imports.layouts import FieldType, layout
from footfall.imports.reader import TableRow
from footfall.schemas.event import EVENT_TYPES, Json

FIELDS: dict[str, FieldType] = {
    "timestamp": "date",
    **dict.fromkeys(("event_type", "event_name", "event_id", "user_id", "visitor_id", "session_id"), "text"),
    **dict.fromkeys(("url", "referrer", "title", "page_type", "device", "country", "order_id", "currency"), "text"),
    **dict.fromkeys(("product_id", "product", "category", "brand"), "text"),
    **dict.fromkeys(("price", "quantity", "value"), "amount"),
}
REES46 = layout(
    "rees46",
    "REES46's events",
    "timestamp event_type product_id category_id price user_id session_id",
    "https://www.kaggle.com/datasets/mkechinov/ecommerce-behavior-data-from-multi-category-store",
    timestamp="event_time",
    event_type="event_type",
    product_id="product_id",
    category_id="category_id",
    category="category_code",
    brand="brand",
    price="price",
    user_id="user_id",
    session_id="user_session",
)
ANY = layout(
    "events",
    "a table of events",
    "timestamp event_type/event_name/url user_id/visitor_id",
    timestamp="timestamp|event_timestamp|event_time|time|datetime|date time|ts|occurred_at|created_at|date"
    "|zeitpunkt|zeitstempel|datum|horodatage|fecha",
    event_type="event_type|event|action|type",
    event_name="event_name|name",
    event_id="event_id|message_id|id",
    user_id="user_id|customer_id|user",
    visitor_id="visitor_id|anonymous_id|client_id|device_id|cookie_id|visitorid|user_pseudo_id",
    session_id="session_id|user_session|session",
    url="url|page_url|page_location|page|path",
    referrer="referrer|referer|page_referrer",
    title="title|page_title",
    page_type="page_type",
    device="device|device_type|platform",
    country="country",
    order_id="order_id|transaction_id",
    product_id="product_id|item_id|itemid|sku",
    product="product_name|item_name",
    category="category|category_code",
    brand="brand",
    price="price|unit_price",
    quantity="quantity|qty",
    value="value|revenue|amount|total",
    currency="currency",
)
TYPES = {
    "view": "product_viewed",
    "cart": "product_added",
    "remove_from_cart": "product_removed",
    "purchase": "order_completed",
}
"""REES46's, of one product each."""
PAGES = frozenset({"page", "page_view", "pageview", "page view", "screen"})
PURCHASE = "purchase"
NAMES = ("url", "referrer", "title", "device")
PROPERTIES = ("product_id", "category", "brand", "price", "quantity", "value", "currency", "order_id", "country")


def moment_of(row: TableRow, destination: Destination) -> datetime:
    """Returns when an event happened; raises Unstorable when its row does not say so."""
    return row.told_moment("timestamp", destination.zone, destination.latest)


def group_of(row: TableRow, at: datetime) -> str:
    """Returns the group of a row: its own, but for what REES46's session buys at one moment, which is one order."""
    if row.reader.layout is REES46 and row.text("event_type") == PURCHASE:
        return f"{row.text('user_id')}|{row.text('session_id')}|{at.isoformat()}"
    return row.row.place


def event_of(rows: Sequence[TableRow], destination: Destination) -> Json:
    """Returns the event of a group of rows; raises Unstorable."""
    row = rows[0]
    at = moment_of(row, destination)
    people = {name: id_of(row.text(name)) for name in ("user_id", "visitor_id", "session_id")}
    if not people["user_id"] and not people["visitor_id"]:
        raise Unstorable("invalid", f"{row.reader.column('user_id')} is empty or names nobody")
    told = _of_rees46(rows) if row.reader.layout is REES46 else _of_any(row)
    known = {name: value for name, value in {**people, **told}.items() if value}
    made = event_id(destination.site_id, "events", *(text for each in rows for text in each.texts))
    return {**known, "timestamp": at.isoformat(), "eventId": told.get("event_id") or made, "sequence": row.row.line}


def _of_rees46(rows: Sequence[TableRow]) -> Json:
    kind = TYPES.get(rows[0].text("event_type"))
    if kind is None:
        column = rows[0].reader.column("event_type")
        raise Unstorable("invalid", f"{column} is none of {', '.join(TYPES)}")
    products = [_product(row) for row in rows]
    if kind != TYPES[PURCHASE]:
        return {"eventType": kind, "properties": products[0]}
    prices = [price for row in rows if (price := row.number("price")) is not None]
    if len(prices) < len(rows):
        raise Unstorable("bad_number", f"{rows[0].reader.column('price')} is empty")
    total = plain_number(sum(prices, Decimal(0)))
    return {"eventType": kind, "properties": {"products": products, "total": total}}


def _product(row: TableRow) -> Json:
    price = row.number("price")
    told = {
        "product_id": row.text("product_id"),
        "category": row.text("category") or row.text("category_id"),
        "brand": row.text("brand"),
        "price": None if price is None else plain_number(price),
    }
    return {name: value for name, value in told.items() if value}


def _of_any(row: TableRow) -> Json:
    named = row.text("event_name") or row.text("event_type")
    others = {name: row.texts[place].strip() for name, place in row.reader.others.items()}
    properties = {name: _value(row, name) for name in PROPERTIES} | {"name": row.text("product")}
    told = {name: row.text(name) for name in NAMES}
    return {
        **_type_of(named, row.text("url")),
        **told,
        "page_type": row.text("page_type"),
        "event_id": somebody(row.text("event_id")),
        "properties": {name: value for name, value in {**others, **properties}.items() if value},
    }


def _value(row: TableRow, name: str) -> str | None:
    if FIELDS[name] != "amount":
        return row.text(name)
    found = row.amount(name)
    if found is None:
        return None
    sign = "" if name == "quantity" else found.currency  # says which currency it is, where no column does
    return f"{plain_number(found.number)} {sign}".rstrip()


def _type_of(named: str, url: str) -> Json:
    lowered = named.lower()
    if lowered in PAGES or (not named and url):
        return {"eventType": "pageview"}
    return {"eventType": lowered} if lowered in EVENT_TYPES else {"eventType": "track", "event": named[:256]}
