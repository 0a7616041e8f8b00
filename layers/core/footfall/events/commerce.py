"""One vocabulary for commerce: Segment's and GA4's names and fields mapped to ours.

Sources: Segment's e-commerce spec v2 and Google Analytics 4's recommended events.
"""

from decimal import Decimal
from typing import cast

from footfall.money import minor_units
from footfall.schemas.event import Commerce, Json, OrderLine

SEGMENT = {
    "Products Searched": "product_searched",
    "Product List Viewed": "product_list_viewed",
    "Product List Filtered": "product_list_filtered",
    "Promotion Viewed": "promotion_viewed",
    "Promotion Clicked": "promotion_clicked",
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
    "Coupon Entered": "coupon_entered",
    "Coupon Applied": "coupon_applied",
    "Coupon Denied": "coupon_denied",
    "Coupon Removed": "coupon_removed",
    "Product Added to Wishlist": "wishlist_product_added",
    "Product Removed from Wishlist": "wishlist_product_removed",
    "Wishlist Product Added to Cart": "wishlist_product_added_to_cart",
    "Product Shared": "product_shared",
    "Cart Shared": "cart_shared",
    "Product Reviewed": "product_reviewed",
}
GA4 = {
    "search": "product_searched",
    "view_search_results": "product_searched",
    "view_promotion": "promotion_viewed",
    "select_promotion": "promotion_clicked",
    "add_to_wishlist": "wishlist_product_added",
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
TOTALS = ("total", "revenue", "value")
ORDER_IDS = ("order_id", "transaction_id", "orderId")
PRODUCT_IDS = ("product_id", "item_id", "sku")
NAMES = ("name", "item_name", "product_name")
MOST = 1_000_000_000


def commerce_type(name: str) -> str | None:
    """Returns our name of a commerce event, from Segment's, GA4's or our own; None when it is none of them."""
    lowered = name.lower()
    return (
        lowered if lowered in COMMERCE_TYPES else VOCABULARY.get(lowered.replace("_", " ")) or VOCABULARY.get(lowered)
    )


def commerce_of(properties: Json, currency: str) -> Commerce:
    """Returns what a commerce event's properties say of a cart or an order; fields that make no sense are left out.

    Google's data layer puts them all into `ecommerce`.
    """
    nested = properties.get("ecommerce")
    fields = {**properties, **nested} if isinstance(nested, dict) else properties
    currency = _currency(fields, currency)
    lines = [_line(item, currency) for item in _items(fields)]
    total = next((fields[name] for name in TOTALS if name in fields), None)
    found = {
        "currency": currency,
        "order_id": _text(fields, ORDER_IDS),
        "coupon": _text(fields, ("coupon", "coupon_id")),
        "country": _text(fields, ("country",)),
        "total": minor_units(total, currency) if total is not None else sum(line["total"] for line in lines) or None,
        **{name: minor_units(fields.get(name), currency) for name in ("shipping", "tax", "discount")},
        "lines": lines or None,
    }
    return cast(Commerce, {name: value for name, value in found.items() if value is not None})


def _currency(properties: Json, default: str) -> str:
    given = properties.get("currency")
    return given.upper() if isinstance(given, str) and len(given) == 3 and given.isalpha() else default


def _items(properties: Json) -> list[Json]:
    items = properties.get("products") or properties.get("items")
    if isinstance(items, list):
        return [item for item in items if isinstance(item, dict)]
    return [properties] if _text(properties, PRODUCT_IDS) else []


def _line(item: Json, currency: str) -> OrderLine:
    # Google asks for the name or the id of an item, not for both
    quantity = _quantity(item.get("quantity", 1))
    price = Decimal(str(item["price"])) if minor_units(item.get("price"), currency) is not None else Decimal(0)
    position = _quantity(item.get("position", item.get("index")), 0)
    more = {
        "brand": _text(item, ("brand", "item_brand")),
        "variant": _text(item, ("variant", "item_variant")),
        "coupon": _text(item, ("coupon",)),
        "list": _text(item, ("list_id", "item_list_id", "item_list_name")),
        "discount": minor_units(item.get("discount"), currency),
        "position": position or None,
    }
    line = {
        "product_id": _text(item, (*PRODUCT_IDS, *NAMES)) or "unknown",
        "name": _text(item, NAMES),
        "category": _text(item, ("category", "item_category")),
        "quantity": quantity,
        "unit_price": minor_units(str(price), currency) or 0,
        "total": minor_units(str(price * quantity), currency) or 0,
    }
    return cast(OrderLine, {**line, **{name: value for name, value in more.items() if value is not None}})


def _quantity(value: object, otherwise: int = 1) -> int:
    # 2.0 and the text "2" are whole numbers too
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return otherwise
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return otherwise
    return int(number) if number.is_integer() and abs(number) < MOST else otherwise


def _text(values: Json, names: tuple[str, ...]) -> str | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value):
            return str(value)[:256]
    return None
