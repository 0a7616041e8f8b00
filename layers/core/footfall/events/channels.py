"""Which channel a visit came by: the rules of Google Analytics 4, so that reports can be compared.

https://support.google.com/analytics/answer/9756891 ("Default channel group"). Two differences: a medium that names its
channel counts before any guess from source or campaign, and assistants are a channel, where GA4 sees referrals.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["search", "social", "video", "shop", "assistant", "mailbox"]
NAMES: dict[Kind, str] = {
    "search": "aol ask baidu bing brave duckduckgo ecosia google kagi naver qwant seznam sogou startpage yahoo yandex",
    "social": "bsky facebook fb ig instagram linkedin pinterest quora reddit snapchat threads tiktok tumblr twitter vk "
    "wechat weibo whatsapp x",
    "video": "dailymotion twitch vimeo youtube",
    "shop": "aliexpress amazon ebay etsy idealo shopify walmart",
    "assistant": "chatgpt claude copilot deepseek gemini mistral openai perplexity",
}
KIND_OF_NAME = {name: kind for kind, names in NAMES.items() for name in names.split()}
KIND_OF_HOST: dict[str, Kind] = {
    **dict.fromkeys(["mail.google.com", "com.google.android.gm", "outlook.live.com", "mail.yahoo.com"], "mailbox"),
    **dict.fromkeys(["t.co", "x.com", "vk.com", "fb.me", "lnkd.in"], "social"),
    **dict.fromkeys(["gemini.google.com", "copilot.microsoft.com", "claude.ai"], "assistant"),
    "youtu.be": "video",
}
LONG_ENOUGH = 4
"""A shorter name may be a part of anybody's host."""
PAID = re.compile(r".*cp.*|ppc|retargeting|paid.*")
SHOPPING = re.compile(r".*(([^a-df-z]|^)shop|shopping).*")
DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail", "newsletter"})
SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})


class Origin(NamedTuple):
    """Where somebody came from, in small letters, and what kind of place their source is, if it is known."""

    source: str
    medium: str
    campaign: str
    kind: Kind | None

    @property
    def paid(self) -> bool:
        """Whether the medium says that the click was paid for."""
        return PAID.fullmatch(self.medium) is not None

    @property
    def shopping(self) -> bool:
        """Whether it is a marketplace, or the campaign is one for shopping listings."""
        return self.kind == "shop" or SHOPPING.fullmatch(self.campaign) is not None


RULES: tuple[tuple[str, Callable[[Origin], bool]], ...] = (
    ("direct", lambda it: it.source in ("", "direct", "(direct)") and it.medium in ("", "none", "(none)", "(not set)")),
    ("cross_network", lambda it: "cross-network" in it.campaign),
    ("paid_shopping", lambda it: it.paid and it.shopping),
    ("paid_search", lambda it: it.paid and it.kind == "search"),
    ("paid_social", lambda it: it.paid and it.kind == "social"),
    ("paid_video", lambda it: it.paid and it.kind == "video"),
    ("display", lambda it: it.medium in DISPLAY),
    ("paid_other", lambda it: it.paid),
    ("email", lambda it: it.medium in EMAIL or it.source in EMAIL or it.kind == "mailbox"),
    ("affiliates", lambda it: it.medium in ("affiliate", "affiliates")),
    ("sms", lambda it: "sms" in (it.medium, it.source)),
    ("push", lambda it: it.medium.endswith("push") or "notification" in it.medium or it.source == "firebase"),
    ("audio", lambda it: it.medium == "audio"),
    ("organic_shopping", lambda it: it.shopping),
    ("organic_social", lambda it: it.kind == "social" or it.medium in SOCIAL),
    ("organic_video", lambda it: it.kind == "video" or "video" in it.medium),
    ("assistants", lambda it: it.kind == "assistant"),
    ("organic_search", lambda it: it.kind == "search" or it.medium == "organic"),
)


@lru_cache(maxsize=4096)
def channel_of(source: str | None, medium: str | None, campaign: str | None) -> str:
    """Returns the channel of the first rule that fits a source (a UTM value or a host), a medium and a campaign."""
    source, medium, campaign = ((text or "").strip().lower() for text in (source, medium, campaign))
    origin = Origin(source, medium, campaign, _kind(source))
    return next((channel for channel, fits in RULES if fits(origin)), "referral")


def _kind(source: str) -> Kind | None:
    # by the whole name, or by a part of the host: news.google.co.uk is Google
    known = KIND_OF_HOST.get(source) or KIND_OF_NAME.get(source)
    parts = (part for part in source.split(".") if len(part) >= LONG_ENOUGH)
    return known or next((KIND_OF_NAME[part] for part in parts if part in KIND_OF_NAME), None)
