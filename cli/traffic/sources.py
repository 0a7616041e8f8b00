"""How visits begin: the channel and campaign they come by, and the page they land on."""

from dataclasses import dataclass
from random import Random

from cli.traffic.people import Visitor


@dataclass(frozen=True, slots=True)
class Source:
    """One traffic source.

    `landings` is the share of visits by their first page; `intent` multiplies the chance to go on towards an order.
    """

    name: str
    share: float
    intent: float
    landings: dict[str, float]
    referrer: str | None = None
    utm: dict[str, str] | None = None


SOURCES = (
    Source("direct", 0.25, 1.1, {"home": 0.9, "product": 0.1}),
    Source("google", 0.28, 1.0, {"home": 0.55, "search": 0.2, "product": 0.25}, "https://www.google.com/"),
    Source(
        "google ads",
        0.14,
        1.2,
        {"home": 0.4, "search": 0.25, "product": 0.35},
        "https://www.google.com/",
        {"source": "google", "medium": "cpc", "campaign": "autumn-gifts", "term": "gifts"},
    ),
    Source(
        "newsletter",
        0.08,
        1.6,
        {"home": 0.6, "product": 0.4},
        None,
        {"source": "newsletter", "medium": "email", "campaign": "weekly-picks"},
    ),
    Source(
        "facebook ads",
        0.09,
        0.6,
        {"home": 0.5, "product": 0.5},
        "https://www.facebook.com/",
        {"source": "facebook", "medium": "paid_social", "campaign": "cosy-home"},
    ),
    Source("instagram", 0.08, 0.5, {"home": 0.7, "product": 0.3}, "https://www.instagram.com/"),
    Source("blog", 0.04, 0.9, {"home": 0.3, "product": 0.7}, "https://blog.example.org/gift-ideas"),
    Source(
        "partner",
        0.04,
        1.0,
        {"home": 0.5, "search": 0.5},
        "https://partner.example.net/deals",
        {"source": "partner", "medium": "affiliate", "campaign": "deals"},
    ),
)
DIRECT = SOURCES[0]
NEWSLETTER = SOURCES[3]
NEWSLETTER_DAYS = frozenset({1, 4})
"""Tuesday and Friday, when the shop's newsletter goes out."""


def draw_source(visitor: Visitor, weekday: int, rng: Random) -> Source:
    """Returns the source of a visit: regulars come directly, subscribers on the days of the newsletter."""
    if visitor.account and visitor.account.newsletter and weekday in NEWSLETTER_DAYS and rng.random() < 0.5:
        return NEWSLETTER
    if visitor.visits and rng.random() < 0.5:
        return DIRECT
    return rng.choices(SOURCES, [source.share for source in SOURCES])[0]


def draw_landing(source: Source, rng: Random) -> str:
    """Returns the type of the page that a visit begins on."""
    return rng.choices(list(source.landings), list(source.landings.values()))[0]
