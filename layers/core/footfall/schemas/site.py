"""A site is a tenant: one shop, with its keys, rules and habits."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from pydantic import BaseModel, Field

SITE_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"
Scope = Literal["collect", "read", "write", "admin"]
ALL_SCOPES: tuple[Scope, ...] = ("collect", "read", "write", "admin")


class StoredApiKey(BaseModel):
    """What is kept of an API key: its id, the hash of its secret, what it may do and until when."""

    key_id: str
    sha256: str
    scopes: list[Scope]
    expires_at: datetime | None = None
    name: str = ""
    created_at: datetime | None = None


class PageRule(BaseModel):
    """Pages whose path begins with `prefix` are of this type; the longest matching prefix wins.

    `*` in a prefix stands for any part between two slashes: `/*/p/` fits `/lamps/p/12`.
    """

    prefix: str = Field(description="How the path begins")
    page_type: str = Field(description="What such a page is called")


class Funnel(BaseModel):
    """A named funnel: page types or event names, in order; `a|b` is either, `a[category=lamps]` has a condition."""

    name: str = Field(description="What it is called")
    steps: list[str] = Field(
        description="Page types or event names, in order; `a|b` is either, `a[category=lamps]` has a condition",
        min_length=2,
        max_length=32,
    )


class OwnDimension(BaseModel):
    """A dimension of a site's own: what events say under a property; a dot leads into a nested one."""

    name: str = Field(description="What it is called", examples=["theme"])
    property: str = Field(description="The property of events that it is read from", examples=["theme"])


DEFAULT_FUNNEL = Funnel(name="default", steps=["home", "search", "payment", "confirmation"])


class ApiKeyDocument(TypedDict):
    """One API key within a stored site; `made_until` is when it was to end before another one followed it."""

    key_id: str
    sha256: str
    scopes: list[Scope]
    expires_at: datetime | None
    made_until: NotRequired[datetime | None]
    name: NotRequired[str]
    created_at: NotRequired[datetime | None]


class WriteKeyDocument(TypedDict):
    """One write key within a stored site; its text follows from its id and the signing secret."""

    key_id: str
    name: str
    created_at: datetime


class KeyUseDocument(TypedDict):
    """One document of `key_uses`: when an API key was last used, to the hour."""

    _id: str
    site_id: str
    key_id: str
    last_used_at: datetime


class PageRuleDocument(TypedDict):
    """One page rule within a stored site."""

    prefix: str
    page_type: str


class OwnDimensionDocument(TypedDict):
    """One dimension of its own within a stored site."""

    name: str
    property: str


class FunnelDefinition(TypedDict):
    """One named funnel within a stored site."""

    name: str
    steps: list[str]


FEWEST_HOT_DAYS = 35
HOT_DAYS = 400
"""Thirteen months: what a new site keeps in MongoDB; one of an older version keeps all until it is told otherwise.

So far back a site believes the public write key too, unless it says otherwise."""


class SiteDocument(TypedDict):
    """One document of `sites`; `Site` reads it. `version` counts the changes of its settings.

    Collect knows a key that may send by its signature, and takes all that it is not told are revoked or have ended.
    """

    _id: str
    site_id: str
    name: str
    time_zone: str
    currency: str
    origins: list[str]
    own_domains: NotRequired[list[str]]
    hash_routes: NotRequired[bool]
    page_rules: list[PageRuleDocument]
    funnels: list[FunnelDefinition]
    dimensions: NotRequired[list[OwnDimensionDocument]]
    retention_days: int | None
    hot_days: NotRequired[int | None]
    public_orders_until: NotRequired[datetime | None]
    public_changes_until: NotRequired[datetime | None]
    keep_orders: NotRequired[bool]
    hash_private: NotRequired[bool]
    needed_properties: NotRequired[list[str]]
    pepper: NotRequired[str]
    api_keys: list[ApiKeyDocument]
    write_keys: NotRequired[list[WriteKeyDocument]]
    revoked_keys: NotRequired[list[str]]
    events_per_second: NotRequired[float | None]
    signed_requests: NotRequired[bool]
    created_at: NotRequired[datetime]
    version: NotRequired[int]


class Site(BaseModel):
    """One tenant. `retention_days` is how long its events are kept, None for ever; `hot_days` how long in MongoDB.

    `own_domains` are the shop's own besides those that its pages are on: who comes from there, or from a subdomain of
    one, comes from the shop. With `hash_routes`, every part of an address after its # is a page of its own; without
    it, those are that begin with `#/` or `#!`. What the public write key alone tells of orders counts when it was
    received before `public_orders_until`, and of refunds, cancellations and updates before `public_changes_until`.
    With `keep_orders`, the orders of people who are erased stay, without whose they were. What is private in addresses
    and properties is blotted out, or with `hash_private` a digest; `needed_properties` are names whose values stay.
    `pepper` is what digests are keyed with.
    """

    site_id: str = Field(pattern=SITE_ID)
    name: str = Field(min_length=1, max_length=200)
    time_zone: str = "UTC"
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    origins: list[str] = []
    own_domains: list[str] = []
    hash_routes: bool = False
    page_rules: list[PageRule] = []
    funnels: list[Funnel] = [DEFAULT_FUNNEL]
    dimensions: list[OwnDimension] = []
    retention_days: int | None = Field(default=None, ge=1)
    hot_days: int | None = Field(default=None, ge=FEWEST_HOT_DAYS)
    public_orders_until: datetime | None = None
    public_changes_until: datetime | None = None
    keep_orders: bool = False
    hash_private: bool = False
    needed_properties: list[str] = []
    pepper: str = ""
    api_keys: list[StoredApiKey] = []
