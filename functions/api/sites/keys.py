"""A site's keys: made, rotated, revoked. Of an API key only a hash is kept; a write key is public, and signed."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from footfall.clock import now
from footfall.days import Moment
from footfall.errors import Conflict, FieldProblem, FootfallError, Invalid, NotFound
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.schemas.site import ApiKeyDocument, Scope, SiteDocument, WriteKeyDocument
from footfall.sending import tell_collect
from footfall.stores.collections import key_uses, sites
from footfall.stores.mongo import database
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from .registry import stored_site
from .settings import printable
from .signing import new_signed_api_key, new_signed_write_key, request_secret, signed_write_key

MOST_KEYS = 50
MOST_REVOKED = 2_000
"""Collect reads them all, some 30 KB."""
HOURS_KEPT = 24
Kind = Literal["api", "write"]


class KeyOut(BaseModel):
    """A key as it may be shown again: without its secret."""

    key_id: str = Field(examples=["0123456789ab"])
    kind: Kind
    name: str
    scopes: list[Scope] = Field(description="What it may do")
    created_at: datetime | None = Field(description="null for a key of an older version")
    expires_at: datetime | None = Field(description="when it stops; null for never")
    last_used_at: datetime | None = Field(
        description="to the hour, of the last 400 days; null for a key that was not used then, and for a write key"
    )
    write_key: str | None = Field(
        description="a write key whole, as it is public; null for an API key, and once its signing secret is not used"
    )


class Keys(PagedAnswer):
    """A page of a site's keys that are not revoked: API keys, then write keys, each kind the oldest first."""

    keys: list[KeyOut]


class MadeKey(KeyOut):
    """A new key."""

    key: str = Field(description="The key; an API key is shown this once", examples=["ak_roma_0123456789abcdef_…"])
    request_secret: str | None = Field(
        default=None, description="what its requests may be signed with instead of bringing the key, if it may send"
    )


class RevokedKey(BaseModel):
    """A key that stops working within a minute."""

    key_id: str
    status: Literal["revoked"] = "revoked"


class KeyRequest(BaseModel):
    """A key to make: an API key, or a write key, which has neither scopes nor an end."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = "api"
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(printable)] = ""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4, description="Without them `read`")] | None = None
    expires_at: Moment | None = Field(default=None, description="When it stops; null for never")


def list_keys(site_id: str, question: PagedQuestion) -> Keys:
    """Returns a page of a site's keys; raises NotFound."""
    site = stored_site(site_id)
    used = {use["key_id"]: use["last_used_at"] for use in key_uses.of(database()).find({"site_id": site_id})}
    api = [_api_key_out(key, used.get(key["key_id"])) for key in site["api_keys"]]
    keys = [*api, *(_write_key_out(site_id, key) for key in site.get("write_keys", []))]
    return Keys(keys=keys[question.skip : question.skip + question.page_size], **paged(question, len(keys)))


def _api_key_out(key: ApiKeyDocument, last_used_at: datetime | None = None) -> KeyOut:
    return KeyOut(
        key_id=key["key_id"],
        kind="api",
        name=key.get("name", ""),
        scopes=key["scopes"],
        created_at=key.get("created_at"),
        expires_at=key["expires_at"],
        last_used_at=last_used_at,
        write_key=None,
    )


def _write_key_out(site_id: str, key: WriteKeyDocument) -> KeyOut:
    return KeyOut(
        key_id=key["key_id"],
        kind="write",
        name=key["name"],
        scopes=["collect"],
        created_at=key["created_at"],
        expires_at=None,
        last_used_at=None,
        write_key=signed_write_key(site_id, key["key_id"]),
    )


def make_key(site_id: str, wanted: KeyRequest) -> MadeKey:
    """Make a key and return it; raises NotFound, Invalid, and Conflict when the site has as many as it may."""
    if wanted.kind == "write":
        _refuse_for_write_keys(wanted)
        return _make_write_key(site_id, wanted.name)
    if wanted.expires_at and wanted.expires_at <= now():
        raise Invalid([FieldProblem("expires_at", "this moment has passed")])
    made = _make_api_key(site_id, wanted.name, wanted.scopes or ["read"], wanted.expires_at)
    if made.expires_at:
        _tell_collect_of_ends(site_id, made)
    return made


def _tell_collect_of_ends(site_id: str, made: MadeKey) -> None:
    # whoever asked gets no key that goes on, or whose forerunner goes on, in collect alone
    if "collect" not in made.scopes:
        return
    try:
        tell_collect(database(), site_id)
    except FootfallError:
        sites.of(database()).update_one({"_id": site_id}, {"$pull": {"api_keys": {"key_id": made.key_id}}})
        raise


def _refuse_for_write_keys(wanted: KeyRequest) -> None:
    given = [name for name in ("scopes", "expires_at") if getattr(wanted, name) is not None]
    if given:
        raise Invalid(
            [FieldProblem(name, "a write key has none: it may send events until it is revoked") for name in given]
        )


def _make_api_key(site_id: str, name: str, scopes: list[Scope], expires_at: datetime | None) -> MadeKey:
    key = new_signed_api_key(site_id, scopes)
    stored: ApiKeyDocument = {
        "key_id": key.key_id,
        "sha256": key.sha256,
        "scopes": sorted(set(scopes)),
        "expires_at": expires_at,
        "name": name,
        "created_at": now(),
    }
    room = {"_id": site_id, f"api_keys.{MOST_KEYS - 1}": {"$exists": False}}
    added = sites.of(database()).update_one(room, {"$push": {"api_keys": stored}})
    _check_that_there_was_room(site_id, added.matched_count)
    secret = request_secret(site_id, key.key_id) if "collect" in scopes else None
    return MadeKey(**_api_key_out(stored).model_dump(), key=key.text, request_secret=secret)


def _make_write_key(site_id: str, name: str) -> MadeKey:
    key_id, key = new_signed_write_key(site_id)
    stored: WriteKeyDocument = {"key_id": key_id, "name": name, "created_at": now()}
    room = {"_id": site_id, f"write_keys.{MOST_KEYS - 1}": {"$exists": False}}
    added = sites.of(database()).update_one(room, {"$push": {"write_keys": stored}})
    _check_that_there_was_room(site_id, added.matched_count)
    return MadeKey(**_write_key_out(site_id, stored).model_dump(), key=key)


def _check_that_there_was_room(site_id: str, matched: int) -> None:
    if not matched:
        stored_site(site_id)
        raise Conflict(f"a site has {MOST_KEYS} keys of a kind at most: revoke one first")


def rotate_key(site_id: str, key_id: str, hours_kept: int) -> MadeKey:
    """Make a key that may do what another one may, which ends after so many hours, and return it.

    Raises NotFound or Conflict.

    A write key is in pages that nobody can find all of: it goes on until it is revoked.
    """
    site = stored_site(site_id)
    if write_key := next((key for key in site.get("write_keys", []) if key["key_id"] == key_id), None):
        return _make_write_key(site_id, write_key["name"])
    old = next((key for key in site["api_keys"] if key["key_id"] == key_id), None)
    if old is None:
        raise NotFound("the site has no such key")
    made = _make_api_key(site_id, old.get("name", ""), old["scopes"], _as_long_again(old))
    ends = now() + timedelta(hours=hours_kept)
    sites.of(database()).update_one(
        {"_id": site_id, "api_keys": {"$elemMatch": {"key_id": key_id, "expires_at": {"$not": {"$lt": ends}}}}},
        {"$set": {"api_keys.$.expires_at": ends, "api_keys.$.made_until": _made_until(old)}},
    )
    _tell_collect_of_ends(site_id, made)
    return made


def _as_long_again(old: ApiKeyDocument) -> datetime | None:
    # a key that was made for ninety days is followed by one for ninety days
    made, ends = old.get("created_at"), _made_until(old)
    return now() + (ends - made) if made and ends else ends


def _made_until(key: ApiKeyDocument) -> datetime | None:
    # of one that was followed before: an answer may be lost, and its new key with it
    return key.get("made_until", key["expires_at"])


def revoke_key(site_id: str, key_id: str) -> RevokedKey:
    """End a key, and return its id; raises NotFound, Conflict or Unavailable. It may be asked until it succeeds."""
    site = stored_site(site_id)
    if _may_send(site, key_id):
        gone = {"$pull": {"api_keys": {"key_id": key_id}, "write_keys": {"key_id": key_id}}}
        sites.of(database()).update_one({"_id": site_id}, {**gone, "$addToSet": {"revoked_keys": key_id}})
        tell_collect(database(), site_id)
    elif any(key["key_id"] == key_id for key in site["api_keys"]):
        sites.of(database()).update_one({"_id": site_id}, {"$pull": {"api_keys": {"key_id": key_id}}})
    else:
        raise NotFound("the site has no such key")
    return RevokedKey(key_id=key_id)


def _may_send(site: SiteDocument, key_id: str) -> bool:
    revoked = site.get("revoked_keys", [])
    if key_id in revoked:
        return True
    secret = {key["key_id"] for key in site["api_keys"] if "collect" in key["scopes"]}
    known = key_id in secret.union(key["key_id"] for key in site.get("write_keys", []))
    if known and len(revoked) >= MOST_REVOKED:
        raise Conflict(f"a site has {MOST_REVOKED} revoked keys that could send at most")
    return known
