"""api/authorizer: whose key this is. What it answers is the only source of `site_id` for every other function."""

import hmac
import re
from collections.abc import Iterable
from typing import NotRequired, TypedDict

from cachetools import TTLCache
from footfall.aws.invocations import LambdaContext
from footfall.clock import now
from footfall.errors import BadRequest
from footfall.http.gateway import readable
from footfall.identity import SITE_ID, ApiKey, read_api_key
from footfall.roles import SCOPES
from footfall.schemas.site import StoredApiKey
from footfall.settings import OperatorSettings, from_environment
from footfall.stores.collections import sites
from footfall.stores.mongo import database

from .uses import note_use

FRESH_SECONDS = 60.0
"""A revoked key stops working within a minute; a key nobody knows may be a new one, and is looked for at once."""
OPERATOR_KEY = re.compile(r"[A-Za-z0-9]{64}")
"""As template.yaml has Secrets Manager generate it; what looks otherwise is not compared with it."""
_known: TTLCache[str, list[StoredApiKey]] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)


class Granted(TypedDict):
    """What every other function is told of the caller; `scopes` has spaces between them."""

    site_id: str
    key_id: str
    scopes: str


NOBODY = Granted(site_id="", key_id="", scopes="")


class Authorization(TypedDict):
    """An HTTP API's simple authorizer response; `context` comes with a good key."""

    isAuthorized: bool
    context: NotRequired[Granted]


def handler(event: object, context: LambdaContext) -> Authorization:
    """Returns whether a request's key is good, and whose it is (format 2.0, simple responses).

    The operator's key is good for every site, and for one at a time: `X-Footfall-Site` says for which. A request
    without a key goes through as nobody's, which every function answers with a 401: the gateway can only say 403.
    """
    try:
        headers = readable(event)["headers"]
    except BadRequest:
        return {"isAuthorized": False}
    given = _given_key(headers)
    if not given:
        return {"isAuthorized": True, "context": NOBODY}
    if OPERATOR_KEY.fullmatch(given):
        granted = _granted_to_operator(given, headers.get("x-footfall-site", ""))
    else:
        granted = _granted_to(read_api_key(given))
    return {"isAuthorized": True, "context": granted} if granted else {"isAuthorized": False}


def _given_key(headers: dict[str, str]) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _granted_to_operator(given: str, site_id: str) -> Granted | None:
    from footfall.aws.secrets import secret  # boto3, which shops' keys do without, takes a while to import

    if not hmac.compare_digest(given, secret(from_environment(OperatorSettings).operator_secret)):
        return None
    if not site_id:
        return Granted(site_id="", key_id="operator", scopes="operator")
    if not SITE_ID.fullmatch(site_id) or not sites.of(database()).find_one({"_id": site_id}, {"_id": 1}):
        return None
    return Granted(site_id=site_id, key_id="operator", scopes=SCOPES["operator"])


def _granted_to(key: ApiKey | None) -> Granted | None:
    stored = _stored(key) if key else None
    if key is None or stored is None:
        return None
    note_use(key)
    return Granted(site_id=key.site_id, key_id=key.key_id, scopes=" ".join(stored.scopes))


def _stored(key: ApiKey) -> StoredApiKey | None:
    # the key as the site holds it, when its secret is right and it has not expired
    stored = _of_id(_known.get(key.site_id, []), key.key_id) or _of_id(_read_keys(key.site_id), key.key_id)
    if stored is None or not hmac.compare_digest(stored.sha256, key.sha256):
        return None
    return stored if stored.expires_at is None or stored.expires_at > now() else None


def _of_id(keys: Iterable[StoredApiKey], key_id: str) -> StoredApiKey | None:
    return next((stored for stored in keys if stored.key_id == key_id), None)


def _read_keys(site_id: str) -> list[StoredApiKey]:
    site = sites.of(database()).find_one({"_id": site_id}, {"api_keys": 1})
    keys = [StoredApiKey.model_validate(stored) for stored in site.get("api_keys", [])] if site else []
    if keys:
        _known[site_id] = keys
    return keys
