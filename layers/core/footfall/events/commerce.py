"""One vocabulary for commerce: Segment's and GA4's names and fields mapped to ours.

Sources: Segment's e-commerce spec v2 and Google Analytics 4's recommended events.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from footfall.schemas.event import Commerce, OrderLine

SEGMENT = {
    "Products Searched": "product_searched",
    "Product List Viewed": "product_list_viewed",
    "Product Clicked": "product_clicked",
    "Product Viewed": "product_viewed",
    "Product Added": "product_added",
    "Product Removed": "product_removed",
    "Cart Viewed": "cart_viewed",
    "Checkout Started": "checkout_started",
    "Checkout Step Viewed": "checkout_step_viewed",
    "Checkout Step Completed": "checkout_step_completed",
    "Payment Info Entered": "payment_info_entered",
    "Shipping Info Entered": "shipping_info_entered",
    "Order Completed": "order_completed",
    "Order Updated": "order_updated",
    "Order Refunded": "order_refunded",
    "Order Cancelled": "order_cancelled",
    "Coupon Applied": "coupon_applied",
}
GA4 = {
    "search": "product_searched",
    "view_item_list": "product_list_viewed",
    "select_item": "product_clicked",
    "view_item": "product_viewed",
    "add_to_cart": "product_added",
    "remove_from_cart": "product_removed",
    "view_cart": "cart_viewed",
    "begin_checkout": "checkout_started",
    "add_shipping_info": "shipping_info_entered",
    "add_payment_info": "payment_info_entered",
    "purchase": "order_completed",
    "refund": "order_refunded",
}
VOCABULARY = {**{name.lower(): ours for name, ours in SEGMENT.items()}, **GA4}
COMMERCE_TYPES = frozenset(VOCABULARY.values())
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3, "JOD": 3}


def commerce_type(name: str) -> str | None:
    """Our name of a commerce event, from Segment's, GA4's or our own; None when it is none of them."""
    lowered = name.lower()
    return (
        lowered if lowered in COMMERCE_TYPES else VOCABULARY.get(lowered.replace("_", " ")) or VOCABULARY.get(lowered)
    )


def minor_units(amount: Any, currency: str) -> int | None:
    """An amount such as 12.5 or "12.50" in minor units (1250), rounded half to even; None when it is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str)):
        return None
    try:
        scaled = Decimal(str(amount)).scaleb(MINOR_DIGITS.get(currency, 2))
        return int(scaled.to_integral_value()) if abs(scaled) < 10**15 else None
    except (InvalidOperation, ValueError):
        return None


def commerce_of(properties: dict[str, Any], currency: str) -> Commerce:
    """What the properties of a commerce event say of a cart or an order; fields that make no sense are left out."""
    currency = _currency(properties, currency)
    lines = [_line(item, currency) for item in _items(properties)]
    total = next((properties[name] for name in ("total", "revenue", "value") if name in properties), None)
    amount = minor_units(total, currency) if total is not None else sum(line["total"] for line in lines) or None
    texts = {"order_id": ("order_id", "transaction_id", "orderId"), "coupon": ("coupon",), "country": ("country",)}
    found = {ours: _text(properties, names) for ours, names in texts.items()}
    commerce = Commerce(currency=currency)
    if found["order_id"]:
        commerce["order_id"] = found["order_id"]
    if found["coupon"]:
        commerce["coupon"] = found["coupon"]
    if found["country"]:
        commerce["country"] = found["country"]
    if amount is not None:
        commerce["total"] = amount
    if lines:
        commerce["lines"] = lines
    return commerce


def _currency(properties: dict[str, Any], default: str) -> str:
    given = properties.get("currency")
    return given.upper() if isinstance(given, str) and len(given) == 3 and given.isalpha() else default


def _items(properties: dict[str, Any]) -> list[dict[str, Any]]:
    items = properties.get("products") or properties.get("items")
    if isinstance(items, list):
        return [item for item in items if isinstance(item, dict)]
    return [properties] if _text(properties, ("product_id", "item_id", "sku")) else []


def _line(item: dict[str, Any], currency: str) -> OrderLine:
    quantity = item.get("quantity", 1)
    quantity = quantity if isinstance(quantity, int) and not isinstance(quantity, bool) else 1
    price = Decimal(str(item["price"])) if minor_units(item.get("price"), currency) is not None else Decimal(0)
    return OrderLine(
        product_id=_text(item, ("product_id", "item_id", "sku")) or "unknown",
        name=_text(item, ("name", "item_name", "product_name")),
        category=_text(item, ("category", "item_category")),
        quantity=quantity,
        unit_price=minor_units(str(price), currency) or 0,
        total=minor_units(str(price * quantity), currency) or 0,
    )


def _text(values: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value):
            return str(value)[:256]
    return None
