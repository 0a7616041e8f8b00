"""Where on the web a page is, and which type of page a path is."""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

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


class Place(NamedTuple):
    """The parts of a URL that matter here; the host without `www.`; all None when there is no URL that can be read."""

    host: str | None
    path: str | None
    query: str | None


NOWHERE = Place(None, None, None)


@lru_cache(maxsize=4096)
def place_of(url: str) -> Place:
    """The parts of a URL; never fails."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return NOWHERE
    return Place(host.removeprefix("www.") if host else None, parts.path or "/", parts.query or None)


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
