"""Orders in files: all rows of one order are one event, and are imported whole or not at all.

What stands once an order (its total, its customer, its status) may stand on each of its rows or on one alone; rows that
contradict each other there are quarantined together. Equal rows are two pieces: a shopper may buy the same thing twice.
Lines of negative amounts, vouchers and returned pieces, count as they are. Without a total, an order amounts to its
lines, with shipping and without discount where columns tell them.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from orjson import OPT_SORT_KEYS, dumps

from footfall.errors import Unstorable
from footfall.events.nobody import somebody
from footfall.imports.amounts import plain_number
from footfall.imports.ids import event_id, id_of
from footfall.imports.kind import Destination, GroupEvents, Kind, RowKey, refused_whole
from footfall.imports.order_layouts import (
    FIELDS,
    INVOICES,
    LAYOUTS,
    LOOKUPS,
    OLIST_CUSTOMERS,
    OLIST_ITEMS,
    OLIST_ORDERS,
    OLIST_PRODUCTS,
)
from footfall.imports.packed import PackedRefund, packed_lines, packed_refunds
from footfall.imports.reader import TableRow
from footfall.imports.rows import Row
from footfall.schemas.event import Json


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


CANCELLATION = re.compile(r"C[0-9]")
"""How the number of an invoice begins that gives back what it lists, in Online Retail."""
ADJUSTMENT = re.compile(r"A[0-9]")
BAD_DEBT = "B"
"""The stock code of what is no sale but an adjustment of debt, in Online Retail."""
MORE = ("category", "brand", "variant")
PRODUCT = ("product_id", "sku", "product")
CHARGE = ("quantity", "price")
"""What a line with a product tells of it; where files name none, the total of a line does too."""
MAX_ID = 200
NEEDS = ("order_id", "ordered_at", "total/price/line_total/payment")
ZERO, ONE = Decimal(0), Decimal(1)
SMALLEST = 6
"""Decimals of a price that is told by a total alone."""
AMOUNTS = ("total", "price", "line_total", "shipping", "tax", "discount", "refunded")
NOT_PAID = _words(
    "pending payment|pending_payment|wc-pending|awaiting payment|failed|wc-failed|declined|draft|checkout-draft"
    "|wc-checkout-draft|trash|incomplete|abandoned|payment failed|unpaid|expired|zahlung ausstehend|fehlgeschlagen"
    "|entwurf|in attesa di pagamento|fallito|bozza|pendiente de pago|fallido|borrador|en attente de paiement|échoué"
    "|échouée|brouillon|wacht op betaling|mislukt|concept"
)
CANCELLED = _words(
    "cancelled|canceled|wc-cancelled|voided|void|unavailable|storniert|storno|annulé|annulée|cancelado|cancelada"
    "|annullato|annullata|geannuleerd|annulleret|avbruten"
)
REFUNDED = _words(
    "refunded|wc-refunded|fully refunded|returned|fully returned|wc-returned|chargeback|charged back|charged_back"
    "|reversed|erstattet|zurückerstattet|rückerstattet|retourniert|rimborsato|rimborsata|reso|remboursé|remboursée|retourné"
    "|reembolsado|reembolsada|devuelto|terugbetaald|geretourneerd|återbetald"
)


class _Line(NamedTuple):
    moment: datetime | None
    product: Json | None
    total: Decimal
    charged: bool


def row_key(line: TableRow, destination: Destination) -> RowKey:
    """Returns a row belongs to its order, in the file's order."""
    order_id = id_of(line.text("order_id"))
    if not order_id or len(order_id) > MAX_ID:
        raise Unstorable("bad_id", f"{line.reader.column('order_id')} is empty, or longer than {MAX_ID} characters")
    try:
        moment = _ordered_at(line, destination)
    except Unstorable:  # group_events says so, of all rows of this order
        moment = None
    return RowKey(order_id, 0, moment.astimezone(destination.zone).isoformat() if moment else None)


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns the events of one order: completed, and what was refunded or cancelled of it as far as the file says."""
    told, earlier = _of_last_files(rows)
    problems: dict[Row, Unstorable] = {}
    lines: list[_Line] = []
    for row in told:
        try:
            lines.append(_line(row, destination))
        except Unstorable as error:
            problems[row.row] = error
    if problems:
        return refused_whole([row.row for row in rows], problems)
    return GroupEvents(_events(told, lines, destination), repeated=earlier)


def _of_last_files(rows: Sequence[TableRow]) -> tuple[Sequence[TableRow], int]:
    # of several exports in one import the last that has an order tells it; those of other layouts tell the rest
    last = {row.reader.layout: row.row.file for row in rows}
    told = [row for row in rows if row.row.file == last[row.reader.layout]]
    return told, len(rows) - len(told)


def _line(row: TableRow, destination: Destination) -> _Line:
    moment, told = _ordered_at(row, destination), row.values.get
    named = id_of(told("sku", "")) or id_of(told("product_id", "")) or told("product")
    columns = [field for field in PRODUCT if field in row.values]
    if not named and not any(map(told, CHARGE if columns else (*CHARGE, "line_total"))):
        return _Line(moment, None, ZERO, False)
    if not named and columns:
        raise Unstorable("no_product", f"{row.reader.column(columns[0])} is empty")
    quantity, price, total = _charge(row)
    product = _product(row, named, quantity, price, destination) if named else None
    return _Line(moment, product, total + _number(row, "line_shipping"), bool(total))


def _charge(row: TableRow) -> tuple[Decimal, Decimal | None, Decimal]:
    quantity, price, total = _quantity(row), row.number("price"), row.number("line_total")
    if total is None:
        total = (price or ZERO) * quantity - _number(row, "line_discount")
    elif price is None and quantity:
        price = round(total / quantity, SMALLEST).normalize()
    if price is None and "total" not in row.values:
        raise Unstorable("bad_number", f"{row.reader.column('price')} is empty")
    return quantity, price, total


def _product(row: TableRow, named: str, quantity: Decimal, price: Decimal | None, destination: Destination) -> Json:
    told = row.values.get
    product: Json = {"product_id": named[:MAX_ID], "name": told("product")}
    product |= {name: told(name) for name in MORE if name in row.values}
    if row.reader.layout is OLIST_ITEMS:
        product["category"] = destination.look_up(OLIST_PRODUCTS.name, row.text("product_id"))
    product["price"] = None if price is None else plain_number(price)
    product["quantity"] = _whole(quantity)
    return {name: value for name, value in product.items() if value is not None and value != ""}


def _ordered_at(row: TableRow, destination: Destination) -> datetime | None:
    if (time := row.values.get("ordered_time")) and ":" not in row.text("ordered_at"):
        row = row._replace(values={**row.values, "ordered_at": f"{row.text('ordered_at')} {time}"})
    return row.moment("ordered_at", destination.zone, destination.latest)


def _quantity(row: TableRow) -> Decimal:
    if "quantity" not in row.values:
        return ONE
    quantity = row.number("quantity")
    if quantity is None:
        raise Unstorable("bad_number", f"{row.reader.column('quantity')} is empty")
    if not quantity and "total" not in row.values:
        raise Unstorable("wrong_quantity", f"{row.reader.column('quantity')} is 0")
    return quantity


def _events(rows: Sequence[TableRow], lines: Sequence[_Line], destination: Destination) -> list[Json]:
    order = _Order(rows)
    total = order.number("total")
    gives_back = _check(rows[0])
    if total is not None:
        order.check_total(total, lines)
    elif paid := order.sum("payment"):
        total = paid
    else:
        if not any(line.charged for line in lines):
            raise order.nothing_charged()
        total = sum((line.total for line in lines), ZERO)
        total += (order.number("shipping") or ZERO) - abs(order.number("discount") or ZERO)
    if gives_back and total > 0:
        raise Unstorable("wrong_quantity", "the lines of this cancellation give nothing back")
    moments = [line.moment for line in lines if line.moment]
    if not moments:
        raise Unstorable("bad_date", f"{order.column('ordered_at')} is empty")
    products = [line.product for line in lines if line.product] or _packed(rows)
    told = order.properties(destination, total, products)
    at = min(moments).isoformat()
    if gives_back or total < 0:
        return [order.event("order_refunded", at, _given_back(told), destination)]
    return [order.event("order_completed", at, told, destination), *_taken_back(order, at, told, destination)]


def _packed(rows: Sequence[TableRow]) -> list[Json]:
    # the order's total stands beside it
    products = [
        {
            "product_id": line.product_id[:MAX_ID],
            "name": line.name,
            "price": None if line.price is None else plain_number(line.price),
            "quantity": None if line.quantity is None else _whole(line.quantity),
        }
        for line in next(filter(None, map(packed_lines, rows)), [])
    ]
    return [{name: value for name, value in each.items() if value not in (None, "")} for each in products]


def _check(row: TableRow) -> bool:
    # what the numbers of Online Retail's invoices say; those of others say nothing
    if row.reader.layout is not INVOICES:
        return False
    if ADJUSTMENT.match(row.text("order_id")) and row.text("product_id") == BAD_DEBT:
        raise Unstorable("adjustment", f"{row.reader.column('order_id')} begins with A: debt is adjusted")
    return CANCELLATION.match(row.text("order_id")) is not None


def _given_back(told: Json) -> Json:
    products = [{**product, "quantity": _negated(product["quantity"])} for product in told["products"]]
    return {**told, "total": _negated(told["total"]), "products": products}


def _negated(number: str | int) -> str | int:
    return -number if isinstance(number, int) else plain_number(-Decimal(number))


def _taken_back(order: "_Order", at: str, told: Json, destination: Destination) -> Iterator[Json]:
    # on the day that the file tells: that of the cancellation, else of the order
    states = {order.once(name).lower() for name in ("status", "payment_status")}
    cancelled_at = order.moment("cancelled_at", destination)
    when = cancelled_at.isoformat() if cancelled_at else at
    refunded = order.number("refunded")
    of_it: Json = {name: told[name] for name in ("order_id", "currency") if name in told}
    if cancelled_at or states & CANCELLED:
        yield order.event("order_cancelled", when, of_it, destination)
    elif listed := order.refunds(destination):
        for number, (one, moment) in enumerate(listed):
            refund_id = one.refund_id or f"{told['order_id']}:export:{number}"
            given = {**of_it, "total": plain_number(one.amount), "refund_id": refund_id}
            yield order.event("order_refunded", moment.isoformat() if moment else at, given, destination)
    elif refunded or states & REFUNDED:
        amount = {"total": plain_number(abs(refunded))} if refunded else {}
        refund = {**of_it, **amount, "refund_id": f"{told['order_id']}:export"}
        yield order.event("order_refunded", when, refund, destination)


class _Order:
    """What is said once of an order, on whichever of its rows."""

    def __init__(self, rows: Sequence[TableRow]) -> None:
        self._rows = rows
        self._fields = {
            field for reader in {id(row.reader): row.reader for row in rows}.values() for field in reader.fields
        }
        if self.once("status").lower() in NOT_PAID or self.once("payment_status").lower() in NOT_PAID:
            raise Unstorable("not_paid", f"{self.column('status')} says that this is no order yet, or none any more")

    def column(self, field: str) -> str:
        """Returns what a field is called in the first file that has it."""
        reader = next((row.reader for row in self._rows if field in row.values), self._rows[0].reader)
        return reader.column(field)

    def once(self, field: str) -> str:
        """Returns the one text that the rows tell of a field; raises Unstorable when they contradict each other."""
        if field not in self._fields:
            return ""
        told = {text for row in self._rows if (text := row.values.get(field))}
        if len(told) > 1:
            told = {text.casefold() for text in map(id_of, told) if text}
            if len(told) > 1:
                raise Unstorable("contradiction", f"{self.column(field)} differs between the rows of one order")
        return told.pop() if told else ""

    def first(self, field: str) -> str:
        """Returns the first text that the rows tell of a field."""
        return next((text for row in self._rows if (text := row.values.get(field))), "")

    def number(self, field: str) -> Decimal | None:
        """Returns the one number that the rows tell of a field; raises Unstorable when they contradict each other."""
        if field not in self._fields:
            return None
        told = {found for row in self._rows if (found := row.number(field)) is not None}
        if len(told) > 1:
            hint = f": where it is a line's, {self._as_line_total()}" if field == "total" else ""
            raise Unstorable("contradiction", f"{self.column(field)} differs between the rows of one order{hint}")
        return told.pop() if told else None

    def sum(self, field: str) -> Decimal:
        """Returns what the rows tell of a field together."""
        return sum((_number(row, field) for row in self._rows), ZERO) if field in self._fields else ZERO

    def check_total(self, total: Decimal, lines: Sequence[_Line]) -> None:
        """Raises Unstorable when what is taken for the order's total is that of each of its lines."""
        charged = [line.total for line in lines if line.charged]
        if len(charged) > 1 and all(each == total for each in charged):
            raise Unstorable("contradiction", f"{self.column('total')} is the total of a line: {self._as_line_total()}")

    def nothing_charged(self) -> Unstorable:
        """Returns why an order that amounts to nothing is none: its prices are 0, or not told at all."""
        amounts = [field for field in ("total", "line_total", "price") if field in self._fields]
        if amounts and not any(map(self.first, amounts)):
            return Unstorable("bad_number", f"{self.column(amounts[0])} is empty")
        return Unstorable("nothing_charged", "every price of this order is 0: nothing is sold")

    def _as_line_total(self) -> str:
        return f"give --map '{self.column('total')}=line_total'"

    def moment(self, field: str, destination: Destination) -> datetime | None:
        """Returns the latest time that the rows tell of a field."""
        if field not in self._fields:
            return None
        told = [row.moment(field, destination.zone, destination.latest) for row in self._rows if row.text(field)]
        return max(filter(None, told), default=None)

    def refunds(self, destination: Destination) -> list[tuple[PackedRefund, datetime | None]]:
        """Returns the refunds that are listed of it, each with its time where that is told."""
        row = next((row for row in self._rows if row.text("refunds")), None)
        if row is None:
            return []
        listed = packed_refunds(row)
        dated = [row._replace(values={**row.values, "refunds": each.date}) for each in listed]
        moments = (each.moment("refunds", destination.zone, destination.latest) for each in dated)
        return list(zip(listed, moments, strict=True))

    def currency(self) -> str:
        """Returns the currency that a column or an amount tells; empty where the file tells none."""
        if named := self.once("currency"):
            return named.upper()
        amounts = [field for field in AMOUNTS if field in self._fields]
        signs = {sign for row in self._rows for sign in _signs(row, amounts)}
        if len(signs) > 1:
            raise Unstorable("contradiction", "the amounts of this order are of several currencies")
        return signs.pop() if signs else ""

    def properties(self, destination: Destination, total: Decimal, products: Sequence[Json]) -> Json:
        """Returns what the order's events say of it."""
        amounts = {name: self.number(name) for name in ("shipping", "tax", "discount")}
        amounts["discount"] = abs(amounts["discount"]) if amounts["discount"] else None
        updated_at = self.moment("updated_at", destination)
        told = {
            "order_id": id_of(self._rows[0].text("order_id")),
            "currency": self.currency(),
            "country": self.first("country"),
            "coupon": self.first("coupon"),
            "total": plain_number(total),
            **{name: plain_number(amount) for name, amount in amounts.items() if amount is not None},
            "updated_at": updated_at.isoformat() if updated_at else None,
        }
        return {name: value for name, value in told.items() if value} | {"products": products}

    def _customer(self, destination: Destination) -> str | None:
        told = self.once("customer_id")
        if told and any(row.reader.layout is OLIST_ORDERS for row in self._rows):
            told = destination.look_up(OLIST_CUSTOMERS.name, told) or told
        return id_of(told) or somebody(self.once("email").lower())

    def event(self, event_type: str, at: str, properties: Json, destination: Destination) -> Json:
        """Returns an event of the order, under an id made of all that it says: a newer export of it is another one."""
        customer = self._customer(destination)
        order_id = properties["order_id"]
        person = {"userId": customer} if customer else {"visitorId": f"guest:{order_id}"}
        said = {"eventType": event_type, **person, "timestamp": at, "properties": properties}
        content = dumps(said, option=OPT_SORT_KEYS).decode()
        return {
            **said,
            "eventId": event_id(destination.site_id, "orders", order_id, content),
            "sequence": self._rows[0].row.line,
        }


def _signs(row: TableRow, fields: Sequence[str]) -> Iterator[str]:
    for field in fields:
        text = row.values.get(field)
        if text and not (text[-1].isdigit() and text[0].isdigit()):
            found = row.amount(field)
            if found and found.currency:
                yield found.currency


def _number(row: TableRow, field: str) -> Decimal:
    return (row.number(field) or ZERO) if field in row.values else ZERO


def _whole(number: Decimal) -> int | str:
    return int(number) if number == int(number) else plain_number(number)


ORDERS = Kind(FIELDS, LAYOUTS, row_key, group_events, whole="order_id", needs=NEEDS, lookups=LOOKUPS)
