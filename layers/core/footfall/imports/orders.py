"""Order lines, one row each, in the columns of the UCI Online Retail tables: https://doi.org/10.24432/C5BW33.

All rows of one invoice are one order, equal rows included: a shopper may buy the same thing twice. An invoice whose
number begins with C is a cancellation: it gives back what it lists.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from footfall.errors import Unstorable
from footfall.imports.ids import event_id
from footfall.imports.kind import Destination, GroupEvents, Kind, RowKey, Table, TableRow
from footfall.imports.moments import read_moment
from footfall.schemas.event import Json

LINES = Table(
    ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
)
QUANTITY = re.compile(r"-?[0-9]{1,9}(\.0)?")
PRICE = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
CANCELLATION = re.compile(r"C[0-9]")
ADJUSTMENT = re.compile(r"A[0-9]")
MAX_ID = 200


def row_key(line: TableRow, destination: Destination) -> RowKey:
    """Returns a row belongs to its invoice, in the file's order."""
    invoice, stock_code, _, quantity, moment, price, customer, _ = line.values
    if not invoice or len(invoice) > MAX_ID or len(customer) > MAX_ID:
        raise Unstorable("bad_id", f"InvoiceNo is empty, or InvoiceNo or CustomerID longer than {MAX_ID} characters")
    if not stock_code:
        raise Unstorable("no_product", "StockCode is empty")
    if not QUANTITY.fullmatch(quantity):
        raise Unstorable("bad_number", "Quantity is not a whole number")
    if not PRICE.fullmatch(price):
        raise Unstorable("bad_number", "UnitPrice is not a number")
    if ADJUSTMENT.match(invoice) or price.startswith("-"):
        raise Unstorable("adjustment", "InvoiceNo begins with A, or UnitPrice is negative: debt is adjusted")
    gives_back = CANCELLATION.match(invoice) is not None
    if _whole(quantity) == 0 or quantity.startswith("-") != gives_back:
        raise Unstorable("wrong_quantity", "Quantity is not above 0 outside a cancellation, or not below 0 in one")
    return RowKey(invoice, 0, read_moment(moment, destination.zone, destination.latest))


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns the one event of an invoice: an order completed, or one refunded."""
    quantities = [abs(_whole(row.values[3])) for row in rows]
    total = sum(quantity * Decimal(row.values[5]) for quantity, row in zip(quantities, rows, strict=True))
    if not total:
        raise Unstorable("nothing_charged", "every UnitPrice of this InvoiceNo is 0: stock is moved")
    invoice, _, _, _, _, _, customer, country = rows[0].values
    person = {"userId": customer.removesuffix(".0")} if customer else {"visitorId": f"guest:{invoice}"}
    moments = [read_moment(row.values[4], destination.zone, destination.latest) for row in rows]
    event = {
        "eventType": "order_refunded" if CANCELLATION.match(invoice) else "order_completed",
        "eventId": event_id(destination.site_id, "orders", invoice),
        **person,
        "timestamp": min(moments),
        "sequence": rows[0].row.line,
        "properties": {
            "order_id": invoice,
            "currency": destination.currency,
            "country": country,
            "total": str(total),
            "products": [_product(row.values, quantity) for row, quantity in zip(rows, quantities, strict=True)],
        },
    }
    return GroupEvents([event])


def _product(values: Sequence[str], quantity: int) -> Json:
    _, stock_code, description, _, _, price, _, _ = values
    product = {"product_id": stock_code, "name": description.strip(), "price": price, "quantity": quantity}
    if not product["name"]:
        del product["name"]
    return product


def _whole(quantity: str) -> int:
    return int(quantity.removesuffix(".0"))


ORDERS = Kind((LINES,), row_key, group_events)
