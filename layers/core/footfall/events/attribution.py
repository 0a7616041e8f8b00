"""Where a visit came from: UTM values, click ids and the referrer, and the channel they amount to.

A value is kept as it is compared: UTM values without case, blanks and encoding, and a source by its name where it is
known by one. What was written stays in the event's `url` and `referrer`.
"""

import re
import unicodedata
from functools import lru_cache
from typing import cast
from urllib.parse import parse_qsl, unquote_plus

from footfall.caching import cached_for_short_texts
from footfall.events.addresses import UrlParts, url_parts
from footfall.events.channels import channel_of
from footfall.events.sources import source_named
from footfall.events.unwanted_referrals import is_unwanted
from footfall.schemas.event import Attribution, Json
from footfall.schemas.site import Site

UTM = ("source", "medium", "campaign", "term", "content")
CLICK_IDS: dict[str, tuple[str, str | None]] = {
    **dict.fromkeys(["gclid", "gbraid", "wbraid"], ("google", "cpc")),
    "dclid": ("google", "display"),
    "msclkid": ("bing", "cpc"),
    "fbclid": ("facebook", None),
    "ttclid": ("tiktok", "cpc"),
    "twclid": ("twitter", "cpc"),
    "li_fat_id": ("linkedin", "cpc"),
    "rdt_cid": ("reddit", "cpc"),
    "ScCid": ("snapchat", "cpc"),
    "epik": ("pinterest", None),
    "yclid": ("yandex", "cpc"),
    "igshid": ("instagram", None),
}
"""Whose a click id is, and the medium it means; Facebook, Pinterest and Instagram mark links nobody paid for, too."""
CLICK_IDS_IN_LINKS = {name.lower(): name for name in CLICK_IDS}
LONGEST = 256
FOLDED = re.compile(r"[a-z0-9._-]+")
"""A value that is written as it is compared."""
NOTHING = frozenset({"", "null", "undefined", "nan", "(not set)", "[object object]"})
MOST_ENCODINGS = 3


def own_hosts(site: Site) -> tuple[str, ...]:
    """Returns the hosts that are a shop's own, whatever page an event is about: its domains and its origins."""
    return _hosts(tuple(site.own_domains), tuple(site.origins)) if site.own_domains or site.origins else ()


@lru_cache(maxsize=256)
def _hosts(*written: tuple[str, ...]) -> tuple[str, ...]:
    # written as domains, with a wildcard, or as addresses
    texts = [text.strip().lower().removeprefix("*.").removeprefix(".") for each in written for text in each]
    found = [url_parts(text if "://" in text else f"https://{text}").host for text in texts]
    return tuple(host.removeprefix("*.") for host in found if host)


def attribution_of(utm: Json | None, url: UrlParts, referrer: str | None, own: tuple[str, ...] = ()) -> Attribution:
    """Returns where an event's visit came from, as far as known; `utm` is the client's, else read from the URL.

    The hosts in `own` are the shop's, as is that of the URL.
    """
    if not utm:
        return _of_link(url.query, url.host, referrer, own)
    link = _of_query(url.query)
    return _attribution({**link, **_texts(utm)}, url.host, referrer, own)


@lru_cache(maxsize=4096)
def _of_link(query: str | None, host: str | None, referrer: str | None, own: tuple[str, ...]) -> Attribution:
    # cached, because the pages of one visit come by few different links
    return _attribution(_of_query(query), host, referrer, own)


def _attribution(known: dict[str, str], host: str | None, referrer: str | None, own: tuple[str, ...]) -> Attribution:
    clicked = CLICK_IDS.get(known.get("click_id", ""), (None, None))
    told = known.get("source") or clicked[0] or referring_host(referrer, host, own)
    source = source_named(told) if told else None
    medium = known.get("medium") or clicked[1]
    found = {**known, "source": source, "medium": medium, "channel": channel_of(source, medium, known.get("campaign"))}
    return cast(Attribution, {name: value for name, value in found.items() if value})


def _of_query(query: str | None) -> dict[str, str]:
    if not query:
        return {}
    values: dict[str, str] = {}
    for name, value in parse_qsl(query.replace("&amp;", "&")):  # as copied out of a page's source
        values.setdefault(name.strip().lower(), value)
    found = _compared({name: values.get(f"utm_{name}") for name in UTM})
    click_id = next((name for written, name in CLICK_IDS_IN_LINKS.items() if written in values), None)
    return {**found, "click_id": click_id} if click_id else found


def _texts(utm: Json) -> dict[str, str]:
    return _compared({name: utm.get(name) or utm.get(f"utm_{name}") for name in UTM})


def _compared(values: dict[str, object]) -> dict[str, str]:
    folded = {name: fold(value) for name, value in values.items() if isinstance(value, str)}
    known = {name: value for name, value in folded.items() if value not in NOTHING}
    if "." in (source := known.get("source", "")) and is_unwanted(source, ""):  # a client's own reading of a referrer
        known = {name: value for name, value in known.items() if name not in ("source", "medium")}
    return known


@cached_for_short_texts(4096)
def fold(text: str) -> str:
    """Returns the one form of all spellings of a UTM value: decoded, in small letters, without needless blanks."""
    text = text[:LONGEST]
    if FOLDED.fullmatch(text):
        return text
    for _ in range(MOST_ENCODINGS):
        if not re.search(r"%[0-9A-Fa-f]{2}", text):
            break
        text = unquote_plus(text)
    text = re.sub(r"(?<=\w)\+(?=\w)", " ", text)
    text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(text.casefold().split())[:LONGEST]


@lru_cache(maxsize=4096)
def referring_host(referrer: str | None, host: str | None, own: tuple[str, ...]) -> str | None:
    """Returns the host from which somebody came to a page of `host`, unless it is the shop's or only sent them back.

    The shop's are the page's, those in `own`, and whatever belongs to either (checkout.shop.example).
    """
    parts = url_parts(referrer) if referrer else None
    if parts is None or not parts.host or is_unwanted(parts.host, parts.path or "/"):
        return None
    if any(_belong_together(parts.host, each) for each in (host, *own) if each):
        return None
    return parts.host


@lru_cache(maxsize=4096)
def _belong_together(one: str, other: str) -> bool:
    if f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}"):
        return True
    from footfall.events.domains import registrable_domain  # here: collect checks events without this package

    registered = registrable_domain(one)
    return registered is not None and registered == registrable_domain(other)
