"""Where a visit came from: UTM values, click ids and the referrer, and the channel they amount to."""

from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qs

from footfall.events.pages import Place, place_of
from footfall.schemas.event import Attribution

UTM = ("source", "medium", "campaign", "term", "content")
CLICK_IDS = {
    "gclid": "google",
    "gbraid": "google",
    "wbraid": "google",
    "msclkid": "bing",
    "fbclid": "facebook",
    "ttclid": "tiktok",
}
SEARCH_ENGINES = ("google.", "bing.", "duckduckgo.", "yahoo.", "ecosia.", "baidu.", "yandex.", "qwant.")
SOCIAL = (
    "facebook.",
    "instagram.",
    "t.co",
    "twitter.",
    "x.com",
    "linkedin.",
    "pinterest.",
    "reddit.",
    "tiktok.",
    "youtube.",
)
PAID_MEDIA = frozenset({"cpc", "ppc", "paid", "paidsearch", "paid_social", "display", "cpm", "retargeting"})
CHANNEL_OF_MEDIUM = {
    "email": "email",
    "e-mail": "email",
    "newsletter": "email",
    "social": "social",
    "affiliate": "affiliate",
    "referral": "referral",
    "organic": "organic_search",
    "sms": "sms",
    "push": "push",
}


def attribution_of(utm: dict[str, Any] | None, place: Place, referrer: str | None) -> Attribution:
    """What is known of where an event's visit came from; `utm` as the client gives it, else read from the URL."""
    if not utm:
        return _of_link(place.query, place.host, referrer)
    link = _of_query(place.query)
    return _attribution({**link, **_texts(utm)}, place.host, referrer)


@lru_cache(maxsize=4096)
def _of_link(query: str | None, host: str | None, referrer: str | None) -> Attribution:
    """What a link alone says; the pages of one visit have few between them."""
    return _attribution(_of_query(query), host, referrer)


def _attribution(known: dict[str, str], host: str | None, referrer: str | None) -> Attribution:
    click_id = known.get("click_id")
    source = known.get("source") or (CLICK_IDS[click_id] if click_id else None) or _elsewhere(referrer, host)
    medium = known.get("medium") or ("cpc" if click_id else None)
    found = {**known, "source": source, "medium": medium, "channel": _channel(source, medium)}
    return cast(Attribution, {name: value for name, value in found.items() if value})


def _of_query(query: str | None) -> dict[str, str]:
    """The UTM values and the click id that a URL's query holds."""
    values = parse_qs(query) if query else {}
    found = {name: values[f"utm_{name}"][0][:256] for name in UTM if f"utm_{name}" in values}
    click_id = next((name for name in CLICK_IDS if name in values), None)
    return {**found, "click_id": click_id} if click_id else found


def _texts(utm: dict[str, Any]) -> dict[str, str]:
    given = {name: utm.get(name) or utm.get(f"utm_{name}") for name in UTM}
    return {name: value[:256] for name, value in given.items() if isinstance(value, str)}


def _elsewhere(referrer: str | None, own_host: str | None) -> str | None:
    """The referrer's host, unless it is the shop itself."""
    host = place_of(referrer).host if referrer else None
    return host if host != own_host else None


def _channel(source: str | None, medium: str | None) -> str:
    if medium and medium.lower() in PAID_MEDIA:
        return "paid"
    if medium and medium.lower() in CHANNEL_OF_MEDIUM:
        return CHANNEL_OF_MEDIUM[medium.lower()]
    if not source:
        return "direct"
    if source.startswith(SEARCH_ENGINES) or source in {"google", "bing"}:
        return "organic_search"
    return "social" if source.startswith(SOCIAL) or source in {"facebook", "instagram"} else "referral"
