"""Where a visit came from: UTM values, click ids and the referrer, and the channel they amount to."""

from functools import lru_cache
from typing import cast
from urllib.parse import parse_qs

from footfall.events.channels import channel_of
from footfall.events.page_types import UrlParts, url_parts
from footfall.schemas.event import Attribution, Json

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


def attribution_of(utm: Json | None, url: UrlParts, referrer: str | None) -> Attribution:
    """Returns where an event's visit came from, as far as known; `utm` is the client's, else read from the URL."""
    if not utm:
        return _of_link(url.query, url.host, referrer)
    link = _of_query(url.query)
    return _attribution({**link, **_texts(utm)}, url.host, referrer)


@lru_cache(maxsize=4096)
def _of_link(query: str | None, host: str | None, referrer: str | None) -> Attribution:
    # cached, because the pages of one visit come by few different links
    return _attribution(_of_query(query), host, referrer)


def _attribution(known: dict[str, str], host: str | None, referrer: str | None) -> Attribution:
    clicked = CLICK_IDS.get(known.get("click_id", ""), (None, None))
    source = known.get("source") or clicked[0] or _elsewhere(referrer, host)
    medium = known.get("medium") or clicked[1]
    found = {**known, "source": source, "medium": medium, "channel": channel_of(source, medium, known.get("campaign"))}
    return cast(Attribution, {name: value for name, value in found.items() if value})


def _of_query(query: str | None) -> dict[str, str]:
    values = parse_qs(query) if query else {}
    found = {name: values[f"utm_{name}"][0][:256] for name in UTM if f"utm_{name}" in values}
    click_id = next((name for name in CLICK_IDS if name in values), None)
    return {**found, "click_id": click_id} if click_id else found


def _texts(utm: Json) -> dict[str, str]:
    given = {name: utm.get(name) or utm.get(f"utm_{name}") for name in UTM}
    return {name: value[:256] for name, value in given.items() if isinstance(value, str)}


def _elsewhere(referrer: str | None, own_host: str | None) -> str | None:
    # a part of the shop is the shop itself: checkout.shop.example
    host = url_parts(referrer).host if referrer else None
    if host and own_host and (f".{host}".endswith(f".{own_host}") or f".{own_host}".endswith(f".{host}")):
        return None
    return host
