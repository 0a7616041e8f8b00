"""Which type of page a path is."""

from footfall.schemas.site import PageRule

DEFAULT_RULES = (
    PageRule(prefix="/search", page_type="search"),
    PageRule(prefix="/category", page_type="search"),
    PageRule(prefix="/product", page_type="product"),
    PageRule(prefix="/cart", page_type="cart"),
    PageRule(prefix="/basket", page_type="cart"),
    PageRule(prefix="/checkout", page_type="payment"),
    PageRule(prefix="/payment", page_type="payment"),
    PageRule(prefix="/confirmation", page_type="confirmation"),
    PageRule(prefix="/checkout/thank", page_type="confirmation"),
    PageRule(prefix="/order/complete", page_type="confirmation"),
)


def page_type_of(path: str | None, rules: list[PageRule]) -> str | None:
    """The type of a page by its path: the site's rules first, then the usual shop paths; None when nothing fits."""
    if path is None:
        return None
    if path in ("", "/"):
        return "home"
    return _longest(path, rules) or _longest(path, DEFAULT_RULES)


def _longest(path: str, rules: list[PageRule] | tuple[PageRule, ...]) -> str | None:
    fitting = [rule for rule in rules if path.startswith(rule.prefix)]
    return max(fitting, key=lambda rule: len(rule.prefix)).page_type if fitting else None
