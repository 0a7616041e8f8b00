"""Which telling of an order counts more, and what one says: see docs/orders.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from tests.oracle.life import Json
from tests.oracle.reckoning.events import Event, amount

DIGITS = {"JPY": 0}


@dataclass(frozen=True)
class Line:
    """One line: how many of which product, what it comes to in minor units, and where in which list it was shown."""

    product: str
    quantity: Decimal
    total: int
    place: tuple[str, int] | None = None


def rank(event: Event) -> tuple[object, ...]:
    """Returns by what one telling counts more than another, the greatest most: as the list in docs/orders.md has it."""
    version = event.fields.get("version", -1)
    told = event.fields.get("updated_at")
    heard = event.received_at if event.trust == 1 and event.kind != "order_updated" else event.at
    at = datetime.fromisoformat(str(told)).astimezone(UTC) if told else heard
    return event.trust, version, is_change(event) or event.trust == 1, at, heard, event.order


def is_change(event: Event) -> bool:
    """Returns whether a telling says that it is newer than the order's first."""
    return event.kind == "order_updated" or "updated_at" in event.fields


def told_total(event: Event, currency: str) -> int | None:
    """Returns the amount that an event tells of an order, or of a refund, if it can be read."""
    told = event.fields.get("refund_amount", event.fields.get("total"))
    return amount(told, DIGITS.get(currency, 2))


def read_lines(event: Event, currency: str) -> Iterator[Line]:
    """Returns the lines that an event tells."""
    products = event.fields.get("products")
    alone = [dict(event.fields)] if event.kind.startswith("product_") and "product_id" in event.fields else []
    for told in products if isinstance(products, list) else alone:
        line: Json = told
        quantity = Decimal(str(line.get("quantity", 1)))
        price = Decimal(str(line.get("price", 0)))
        product = str(line.get("product_id") or line.get("sku"))
        total = amount(price * quantity, DIGITS.get(currency, 2)) or 0
        place = (str(line["list_id"]), int(str(line["position"]))) if "position" in line else None
        yield Line(product, quantity, total, place)
