"""api/authorizer: whose key this is. What it answers is the only source of `site_id` for every other function."""

import hmac
import time
from typing import Any

from footfall.clock import now
from footfall.errors import BadRequest
from footfall.http.gateway import readable
from footfall.identity import ApiKey, read_api_key
from footfall.schemas.site import StoredApiKey
from footfall.stores.mongo import database

FRESH_SECONDS = 60.0
"""A revoked key stops working within a minute; a key nobody knows may be a new one, and is looked for at once."""
DENIED: dict[str, Any] = {"isAuthorized": False}
_known: dict[str, tuple[float, list[StoredApiKey]]] = {}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API's authorizer request (format 2.0, simple responses)."""
    try:
        key = read_api_key(_given_key(readable(event)["headers"]))
    except BadRequest:
        return DENIED
    stored = _stored(key) if key else None
    if key is None or stored is None:
        return DENIED
    return {
        "isAuthorized": True,
        "context": {"site_id": key.site_id, "key_id": key.key_id, "scopes": " ".join(stored.scopes)},
    }


def _given_key(headers: dict[str, str]) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _stored(key: ApiKey) -> StoredApiKey | None:
    """The key as the site holds it, when its secret is right and it has not expired."""
    stored = _find(key, FRESH_SECONDS) or _find(key, 0)
    if stored is None or not hmac.compare_digest(stored.sha256, key.sha256):
        return None
    return stored if stored.expires_at is None or stored.expires_at > now() else None


def _find(key: ApiKey, seconds: float) -> StoredApiKey | None:
    return next((stored for stored in _keys_of(key.site_id, seconds) if stored.key_id == key.key_id), None)


def _keys_of(site_id: str, seconds: float) -> list[StoredApiKey]:
    """A site's keys, at most so many seconds old."""
    known = _known.get(site_id)
    if known and time.monotonic() - known[0] < seconds:
        return known[1]
    document = database()["sites"].find_one({"_id": site_id}, {"api_keys": 1}) or {}
    keys = [StoredApiKey.model_validate(stored) for stored in document.get("api_keys", [])]
    if keys:
        _known[site_id] = (time.monotonic(), keys)
    return keys
