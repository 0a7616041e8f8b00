"""What a commerce event says of a cart or an order, in the fields of Segment's, Google's and other systems' events.

Of several names of a field the first that is filled counts, in the order they stand here; what is empty (null, "", [],
or a text that says as much) never hides what is filled. What is told and cannot be read is left out and flagged.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import cast

from footfall.codec import decode
from footfall.currencies import UNKNOWN, candidates, read_currency
from footfall.events.lenient import shortened
from footfall.events.nobody import somebody
from footfall.events.times import parse_time
from footfall.money import digits_of, read_amount, scaled
from footfall.schemas.event import Commerce, Json, OrderLine

TOTALS = ("total", "revenue", "value", "grand_total", "order_total", "total_price", "transactionTotal", "amount")
REFUND_TOTALS = ("refund_amount", "refundAmount", "amount_refunded", "refunded_amount", *TOTALS)
CURRENCY_NAMES = ("currency", "currencyCode", "currency_code", "transactionCurrency")
ORDER_IDS = ("order_id", "transaction_id", "orderId", "transactionId")
PRODUCT_IDS = ("product_id", "item_id", "sku")
LINE_IDS = (*PRODUCT_IDS, "productId", "itemId", "id", "variant_id", "content_id")
NAMES = ("name", "item_name", "product_name")
LISTS = ("products", "items", "line_items", "lineItems", "contents", "transactionProducts")
PRICES = ("price", "unit_price", "item_price", "unitPrice")
QUANTITIES = ("quantity", "qty", "item_quantity")
PARTS = {
    "shipping": ("shipping", "transactionShipping"),
    "tax": ("tax", "transactionTax"),
    "discount": ("discount",),
}
UPDATED = ("updated_at", "updatedAt", "date_modified", "modified_at")
VERSIONS = ("version", "revision")
REFUND_IDS = ("refund_id", "refundId")
ACTIONS = ("purchase", "refund", "checkout", "checkout_option", "add", "remove", "click", "detail")
"""The parts of Universal Analytics' `ecommerce`, of which the first that is there is what happened."""
NOTHING = frozenset(
    {"", "-", "--", "null", "none", "nil", "nan", "undefined", "n/a", "na", "(not set)", "[object object]"}
)
MOST_QUANTITY = 1_000_000_000
MOST_DIGITS = 15
"""A number of so many digits is the same when it is stored as a float."""
MOST_LINES = 5_000
MOST_CHARACTERS = 256
ORDER_TYPES = frozenset({"order_completed", "order_updated", "order_refunded", "order_cancelled"})


def read_commerce(kind: str, properties: Json, home: str, flags: list[str]) -> Commerce:
    """Returns what the properties of a commerce event of our type `kind` say; `home` is the site's currency.

    `assumed` names what nobody told: the currency, which is the site's, and a total that is the sum of the lines. What
    could not be read is added to the event's `flags`.
    """
    fields = _flat(properties)
    items = _items(fields, flags)
    reader = _Reader(fields, items, home, flags)
    lines = [reader.line(item) for item in items]
    total, summed = reader.total(kind, lines)
    found = {
        "currency": reader.currency,
        "order_id": _id(fields, ORDER_IDS),
        "coupon": _text(fields, ("coupon", "coupon_id")),
        "country": _text(fields, ("country",)),
        "total": total,
        **{name: reader.minor(first_filled(fields, names)) for name, names in PARTS.items()},
        "lines": lines or None,
        "assumed": [*(["currency"] if reader.assumed else []), *(["total"] if summed else [])] or None,
    }
    if kind in ORDER_TYPES:
        found |= _of_order(fields)
    return cast(Commerce, {name: value for name, value in found.items() if value is not None})


def _of_order(fields: Json) -> Json:
    version = _whole(first_filled(fields, VERSIONS))
    return {
        "updated_at": _time(first_filled(fields, UPDATED)),
        "version": version if version is not None and 0 <= version < 2**53 else None,
        "refund_id": _id(fields, REFUND_IDS),
    }


def is_filled(value: object) -> bool:
    """Returns whether a field says anything: 0 does, and a text that says there is nothing does not."""
    if isinstance(value, str):
        return len(value) > 16 or value.strip().lower() not in NOTHING
    return value is not None and value is not False and value != [] and value != {}


def first_filled(fields: Json, names: Iterable[str]) -> object:
    """Returns the first of these fields that says anything; None where none does."""
    for name in names:
        if name in fields and is_filled(value := fields[name]):
            return cast(object, value)
    return None


def nested(fields: Json, name: str) -> Json:
    """Returns an object within an object, also where it is written as JSON text; empty where there is none."""
    value = _decoded(fields.get(name))
    return value if isinstance(value, dict) else {}


def _decoded(value: object) -> object:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return cast(object, decode(value.encode()))
        except (ValueError, RecursionError):
            return value
    return value


def _flat(properties: Json) -> Json:
    # Google's data layer puts them all into `ecommerce`, and Universal Analytics into what happened there
    if "ecommerce" not in properties:
        return properties
    ecommerce = nested(properties, "ecommerce")
    action = next((part for name in ACTIONS if (part := nested(ecommerce, name))), {})
    order = nested(action, "actionField")
    named = {"order_id": order["id"]} if is_filled(order.get("id")) else {}
    shown = {"products": ecommerce["impressions"]} if is_filled(ecommerce.get("impressions")) and not action else {}
    fields = dict(properties)
    for part in (ecommerce, shown, action, order, named):
        fields |= {name: value for name, value in part.items() if is_filled(value)}
    return fields


def _items(fields: Json, flags: list[str]) -> list[Json]:
    # lines as a list, one object, objects under keys, or any of these as JSON text
    told = _decoded(first_filled(fields, LISTS))
    if told is None:
        return [fields] if _text(fields, PRODUCT_IDS) else []
    items = [_item(one) for one in _listed(told)]
    known = [item for item in items if item is not None]
    if not items or len(known) < len(items) or len(items) > MOST_LINES:
        flags.append("lines_unreadable")
    return known[:MOST_LINES]


def _listed(told: object) -> list[object]:
    if isinstance(told, list):
        return told
    if not isinstance(told, dict):
        return []
    if _text(told, (*LINE_IDS, *NAMES)) or first_filled(told, PRICES) is not None:
        return [told]
    return [_keyed(key, value) for key, value in told.items()]


def _keyed(key: str, value: object) -> object:
    # a product's id as the key of its line; a number is only its place
    if isinstance(value, dict) and not key.isdigit() and not _text(value, (*LINE_IDS, *NAMES)):
        return {"product_id": key, **value}
    return value


def _item(value: object) -> Json | None:
    value = _decoded(value)
    if isinstance(value, dict):
        return value
    named = _text({"id": value}, ("id",))
    return {"product_id": named} if named and is_filled(value) else None


class _Reader:
    def __init__(self, fields: Json, items: list[Json], home: str, flags: list[str]) -> None:
        self._flags = flags
        self._fields = fields
        told = _told_currency(fields, items)
        self.assumed = told is None
        self.currency = home if told is None else self._currency(told, home)
        self._digits = digits_of(self.currency)

    def _currency(self, told: object, home: str) -> str:
        code = read_currency(told, home)
        if code is None:
            self._flags.append("currency_unknown")
            bare = told.strip().upper() if isinstance(told, str) else ""
            code = bare if len(bare) == 3 and bare.isascii() and bare.isalpha() else UNKNOWN
        return code

    def total(self, kind: str, lines: list[OrderLine]) -> tuple[int | None, bool]:
        # the total that is told, or else the sum of the lines; and whether it is the latter
        names = REFUND_TOTALS if kind == "order_refunded" else TOTALS
        told = first_filled(self._fields, names)
        if told is not None:
            return self.minor(told), False
        if kind == "order_refunded" or not all("total" in line for line in lines):  # a refund's is the order's matter
            return None, False
        total = sum(line["total"] for line in lines) or None
        if total is None and any(self._fields.get(name) not in (None, "", False) for name in names):
            self._flags.append("amount_unreadable")
        return total, total is not None

    def minor(self, told: object) -> int | None:
        number = self._number(told)
        return None if number is None else self._scaled(number)

    def _scaled(self, number: Decimal) -> int | None:
        minor = scaled(number, self.currency)
        if minor is None:
            self._flags.append("amount_unreadable")
        return minor

    def _number(self, told: object) -> Decimal | None:
        if told is None:
            return None
        amount = read_amount(_bare(told), self._digits)
        if amount.flaw:
            self._flags.append(amount.flaw)
        elif amount.sign and self.currency not in {*candidates(amount.sign), UNKNOWN}:
            self._flags.append("currency_unknown")  # the sign beside the amount is another currency's
            return None
        return amount.number

    def line(self, item: Json) -> OrderLine:
        # its amounts are 0 where no price is told, and not there where one cannot be read
        told = first_filled(item, PRICES)
        price = Decimal(0) if told is None else self._number(told)
        quantity = self._quantity(first_filled(item, QUANTITIES))
        position = _whole(first_filled(item, ("position", "index")))
        found = {
            # Google asks for the name or the id of an item, not for both
            "product_id": _text(item, (*LINE_IDS, *NAMES)) or "unknown",
            "name": _text(item, NAMES),
            "category": _text(item, ("category", "item_category")),
        }
        amounts = {
            "quantity": None if quantity is None else _stored(quantity),
            "unit_price": None if price is None else self._scaled(price),
            "total": None if price is None or quantity is None else self._scaled(price * quantity),
            "brand": _text(item, ("brand", "item_brand")),
            "variant": _text(item, ("variant", "item_variant")),
            "coupon": _text(item, ("coupon",)),
            "list": _text(item, ("list_id", "item_list_id", "item_list_name")),
            "discount": self.minor(first_filled(item, ("discount",))),
            "position": position if position and abs(position) < MOST_QUANTITY else None,
        }
        return cast(OrderLine, {**found, **{name: value for name, value in amounts.items() if value is not None}})

    def _quantity(self, told: object) -> Decimal | None:
        # 1 where none is told; half a kilogram is 0.5
        if told is None:
            return Decimal(1)
        amount = read_amount(told)
        number = amount.number
        if number is None or amount.sign or not _is_storable(number):
            self._flags.append("quantity_unreadable")
            return None
        return number


def _is_storable(number: Decimal) -> bool:
    return abs(number) < MOST_QUANTITY and len(number.normalize().as_tuple().digits) <= MOST_DIGITS


def _stored(quantity: Decimal) -> int | float:
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


def _bare(told: object) -> object:
    # {"amount": "12.00", "currency_code": "EUR"}, as Shopify and others write money
    if not isinstance(told, dict):
        return told
    money = nested(told, "shop_money") or told
    return first_filled(money, ("amount", "value"))


def _told_currency(fields: Json, items: list[Json]) -> object:
    # in the event, else in its lines, else written beside an amount
    told = first_filled(fields, CURRENCY_NAMES)
    if told is None:
        told = _only(first_filled(item, CURRENCY_NAMES) for item in items)
    return _only(_signs(fields, items)) if told is None else told


def _only(told: Iterable[object]) -> object:
    # what all of them say; where they differ, a text that is no currency
    found = sorted({str(one) for one in told if one})
    return " and ".join(found) if found else None


def _signs(fields: Json, items: list[Json]) -> Iterable[object]:
    told = [first_filled(fields, REFUND_TOTALS), *(first_filled(item, PRICES) for item in items)]
    for one in told:
        if isinstance(one, str):
            yield read_amount(one).sign
        elif isinstance(one, dict):
            yield first_filled(nested(one, "shop_money") or one, CURRENCY_NAMES)


def _whole(told: object) -> int | None:
    # 2.0 and the text "2" are whole numbers too
    if isinstance(told, bool) or not isinstance(told, (int, float, str)):
        return None
    try:
        number = float(told)
        return int(told) if isinstance(told, int) else int(number) if number.is_integer() else None
    except (ValueError, OverflowError):
        return None


def _time(told: object) -> datetime | None:
    return parse_time(told) if isinstance(told, (str, int, float)) else None


def _id(values: Json, names: Iterable[str]) -> str | None:
    found = next((who for name in names if (who := somebody(values.get(name)))), None)
    return shortened(found, MOST_CHARACTERS) if found else None


def _text(values: Json, names: Iterable[str]) -> str | None:
    for name in names:
        if name not in values:
            continue
        value = values[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and is_filled(value):
            return str(value).strip()[:MOST_CHARACTERS]
    return None
