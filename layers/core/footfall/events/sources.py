"""What a source is called: search engines, social networks and video sites by their name, whatever the host.

`google`, `google.com` and www.google.de are one source. Any other host stays as it is, and so do those of the same
firms that are something else, such as docs.google.com.
"""

import re
from functools import lru_cache

from footfall.events.channels import KIND_OF_HOST, KIND_OF_NAME, LONG_ENOUGH

ONE_OF_MANY_HOSTS = frozenset({"search", "social", "video"})
"""Kinds of whom one source has many hosts; a marketplace is another one in each country, an assistant has one host."""
IN_COUNTRIES = frozenset({"google", "pinterest", "yahoo", "yandex"})
"""Who has a domain in each country; that another firm is called so there is not to be expected."""
OTHER_DOMAINS = {
    "ecosia.org": "ecosia",
    "seznam.cz": "seznam",
    "threads.net": "threads",
    "twitch.tv": "twitch",
    "ya.ru": "yandex",
}
"""Besides their name and .com."""
NAMES = frozenset(
    [name for name, kind in KIND_OF_NAME.items() if kind in ONE_OF_MANY_HOSTS and len(name) >= LONG_ENOUGH]
)
APPS = {"com.google.android.googlequicksearchbox": "google"}
PARTS = NAMES.union(host.partition(".")[0] for host in OTHER_DOMAINS).union(*(app.split(".") for app in APPS)) - {"com"}
"""A host without any of them is looked at no further."""
SAME_PLACE = re.compile(r"(?:(?:www\d?|web|mobile|search|html|lite|old|out|\w\w-\w\w|\w{1,2})\.)*")
"""What may stand before a domain: a device, a language or a country (m.facebook.com, de.search.yahoo.com)."""


@lru_cache(maxsize=4096)
def source_named(source: str) -> str:
    """Returns the name that a source is known by, as `google` of www.google.de; the source itself where it has none."""
    if "." not in source or source in KIND_OF_HOST or PARTS.isdisjoint(source.split(".")):
        return source
    from footfall.events.domains import registrable_domain  # here: collect checks events without this package

    domain = registrable_domain(source) or source
    same_place = SAME_PLACE.fullmatch(source.removesuffix(domain))
    return APPS.get(source) or (_owner(domain) if same_place else None) or source


def _owner(domain: str) -> str | None:
    name, _, ending = domain.partition(".")
    in_a_country = name in IN_COUNTRIES and len(ending.rpartition(".")[2]) == 2
    return name if name in NAMES and (ending == "com" or in_a_country) else OTHER_DOMAINS.get(domain)
