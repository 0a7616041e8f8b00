"""A stream as the documents that etl/events stores: with pages, clicks, carts, searches, orders and vitals."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import numpy as np
from footfall.schemas.session import SessionOrder
from footfall.sessions.conversions import conversion
from footfall.sessions.fold import fold_session, sessions_of
from pymongo.database import Database

from tests.benchmarks.stored import SITE
from tests.benchmarks.stream import COUNTRIES, DAYS, DEVICES, SOURCES, Stream, date_of
from tests.support.builders import NOON, a_document

Document = dict[str, Any]
AT_ONCE = 20_000
PAGES, PRODUCTS, ELEMENTS, TERMS = 400, 2_000, 300, 5_000
VIEWPORT = {"width": 1_280, "height": 720}
random_source = random.Random(7)


def _some(most: int) -> int:
    # the first are the most frequent
    return int(most * random_source.random() ** 3)


def _spot() -> Document:
    point = {"x": random_source.randrange(1_280), "y": random_source.randrange(720), "viewport": VIEWPORT}
    on_page = {"x": point["x"], "y": random_source.randrange(4_000), "width": 1_280, "height": 4_000}
    return {"element": f"button#b{_some(ELEMENTS)}", "coordinates": {**point, "page": on_page}}


def _scroll() -> Document:
    return {"value": random_source.randrange(101)}


def _page() -> Document:
    return {"path": f"/product/{_some(PAGES)}"}


def _search() -> Document:
    return {"properties": {"query": f"term {_some(TERMS)}", "results_count": _some(200)}}


def _left() -> Document:
    speed = random_source.expovariate(1)
    lcp, inp = round(1_800 * speed + 400, 1), round(120 * speed + 8)
    return {"vitals": {"lcp": lcp, "inp": inp, "cls": round(speed / 10, 3), "ttfb": round(300 * speed + 50, 1)}}


def _line() -> Document:
    number, quantity = _some(PRODUCTS), 1 + _some(3)
    price = 500 + number * 7
    product = {"product_id": f"p{number}", "name": f"Product {number}", "category": f"c{number % 12}"}
    return {**product, "quantity": quantity, "unit_price": price, "total": price * quantity}


def _lines(most: int) -> Callable[[], Document]:
    def told() -> Document:
        lines = [_line() for _ in range(1 + _some(most))]
        return {"commerce": {"currency": SITE.currency, "lines": lines}}

    return told


def _listed() -> Document:
    lines = [{**_line(), "list": "search", "position": place + 1} for place in range(8)]
    return {"commerce": {"currency": SITE.currency, "lines": lines}}


def _product() -> Document:
    return {**_lines(1)(), "properties": {"in_stock": random_source.random() > 0.05}}


def _nothing() -> Document:
    return {}


Told = Callable[[], Document]
KINDS: tuple[tuple[str, str | None, float, Told], ...] = (
    ("pageview", "home", 0.13, _nothing),
    ("pageview", "search", 0.12, _nothing),
    ("pageview", "product", 0.13, _page),
    ("pageview", "cart", 0.04, _nothing),
    ("pageview", "payment", 0.02, _nothing),
    ("page_exit", None, 0.15, _left),
    ("click", None, 0.13, _spot),
    ("scroll", None, 0.09, _scroll),
    ("product_searched", None, 0.04, _search),
    ("product_list_viewed", None, 0.02, _listed),
    ("product_viewed", None, 0.05, _product),
    ("product_added", None, 0.03, _lines(1)),
    ("cart_viewed", None, 0.01, _lines(4)),
    ("order_completed", None, 0.01, _lines(4)),
    ("javascript_error", None, 0.01, _nothing),
    ("rage_click", None, 0.01, _spot),
    ("feedback", None, 0.01, _nothing),
)
"""The kinds of events: type or own name, page type, how common each is, and what it tells besides."""
PATHS = {"home": "/", "search": "/search", "cart": "/cart", "payment": "/payment"}
ABOUT = "/"
"""The page that clicks and scrolls are on."""


def store(database: Database[Document], stream: Stream) -> None:
    """Store a stream's site, people, sessions, orders and events, and mark its days; roll up after it."""
    database["sites"].insert_one({"_id": SITE.site_id, **SITE.model_dump()})
    _insert(database, "users", _people(stream))
    told: list[Any] = list(_events(stream))
    _insert(database, "events", told)
    _insert(database, "orders", (_order(event) for event in told if event["type"] == "order_completed"))
    _insert(database, "user_sessions", map(_session, sessions_of(told)))
    dates = [str(date_of(day)) for day in range(DAYS)]
    marks = [{"_id": f"{SITE.site_id}:{day}", "site_id": SITE.site_id, "date": day, "token": 1} for day in dates]
    database["stale_days"].insert_many(marks)


def _insert(database: Database[Document], name: str, documents: Iterable[Document]) -> None:
    for some in batched(documents, AT_ONCE):
        database[name].insert_many(some, ordered=False)


def _people(stream: Stream) -> Iterator[Document]:
    who, first = np.unique(stream.who, return_index=True)
    for number, time in zip(who.tolist(), stream.time[first].tolist(), strict=True):
        person = {"_id": f"{SITE.site_id}:v{number}", "site_id": SITE.site_id, "person_id": f"v{number}"}
        yield {**person, "number": number, "merged_ids": [], "date": _moment(time)}


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def _events(stream: Stream) -> Iterator[Document]:
    likes = [_like(name, page_type) for name, page_type, _, _ in KINDS]
    columns = (stream.who, stream.time, stream.kind, stream.session, stream.device, stream.source, stream.country)
    for number, (who, time, kind, session, device, source, country) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        event = {
            **likes[kind],
            "_id": f"{SITE.site_id}:e{number}",
            "event_id": f"e{number}",
            "visitor_id": f"v{who}",
            "person_id": f"v{who}",
            "session_id": f"s{session}",
            "timestamp": _moment(time),
            "device": DEVICES[device],
            "country": COUNTRIES[country],
            "attribution": {"source": SOURCES[source], "channel": SOURCES[source]},
            **KINDS[kind][3](),
        }
        if event["type"] == "order_completed":
            event["commerce"]["order_id"] = f"o{number}"
        yield event


def _like(name: str, page_type: str | None) -> Document:
    told = a_document(eventType=name, **({"pageType": page_type} if page_type else {}))
    left_out = ("_id", "event_id", "timestamp", "client_time")
    like = {field: value for field, value in told.items() if field not in left_out}
    return {**like, "site_id": SITE.site_id, "path": PATHS.get(page_type or "home", ABOUT), "received_at": NOON}


def _session(events: list[Document]) -> Document:
    session: Any = fold_session(events, NOON)  # type: ignore[arg-type]
    orders = [_came(_order(event)) for event in events if event["type"] == "order_completed"]
    return {**session, **conversion(session, orders)}


def _came(order: Document) -> SessionOrder:
    return SessionOrder(
        order_id=order["order_id"],
        told_id=order["order_id"],
        placed_at=order["placed_at"],
        total=order["total"],
        currency=order["currency"],
    )


def _order(event: Document) -> Document:
    commerce, who, at = event["commerce"], event["person_id"], event["timestamp"]
    return {
        "_id": f"{SITE.site_id}:{commerce['order_id']}",
        "site_id": SITE.site_id,
        "order_id": commerce["order_id"],
        "person_id": who,
        "user_id": who,
        "placed_at": at,
        "refunded_at": None,
        "currency": commerce["currency"],
        "total": sum(line["total"] for line in commerce["lines"]),
        "refunded": 0,
        "refunds": [],
        "lines": commerce["lines"],
        "told_in": [{"visitor_id": who, "client_session_id": event["session_id"], "at": at}],
        "status": "completed",
        "events": 1,
    }
