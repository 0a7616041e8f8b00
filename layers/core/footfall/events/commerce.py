"""One vocabulary for commerce: Segment's and Google's names of events, today's and older ones, mapped to ours.

Sources: Segment's e-commerce spec v2, Google Analytics 4's recommended events, and the actions of Universal
Analytics' enhanced e-commerce (https://developers.google.com/analytics/devguides/collection/ua/gtm/enhanced-ecommerce).
"""

import re

from footfall.events.commerce_fields import nested
from footfall.schemas.event import Json

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
OLDER = {"viewed product category": "product_list_viewed"}
"""Of Segment's first spec, what has another name now; most differ in the order of their words alone."""
ACTIONS = {
    "purchase": "order_completed",
    "refund": "order_refunded",
    "checkout": "checkout_started",
    "checkout_option": "checkout_step_completed",
    "add": "product_added",
    "remove": "product_removed",
    "click": "product_clicked",
    "detail": "product_viewed",
    "promoClick": "promotion_clicked",
    "promoView": "promotion_viewed",
    "impressions": "product_list_viewed",
}
"""What Universal Analytics' `ecommerce` object says happened, the weightiest first: it may show a list besides."""
COMMERCE_TYPES = frozenset([*SEGMENT.values(), *GA4.values()])
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
WORD = re.compile(r"[^\W_]+")
ENDING = re.compile(r"(?:ied|ies|ing|ed|es|e|s|y)$")
DOUBLED = re.compile(r"(.)\1$")
SMALL_WORDS = frozenset({"a", "an", "from", "of", "the", "to"})


def words_of(name: str) -> frozenset[str]:
    """Returns the words of an event's name, without endings: `orderCompleted` and `Completed Orders` have the same."""
    words = WORD.findall(CAMEL.sub(" ", name).lower())
    return frozenset(_stem(word) for word in words if word not in SMALL_WORDS)


def _stem(word: str) -> str:
    # what is left of cancel, cancels, canceled and cancelled alike
    return DOUBLED.sub(r"\1", ENDING.sub("", word))


VOCABULARY = {
    words_of(name): ours
    for names in (OLDER, GA4, {ours: ours for ours in COMMERCE_TYPES}, SEGMENT)
    for name, ours in names.items()
}


def commerce_type(name: str) -> str | None:
    """Returns our name of a commerce event, from Segment's, Google's or our own; None when it is none of them.

    Words may stand in any order, tense and spelling: `Order Completed`, `Completed Order`, `order-complete`.
    """
    lowered = name.lower()
    return lowered if lowered in COMMERCE_TYPES else VOCABULARY.get(words_of(name))


def action_type(properties: Json) -> str | None:
    """Returns our name of what Universal Analytics' fields say happened, whatever the event is called; None without."""
    if "transactionId" in properties:
        return "order_completed"
    ecommerce = nested(properties, "ecommerce") if "ecommerce" in properties else {}
    return next((ours for action, ours in ACTIONS.items() if ecommerce.get(action)), None)
