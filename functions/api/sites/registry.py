"""Sites as they are stored: this function alone writes them."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

from footfall.clock import now
from footfall.dimensions import BUILT_IN_NAMES
from footfall.errors import Conflict, FieldProblem, FootfallError, Invalid, NotFound
from footfall.funnels.steps import parsed
from footfall.identity import ApiKey
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.schemas.site import ALL_SCOPES, Funnel, OwnDimension, PageRule, SiteDocument
from footfall.sending import tell_collect
from footfall.stores.collections import sites
from footfall.stores.mongo import Condition, database
from pydantic import BaseModel, Field, TypeAdapter
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from .settings import NewSite, SiteChanges
from .signing import new_signed_api_key, new_signed_write_key

CHANGES = TypeAdapter(SiteChanges)
FIRST_KEY = "made with the site"
TOLD_TO_COLLECT = {"origins", "events_per_second", "signed_requests"}
PEPPER_BYTES = 32


class SiteOut(BaseModel):
    """A site's settings."""

    site_id: str = Field(examples=["roma"])
    name: str = Field(examples=["Bottega Roma"])
    currency: str = Field(description="ISO 4217's code", examples=["EUR"])
    time_zone: str = Field(description="IANA name of the zone whose days are its days", examples=["Europe/Rome"])
    origins: list[str] = Field(description="From where alone pages may send events; empty for everywhere")
    own_domains: list[str] = Field(default=[], description="The shop's own, which are no sources of visits")
    hash_routes: bool = Field(default=False, description="Whether every part of an address after its # is a page")
    page_rules: list[PageRule]
    funnels: list[Funnel]
    dimensions: list[OwnDimension] = Field(default=[], description="Its own, besides those of every site")
    retention_days: int | None = Field(description="How many days events are kept; null for ever")
    hot_days: int | None = Field(
        default=None,
        description="How many days events stay in MongoDB before the archive alone has them; null for ever",
    )
    events_per_second: float | None = Field(
        default=None, description="How many events each execution environment takes; null for as many as come"
    )
    signed_requests: bool = Field(default=False, description="Whether servers have to sign what they send")
    public_orders_until: datetime | None = Field(
        default=None, description="Until when orders that the public write key alone told count; null for ever"
    )
    public_changes_until: datetime | None = Field(
        default=None,
        description="Until when refunds, cancellations and updates by the public write key count; null for ever",
    )
    keep_orders: bool = Field(
        default=False, description="Whether orders of people who are erased stay, without whose they were"
    )
    hash_private: bool = Field(default=False, description="Whether what is private is hashed instead of blotted out")
    needed_properties: list[str] = Field(default=[], description="Parameters and properties that stay as they are")
    created_at: datetime | None = Field(default=None, description="null for a site of an older version")
    version: int = Field(default=0, description="How often its settings were changed")


class MadeSite(SiteOut):
    """A new site, with its first API key, which is shown this once, and its first write key."""

    api_key: str = Field(description="may do everything to the site", examples=["ak_roma_0123456789ab_…"])
    write_key: str = Field(description="may send events, and is public", examples=["wk_roma_0123456789ab_…"])


class Sites(PagedAnswer):
    """Sites by their ids."""

    sites: list[SiteOut]


def make_site(wanted: NewSite) -> MadeSite:
    """Store a new site, and return it with its first keys; raises Conflict when there is one of that id.

    Without an answer there is no site: nobody would have its keys.
    """
    _check_conditions(wanted.funnels, wanted.dimensions)
    key = new_signed_api_key(wanted.site_id, ALL_SCOPES)
    write_key_id, write_key = new_signed_write_key(wanted.site_id)
    document = _document(wanted, key, write_key_id)
    try:
        sites.of(database()).insert_one(document)
    except DuplicateKeyError:
        raise Conflict("there is a site of this id already") from None
    try:
        tell_collect(database(), wanted.site_id)
    except FootfallError:
        sites.of(database()).delete_one({"_id": wanted.site_id})
        raise
    return MadeSite(**SiteOut.model_validate(document).model_dump(), api_key=key.text, write_key=write_key)


def _document(wanted: NewSite, key: ApiKey, write_key_id: str) -> SiteDocument:
    made = now()
    return {
        "_id": wanted.site_id,
        "site_id": wanted.site_id,
        "name": wanted.name or wanted.site_id,
        "time_zone": wanted.time_zone,
        "currency": wanted.currency,
        "origins": wanted.origins,
        "own_domains": wanted.own_domains,
        "hash_routes": wanted.hash_routes,
        "page_rules": [{"prefix": rule.prefix, "page_type": rule.page_type} for rule in wanted.page_rules],
        "funnels": [{"name": funnel.name, "steps": funnel.steps} for funnel in wanted.funnels],
        "dimensions": [{"name": own.name, "property": own.property} for own in wanted.dimensions],
        "retention_days": wanted.retention_days,
        "hot_days": wanted.hot_days,
        "events_per_second": wanted.events_per_second,
        "signed_requests": wanted.signed_requests,
        "public_orders_until": wanted.public_orders_until,
        "public_changes_until": wanted.public_changes_until,
        "keep_orders": wanted.keep_orders,
        "hash_private": wanted.hash_private,
        "needed_properties": wanted.needed_properties,
        "pepper": token_hex(PEPPER_BYTES),
        "api_keys": [
            {
                "key_id": key.key_id,
                "sha256": key.sha256,
                "scopes": list(ALL_SCOPES),
                "expires_at": None,
                "name": FIRST_KEY,
                "created_at": made,
            }
        ],
        "write_keys": [{"key_id": write_key_id, "name": FIRST_KEY, "created_at": made}],
        "revoked_keys": [],
        "created_at": made,
        "version": 0,
    }


def change_site(site_id: str, changes: SiteChanges, version: int | None = None) -> SiteOut:
    """Change what is given of a site, and return the site as it is then.

    Raises NotFound, Invalid, and Conflict where its settings are not those of `version` any more.
    """
    if "funnels" in changes or "dimensions" in changes:
        known = read_site(site_id)
        _check_conditions(changes.get("funnels", known.funnels), changes.get("dimensions", known.dimensions))
    as_expected: Condition = {} if version is None else {"version": version or {"$in": [0, None]}}
    changed = sites.of(database()).find_one_and_update(
        {"_id": site_id, **as_expected},
        {"$set": CHANGES.dump_python(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if changed is None:
        found = read_site(site_id)
        raise Conflict(f"somebody has changed the settings meanwhile: they are version {found.version}")
    if not TOLD_TO_COLLECT.isdisjoint(changes):
        tell_collect(database(), site_id)
    return SiteOut.model_validate(changed)


def _check_conditions(funnels: Sequence[Funnel], dimensions: Sequence[OwnDimension]) -> None:
    known = BUILT_IN_NAMES | {own.name for own in dimensions}
    problems = [
        FieldProblem("funnels", f"funnel {number}: a condition of step {place} names no dimension of the site")
        for number, funnel in enumerate(funnels, 1)
        for place, step in enumerate(funnel.steps, 1)
        if not {each.dimension for part in parsed(step) for each in part.conditions} <= known
    ]
    if problems:
        raise Invalid(problems)


def read_site(site_id: str) -> SiteOut:
    """Returns a site as it is stored now; raises NotFound."""
    return SiteOut.model_validate(stored_site(site_id))


def stored_site(site_id: str) -> SiteDocument:
    """Returns a site's document; raises NotFound."""
    found = sites.of(database()).find_one({"_id": site_id})
    if found is None:
        raise NotFound("no site has this id")
    return found


def list_sites(question: PagedQuestion, only: str | None) -> Sites:
    """Returns a page of the sites, by their ids; `only` that site where a caller has but one."""
    query: Condition = {"_id": only} if only else {}
    found = sites.of(database()).find(query).sort("_id").skip(question.skip).limit(question.page_size)
    listed = [SiteOut.model_validate(site) for site in found]
    return Sites(sites=listed, **paged(question, sites.count(database(), query)))
