"""What kind of device, and whether a program rather than a person, sent an event."""

import re
from functools import lru_cache

KNOWN = {"desktop": "Desktop", "mobile": "Mobile", "tablet": "Tablet", "phone": "Mobile", "smartphone": "Mobile"}

# https://developer.mozilla.org/en-US/docs/Web/HTTP/Browser_detection_using_the_user_agent: "Mobi" marks phones.
TABLET = re.compile(r"ipad|tablet|kindle|silk|playbook|android(?!.*mobi)", re.IGNORECASE)
MOBILE = re.compile(r"mobi|iphone|ipod|windows phone", re.IGNORECASE)
DESKTOP = re.compile(r"windows nt|macintosh|x11|cros", re.IGNORECASE)
BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|lighthouse|preview|monitor|scrapy|curl/|wget/|python-requests|facebookexternalhit",
    re.IGNORECASE,
)


def device_of(named: str | None, user_agent: str | None) -> str:
    """Desktop, Mobile, Tablet or Other: as the client names it, else as its user agent reads."""
    if named:
        return KNOWN.get(named.strip().lower(), "Other")
    return _device_of_agent(user_agent) if user_agent else "Other"


@lru_cache(maxsize=4096)
def _device_of_agent(user_agent: str) -> str:
    if TABLET.search(user_agent):
        return "Tablet"
    if MOBILE.search(user_agent):
        return "Mobile"
    return "Desktop" if DESKTOP.search(user_agent) else "Other"


@lru_cache(maxsize=4096)
def is_bot(user_agent: str | None) -> bool:
    """Whether a user agent names itself a program; a browser that lies is not caught here."""
    return bool(user_agent and BOT.search(user_agent))
