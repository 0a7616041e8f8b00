"""Where a visit came from: UTM values, click ids and the referrer, and the channel they amount to."""

from typing import Any
from urllib.parse import parse_qs

from footfall.events.pages import Place, place_of
from footfall.schemas.event import Attribution

UTM = ("source", "medium", "campaign", "term", "content")
NO_UTM: dict[str, str | None] = dict.fromkeys(UTM)
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


DIRECT = Attribution(source=None, medium=None, campaign=None, term=None, content=None, click_id=None, channel="direct")


def attribution_of(utm: dict[str, Any] | None, place: Place, referrer: str | None) -> Attribution:
    """What is known of where an event's visit came from; `utm` as the client gives it, else read from the URL."""
    if not (utm or referrer or place.query):
        return DIRECT
    query = parse_qs(place.query) if place.query else {}
    values = {name: _text(utm, name) or _first(query, f"utm_{name}") for name in UTM} if utm or query else NO_UTM
    click_id = next((name for name in CLICK_IDS if name in query), None) if query else None
    source = values["source"] or (CLICK_IDS[click_id] if click_id else None) or _elsewhere(referrer, place.host)
    medium = values["medium"] or ("cpc" if click_id else None)
    return Attribution(
        source=source,
        medium=medium,
        campaign=values["campaign"],
        term=values["term"],
        content=values["content"],
        click_id=click_id,
        channel=_channel(source, medium),
    )


def _text(values: dict[str, Any] | None, name: str) -> str | None:
    if not values:
        return None
    found = values.get(name) or values.get(f"utm_{name}")
    return found[:256] if isinstance(found, str) else None


def _first(query: dict[str, list[str]], name: str) -> str | None:
    return query[name][0][:256] if name in query else None


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
