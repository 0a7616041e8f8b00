"""A small invented shop whose people have tastes, builders of visits and orders, and the UCI retail table as orders."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from footfall.schemas.event import EventDocument, Json, OrderLine
from footfall.schemas.order import OrderDocument
from pymongo.database import Database

from tests.support.builders import NOON, a_document, a_site
from tests.support.visits import with_refunds

Mongo = Database[dict[str, Any]]
_numbers = count(1)


def a_visit(
    visitor: str,
    pages: Sequence[str],
    *,
    day: float = 0,
    device: str = "Desktop",
    user: str | None = None,
    products: Sequence[str] = (),
    **but: Any,
) -> list[EventDocument]:
    """Returns page views of one visit, half a minute apart; `products` are looked at after them."""
    start = NOON + timedelta(days=day)
    views: list[Json] = [{"eventType": "pageview", "pageType": page} for page in pages]
    looks: list[Json] = [{"eventType": "product_viewed", "properties": {"product_id": product}} for product in products]
    same = {"visitorId": visitor, "userId": user, "sessionId": f"{visitor}-{day}", "device": device}
    events = [a_document(**{**same, **event, **but}) for event in [*views, *looks]]
    for number, event in enumerate(events):
        event["timestamp"] = start + timedelta(seconds=30 * number)
    return events


def a_line(product: str = "tea", **but: Any) -> OrderLine:
    """Returns one line of an order."""
    line = {"product_id": product, "name": None, "category": None, "quantity": 1, "unit_price": 1000, "total": 1000}
    return cast(OrderLine, {**line, **but})


def an_order(user: str | None, *products: str, day: float = 0, site_id: str = "demo", **but: Any) -> OrderDocument:
    """Returns an order of these products at 10.00 each; of a guest without a user."""
    number = next(_numbers)
    order_id = but.pop("order_id", f"order-{number}")
    lines = [a_line(product) for product in products]
    order = {
        "_id": f"{site_id}:{order_id}",
        "site_id": site_id,
        "order_id": order_id,
        "person_id": user or f"guest:{number}",
        "user_id": user,
        "placed_at": NOON + timedelta(days=day),
        "refunded_at": None,
        "currency": "EUR",
        "lines": lines,
        "total": sum(line["total"] for line in lines),
        "refunded": 0,
        "coupon": None,
        "country": None,
        "status": "completed",
        "events": 1,
    }
    return cast(OrderDocument, with_refunds({**order, **but}))


def a_user(person_id: str, site_id: str = "demo", **but: Any) -> dict[str, Any]:
    """Returns a stored person."""
    user = {
        "site_id": site_id,
        "person_id": person_id,
        "number": next(_numbers),
        "device": "Desktop",
        "merged_ids": [],
    }
    return {"_id": f"{site_id}:{person_id}", **user, **but}


def at_site(site_id: str, event: EventDocument) -> dict[str, Any]:
    """Returns the same event on another site."""
    return {**event, "site_id": site_id, "_id": f"{site_id}:{event['event_id']}"}


TASTES = {
    "reader": (["home", "search", "product"], [f"book-{number}" for number in range(12)], "Desktop"),
    "cook": (["search", "product", "cart", "payment", "confirmation"], [f"pan-{n}" for n in range(12)], "Mobile"),
    "browser": (["home", "home", "search", "search"], [f"toy-{number}" for number in range(12)], "Tablet"),
}


def open_shop(database: Mongo, site_id: str, people: int = 60, **site: Any) -> None:
    """Store a shop: readers, cooks and browsers in turn, each with four visits; of every four people one never buys."""
    found = a_site(site_id=site_id, **site)
    database["sites"].insert_one({"_id": site_id, **found.model_dump()})
    documents: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for number in range(people):
        taste = list(TASTES)[number % len(TASTES)]
        _live(documents, site_id, f"{taste}-{number}", taste, number)
    for name, stored in documents.items():
        database[name].insert_many(stored)


def _live(documents: dict[str, list[dict[str, Any]]], site_id: str, name: str, taste: str, number: int) -> None:
    pages, products, device = TASTES[taste]
    documents["users"].append(a_user(name, site_id, device=device))
    for visit in range(4):
        liked = [products[(number + visit + step) % len(products)] for step in range(3)]
        day = visit * 7 + number % 5
        events = a_visit(name, pages, day=day, device=device, user=name, products=liked)
        documents["events"] += [at_site(site_id, event) for event in events]
        if visit < number % 4:
            documents["orders"].append(dict(an_order(name, *liked, day=day + 0.1, site_id=site_id)))


def online_retail(folder: Path) -> Iterator[OrderDocument]:
    """Yields the invoices of the UCI Online Retail table as orders; those beginning with C are lone refunds."""
    invoices: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(folder / "online_retail" / "online_retail.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            invoices[row["InvoiceNo"]].append(row)
    for invoice, rows in invoices.items():
        back = invoice.startswith("C")
        kept = [row for row in rows if (int(row["Quantity"]) < 0) == back and Decimal(row["UnitPrice"]) >= 0]
        if kept and not invoice.startswith("A"):
            yield _invoice(invoice, kept, back=back)


def _invoice(invoice: str, rows: list[dict[str, str]], *, back: bool) -> OrderDocument:
    amount = sum(abs(int(row["Quantity"])) * Decimal(row["UnitPrice"]) for row in rows)
    cents = int((Decimal(amount) * 100).to_integral_value())
    moment = datetime.fromisoformat(rows[0]["InvoiceDate"]).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
    lines = [a_line(row["StockCode"], quantity=abs(int(row["Quantity"]))) for row in rows]
    return an_order(
        rows[0]["CustomerID"].removesuffix(".0") or None,
        order_id=invoice,
        placed_at=None if back else moment,
        refunded_at=moment if back else None,
        lines=[] if back else lines,
        total=0 if back else cents,
        refunded=cents if back else 0,
        currency="GBP",
        status="refund_only" if back else "completed",
    )
