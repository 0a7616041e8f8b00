"""What exports pack into one cell: all lines of an order, or all of its refunds.

A new form is a row of FORMS, and a test.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from footfall.codec import decode
from footfall.errors import Unstorable
from footfall.imports.amounts import read_amount
from footfall.imports.reader import TableRow


class _Form(NamedTuple):
    # `between` parts the things of a cell; `field` begins a field of one, its name in the group
    between: re.Pattern[str]
    field: re.Pattern[str]
    names: Mapping[str, str]


WOOCOMMERCE = _Form(
    re.compile(r";(?=\s*(?:id|name|amount):)"),
    re.compile(r"(?:^|\|)([a-z_A-Z]+):"),
    {
        "sku": "sku",
        "product_id": "product_id",
        "name": "name",
        "quantity": "quantity",
        "total": "total",
        "id": "id",
        "amount": "amount",
        "date": "date",
    },
)
"""id:10|name:Lamp|sku:L|quantity:1|total:45.00;id:11|… of Import Export Suite and of Order Export & Order Import."""
BIGCOMMERCE = _Form(
    re.compile(r"\|"),
    re.compile(r"(?:^|,\s*)Product (ID|Qty|SKU|Name|Weight|Variation Details|Unit Price|Total Price):\s*"),
    {"SKU": "sku", "ID": "product_id", "Name": "name", "Qty": "quantity", "Unit Price": "price"},
)
"""Product ID: 1, Product Qty: 2, Product SKU: A, …|Product ID: …"""
FORMS = (WOOCOMMERCE, BIGCOMMERCE)
COUNTED = re.compile(r"(?:^|,\s*)(\d+)\s*[×x]\s+")
"""What begins a product in WooCommerce's own analytics: 2× Lamp, 1× Mug."""
NUMBERED = re.compile(r"line_?items?_?\d*", re.IGNORECASE)
"""Columns of one product each: line_item_1, line_item_2, …"""
EXACT = 6
"""Decimals of a price that is told by a total alone."""


class PackedLine(NamedTuple):
    """A line as its cell tells it; what is empty is not told."""

    product_id: str
    name: str
    quantity: Decimal | None
    price: Decimal | None


class PackedRefund(NamedTuple):
    """A refund as its cell tells it: its amount, and its id and time as they are written."""

    refund_id: str
    date: str
    amount: Decimal


def packed_lines(row: TableRow) -> list[PackedLine]:
    """Returns the lines that a row's cells hold; raises Unstorable, naming the column, where they cannot be read."""
    return [_line(told, row, column) for column, text in _cells(row) for told in _things(text, column)]


def _cells(row: TableRow) -> Iterator[tuple[str, str]]:
    if text := row.text("details"):
        yield row.reader.column("details"), text
    for name, place in row.reader.others.items():
        if NUMBERED.fullmatch(name.replace(" ", "_")) and (text := row.texts[place].strip()):
            yield name, text


def packed_refunds(row: TableRow) -> list[PackedRefund]:
    """Returns the refunds that a row's cell holds; raises Unstorable, naming the column, where it cannot be read."""
    text, column = row.text("refunds"), row.reader.column("refunds")
    found = []
    for told in _things(text, column) if text else ():
        amount = _number(told.get("amount", ""), row, column)
        if amount is None:
            raise _unreadable(column)
        found.append(PackedRefund(told.get("id", ""), told.get("date", ""), abs(amount)))
    return found


def _things(text: str, column: str) -> list[dict[str, str]]:
    if text.startswith("["):
        return _of_json(text, column)
    if COUNTED.match(text):
        _, *parts = COUNTED.split(text)
        return [{"quantity": count, "name": name} for count, name in zip(parts[::2], parts[1::2], strict=True)]
    form = next((form for form in FORMS if form.field.match(text)), None)
    if form is None:
        raise _unreadable(column)
    return [_fields(form, part.strip()) for part in form.between.split(text) if part.strip()]


def _of_json(text: str, column: str) -> list[dict[str, str]]:
    try:
        listed = decode(text.encode())
    except ValueError:
        raise _unreadable(column) from None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _unreadable(column)
    return [{name: str(value) for name, value in each.items() if value not in (None, "")} for each in listed]


def _fields(form: _Form, text: str) -> dict[str, str]:
    _, *parts = form.field.split(text)
    told = zip(parts[::2], parts[1::2], strict=True)
    return {form.names[name]: value.strip() for name, value in told if name in form.names and value.strip()}


def _line(told: Mapping[str, str], row: TableRow, column: str) -> PackedLine:
    named = told.get("sku") or told.get("product_id") or told.get("name")
    if not named:
        raise _unreadable(column)
    quantity, price, total = (_number(told.get(name, ""), row, column) for name in ("quantity", "price", "total"))
    if price is None and total is not None:
        price = round(total / (quantity or 1), EXACT).normalize()
    return PackedLine(named, told.get("name", ""), quantity, price)


def _number(text: str, row: TableRow, column: str) -> Decimal | None:
    if not text:
        return None
    found = read_amount(text, row.reader.decimal)
    if found is None:
        raise _unreadable(column)
    return found.number


def _unreadable(column: str) -> Unstorable:
    return Unstorable("bad_lines", f"{column} lists something in a form that is not known")
