"""What may be said of a site, field by field: whatever is wrong is refused with the name of its field."""

import re
from functools import cache
from typing import Annotated, TypeVar
from zoneinfo import available_timezones

from footfall.currencies import read_currency
from footfall.dimensions import MOST_OWN, is_taken
from footfall.funnels.steps import has_conditions, words
from footfall.schemas.site import DEFAULT_FUNNEL, FEWEST_HOT_DAYS, HOT_DAYS, SITE_ID, Funnel, OwnDimension, PageRule
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(HOST)
ORIGIN = re.compile(rf"https?://(?:{HOST}|\[[0-9a-f:.]+\])(?::\d{{1,5}})?")
MOST_ORIGINS = 100
MOST_NESTED = 5
Item = TypeVar("Item")


def printable(text: str) -> str:
    """Returns a text without control characters as it is; raises for another."""
    if not text.isprintable():
        raise PydanticCustomError("text", "write it without control characters")
    return text


def _currency(text: str) -> str:
    currency = read_currency(text, home="")
    if not currency:
        raise PydanticCustomError("currency", "it cannot be told which currency this is: write its ISO code, as EUR")
    return currency


@cache
def _time_zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _time_zone(text: str) -> str:
    try:
        return _time_zones()[text.lower()]
    except KeyError:
        raise PydanticCustomError(
            "time_zone", "there is no such time zone: write an IANA name such as Europe/Rome"
        ) from None


def _step(text: str) -> str:
    if not all(words(text)):
        raise PydanticCustomError("step", "a step is a page type or an event's name, or such names with | between them")
    return text


def _free(name: str) -> str:
    if is_taken(name):
        raise PydanticCustomError("taken", "there is a dimension or a parameter of this name already")
    return name


def _property(text: str) -> str:
    parts = text.split(".")
    if len(parts) > MOST_NESTED or not all(parts) or any(part.startswith("$") for part in parts):
        raise PydanticCustomError(
            "property", f"a property is a name, or up to {MOST_NESTED} with dots between them; none begins with $"
        )
    return text


def _ascii(host: str) -> str:
    # as browsers write a host with other letters
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _origin(text: str) -> str:
    scheme, separator, host = text.lower().removesuffix("/").partition("://")
    origin = f"{scheme}{separator}{_ascii(host)}"
    if not ORIGIN.fullmatch(origin):
        raise PydanticCustomError("origin", "an origin is a scheme and a host, such as https://shop.example")
    return origin


def _domain(text: str) -> str:
    domain = _ascii(text.lower())
    if not DOMAIN.fullmatch(domain) or "." not in domain:
        raise PydanticCustomError("domain", "write a domain alone, such as shop.example")
    return domain


def _different(items: list[Item]) -> list[Item]:
    names = [getattr(item, "prefix", None) or getattr(item, "name", None) or item for item in items]
    if len(set(names)) < len(names):
        raise PydanticCustomError("twice", "one of them is there twice")
    return items


def _text(most: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most)


class FunnelIn(Funnel):
    """A named funnel: page types or event names, in order; `a|b` is either, `a[category=lamps]` has a condition."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, _text(100), AfterValidator(printable)]
    steps: list[Annotated[str, _text(256), AfterValidator(printable), AfterValidator(_step)]] = Field(
        description="Page types or event names, in order; `a|b` is either, `a[category=lamps]` has a condition",
        min_length=2,
        max_length=32,
        examples=[["home", "product|search", "Order Completed"]],
    )


def _first_is_kept_by_day(funnels: list[FunnelIn]) -> list[FunnelIn]:
    if any(has_conditions(step) for funnel in funnels[:1] for step in funnel.steps):
        raise PydanticCustomError("first", "the first funnel has no conditions: its figures are kept by day")
    return funnels


class PageRuleIn(PageRule):
    """Pages whose path begins with `prefix` are of this type; `*` in it is any part between two slashes."""

    model_config = ConfigDict(extra="forbid")

    prefix: Annotated[str, _text(500), AfterValidator(printable)] = Field(
        description="How the path begins", pattern=r"^/", examples=["/*/p/"]
    )
    page_type: Annotated[str, _text(64), AfterValidator(printable)] = Field(
        description="What such a page is called", examples=["product"]
    )


class OwnDimensionIn(OwnDimension):
    """A dimension of a site's own: what events say under a property; a dot leads into a nested one."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$"), AfterValidator(_free)] = Field(
        description="Small letters, digits and _; none that a dimension or a parameter has", examples=["theme"]
    )
    property: Annotated[str, _text(200), AfterValidator(printable), AfterValidator(_property)] = Field(
        description="The property of events that it is read from", examples=["theme"]
    )


Name = Annotated[str, _text(200), AfterValidator(printable)]
TimeZone = Annotated[
    str,
    Field(max_length=64, description="IANA name of the zone whose days are its days", examples=["Europe/Rome"]),
    AfterValidator(_time_zone),
]
Currency = Annotated[
    str, Field(max_length=64, description="ISO 4217's code", examples=["EUR"]), AfterValidator(_currency)
]
Origins = Annotated[
    list[Annotated[str, Field(max_length=120), AfterValidator(_origin)]],
    AfterValidator(_different),
    Field(
        max_length=MOST_ORIGINS,
        description="From where alone pages may send events; without any from everywhere",
        examples=[["https://shop.example"]],
    ),
]
Domains = Annotated[
    list[Annotated[str, Field(max_length=253), AfterValidator(_domain)]],
    AfterValidator(_different),
    Field(max_length=100, description="The shop's own, which are no sources of visits", examples=[["shop.example"]]),
]
HashRoutes = Annotated[
    bool,
    Field(strict=True, description="Whether every part of an address after its # is a page; else those with #/ and #!"),
]
PageRules = Annotated[list[PageRuleIn], AfterValidator(_different), Field(max_length=200)]
Funnels = Annotated[
    list[FunnelIn],
    AfterValidator(_different),
    AfterValidator(_first_is_kept_by_day),
    Field(min_length=1, max_length=10, description="The first is the usual one, and has no conditions"),
]
OwnDimensions = Annotated[
    list[OwnDimensionIn],
    AfterValidator(_different),
    Field(max_length=MOST_OWN, description="Besides those of every site, what figures can be broken down by"),
]
RetentionDays = Annotated[
    int | None, Field(ge=1, le=36_500, description="How many days events are kept; null for ever", examples=[400])
]

HotDays = Annotated[
    int | None,
    Field(
        ge=FEWEST_HOT_DAYS,
        le=36_500,
        description="How many days events stay in MongoDB before the archive alone has them; null for as long as they "
        "are kept. No less than `retention_days` has no effect",
        examples=[HOT_DAYS],
    ),
]
HashPrivate = Annotated[
    bool,
    Field(
        strict=True,
        description="Whether what is private in addresses and properties is hashed with a secret of the site's own, so "
        "that equal values stay equal; else it is blotted out",
    ),
]
NeededProperties = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]],
    AfterValidator(_different),
    Field(
        max_length=100,
        description="Names of parameters and properties that are stored as they are, though they sound private",
        examples=[["street"]],
    ),
]
KeepOrders = Annotated[
    bool,
    Field(strict=True, description="Whether orders of people who are erased stay, without whose they were"),
]


EventsPerSecond = Annotated[
    float | None,
    Field(
        gt=0,
        le=100_000,
        allow_inf_nan=False,
        description="How many events each execution environment of collect takes; null for as many as come",
        examples=[500],
    ),
]
SignedRequests = Annotated[
    bool, Field(strict=True, description="Whether servers have to sign what they send with an API key")
]
PublicOrdersUntil = Annotated[
    AwareDatetime | None,
    Field(
        description="Orders that the public write key alone told count when they were received before; from then on an "
        "import or a secret key has to tell them too. null for ever",
        examples=["2026-12-01T00:00:00Z"],
    ),
]
PublicChangesUntil = Annotated[
    AwareDatetime | None,
    Field(
        description="Refunds, cancellations and updates of orders by the public write key count when they were "
        "received before. null for ever",
        examples=["2026-12-01T00:00:00Z"],
    ),
]


@with_config(ConfigDict(extra="forbid"))
class SiteChanges(TypedDict, total=False):
    """Settings of a site to change; what is not given stays, and a list replaces the list that was there."""

    name: Name
    currency: Currency
    time_zone: TimeZone
    origins: Origins
    own_domains: Domains
    hash_routes: HashRoutes
    page_rules: PageRules
    funnels: Funnels
    dimensions: OwnDimensions
    retention_days: RetentionDays
    hot_days: HotDays
    events_per_second: EventsPerSecond
    signed_requests: SignedRequests
    public_orders_until: PublicOrdersUntil
    public_changes_until: PublicChangesUntil
    keep_orders: KeepOrders
    hash_private: HashPrivate
    needed_properties: NeededProperties


class NewSite(BaseModel):
    """A site to make; only its id is needed."""

    model_config = ConfigDict(extra="forbid")

    site_id: str = Field(
        pattern=SITE_ID, description="Small letters, digits and hyphens; it never changes", examples=["roma"]
    )
    name: Name | None = Field(default=None, description="Without it the id")
    currency: Currency = "EUR"
    time_zone: TimeZone = "UTC"
    origins: Origins = []
    own_domains: Domains = []
    hash_routes: HashRoutes = False
    page_rules: PageRules = []
    funnels: Funnels = [FunnelIn(**DEFAULT_FUNNEL.model_dump())]
    dimensions: OwnDimensions = []
    retention_days: RetentionDays = None
    hot_days: HotDays = HOT_DAYS
    events_per_second: EventsPerSecond = None
    signed_requests: SignedRequests = False
    public_orders_until: PublicOrdersUntil = None
    public_changes_until: PublicChangesUntil = None
    keep_orders: KeepOrders = False
    hash_private: HashPrivate = False
    needed_properties: NeededProperties = []
