"""What events and pages may be called: each of the vocabulary's types by any of its names, however it is spelled."""

import re
from functools import lru_cache

from footfall.events.commerce import COMMERCE_TYPES, commerce_type, words_of
from footfall.events.page_types import USUAL
from footfall.schemas.event import EVENT_TYPES


def letters(name: str) -> str:
    """Returns a name without case, blanks and signs, as names are compared."""
    return re.sub(r"[\W_]", "", name).lower()


PAGE_TYPES = {letters(name): name for name in ("home", *USUAL)}
"""The page types that every site has; others are in its page rules or its events."""
# however they are spelled: Page View, page-view, $pageview
TYPES = {letters(name): name for name in EVENT_TYPES - COMMERCE_TYPES} | {
    "page": "pageview",
    "screen": "pageview",
    "screenview": "pageview",
    "pageleave": "page_exit",
    **{name: name for name in ("track", "custom")},
}


@lru_cache(maxsize=4096)
def type_of(event_type: str, event_name: str | None) -> tuple[str, str | None]:
    """Returns the type that an event is stored under, `custom` where it is none of ours, and its own name.

    The name is None where the type says it.
    """
    kind = TYPES.get(letters(event_type), event_type)
    name = (event_name if kind in ("track", "custom") else kind) or kind
    ours = commerce_type(name)
    if ours:
        return ours, None if ours == name else name
    if name in EVENT_TYPES:
        return name, None
    return ("video" if "video" in words_of(name) else "custom"), name


def type_named(word: str) -> str | None:
    """Returns the type of event that a word names, as `Order Completed` does `order_completed`; None for any other."""
    kind, name = type_of(word, None)
    return None if kind == "custom" or (kind == "video" and name) else kind  # of videos there are many events


@lru_cache(maxsize=4096)
def page_type_named(word: str) -> str | None:
    """Returns the usual page type that a word names, as `Home` does `home`; None for any other."""
    return PAGE_TYPES.get(letters(word))
