"""Whether a product was in stock, as shops say it in the properties of what they tell of it.

The names and words are those of schema.org's and Google's product data, WooCommerce, Shopify and Magento.
"""

from footfall.events.names import letters

TOLD_IN = (
    *("availability", "stock_status", "stockStatus", "in_stock", "inStock", "available"),
    *("stock", "stock_level", "stockLevel", "inventory", "inventory_quantity"),
)
"""The properties that say it; the first that can be read counts."""
NAMES = frozenset(TOLD_IN)
OUT = frozenset({"outofstock", "soldout", "unavailable", "no", "false", "discontinued", "out"})
IN = frozenset(
    {"instock", "available", "yes", "true", "limitedavailability", "onlineonly", "in", "instoreonly", "lowstock"}
)
PLACE = "schemaorg"


def stock_told(properties: object) -> str | None:
    """Returns `in` or `out`, as an event's properties say of its product; None where they do not."""
    if not isinstance(properties, dict) or NAMES.isdisjoint(properties):
        return None
    found = (_read(properties[name]) for name in TOLD_IN if name in properties)
    return next((stock for stock in found if stock), None)


def _read(told: object) -> str | None:
    if isinstance(told, int | float):
        return "in" if told > 0 else "out"
    word = letters(told).rpartition(PLACE)[2] if isinstance(told, str) else ""
    return "out" if word in OUT else "in" if word in IN else None
