"""Which hosts belong together: those under one registrable domain, as the public suffix list has it."""

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str | None:
    """Returns what was registered of a host, `shop.co.uk` of `pay.shop.co.uk`; None of a suffix or an address."""
    if host.replace(".", "").isdigit() or ":" in host:
        return None
    return _list().privatesuffix(host)


@cache
def _list() -> PublicSuffixList:
    return PublicSuffixList()
