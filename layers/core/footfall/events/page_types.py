"""Which type of page a path is."""

import re
from functools import lru_cache

from footfall.events.addresses import UrlParts, page_path
from footfall.schemas.site import PageRule

USUAL = {
    "search": "search catalogsearch category categories product-category collections collection",
    "product": "product products item catalog/product collections/*/products",
    "cart": "cart basket bag checkout/cart panier warenkorb",
    "payment": "checkout checkouts payment pay",
    "confirmation": "confirmation thanks thank-you thankyou order-confirmation order-received order/complete "
    "checkout/thank-you checkout/thankyou checkout/success checkout/order-received checkout/confirmation "
    "checkout/onepage/success checkouts/*/thank_you checkouts/*/thank-you",
}
"""How the paths of shops usually begin (Shopify, WooCommerce, Magento, PrestaShop and others), by page type."""
HOME = re.compile(r"/((index|home|default)(\.\w+)?/?)?", re.IGNORECASE)
LOCALE = re.compile(r"^/[a-z]{2}([-_][a-z]{2})?(?=/|$)", re.IGNORECASE)


def page_type_of(path: str | None, rules: list[PageRule]) -> str | None:
    """Returns a page's type by its path: the site's rules first, then the usual shop paths; None when nothing fits.

    Of the rules that fit, the one with the longest prefix counts; `*` in a prefix is any part between two slashes.
    """
    if path is None:
        return None
    if path in ("", "/"):
        return "home"
    fitting = [rule for rule in rules if _rule(rule.prefix).match(path + "/")]
    if fitting:
        return max(fitting, key=lambda rule: len(rule.prefix)).page_type
    return _usual(path)


def type_of_page(page: UrlParts, rules: list[PageRule]) -> str | None:
    """Returns a page's type by its whole path, else by the part of it after a #."""
    found = page_type_of(page.path, rules)
    return page_type_of(page.route, rules) if found is None and page.route not in (None, "/") else found


@lru_cache(maxsize=4096)
def _rule(prefix: str) -> re.Pattern[str]:
    # written as paths are; an end slash is meant
    plain = page_path(prefix)
    return _pattern(plain if plain == "/" or not prefix.endswith("/") else plain + "/")


@lru_cache(maxsize=4096)
def _pattern(prefix: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, prefix.split("*"))))


@lru_cache(maxsize=4096)
def _usual(path: str) -> str | None:
    # the longest beginning counts, which must end with a part of the path: /cart.html, but not /cartoons; a
    # locale may stand before it, as in /de-at/cart
    path = LOCALE.sub("", path, count=1) or "/"
    if HOME.fullmatch(path):
        return "home"
    fitting = [(len(prefix), page_type) for prefix, page_type, pattern in USUAL_PATTERNS if pattern.match(path)]
    return max(fitting)[1] if fitting else None


USUAL_PATTERNS = [
    (prefix, page_type, re.compile(_pattern(f"/{prefix}").pattern + r"(?=[/.]|$)", re.IGNORECASE))
    for page_type, prefixes in USUAL.items()
    for prefix in prefixes.split()
]
