"""API keys: whose each is and what it may do. A bad one costs no query, whoever sends how many of them."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from cachetools import LRUCache, TTLCache
from footfall.clock import now
from footfall.identity import ApiKey, is_made_here
from footfall.schemas.site import StoredApiKey
from footfall.settings import SigningSettings, from_environment
from footfall.stores.collections import sites
from footfall.stores.mongo import database

FRESH_SECONDS = 50.0
"""A revoked key stops working within a minute; a key nobody knows may be a new one, and is looked for at once."""
LOOK_UPS = 10
"""For so many keys that nobody knows, and one more each second, the database is asked; of more it must be provable that
they were made here, by their signature: reading the secret for that takes a fifth of a second, once."""
_known: TTLCache[str, list[StoredApiKey]] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)
_unknown: TTLCache[tuple[str, str], bool] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)
_with_good_keys: LRUCache[str, bool] = LRUCache(maxsize=10_000)


@dataclass
class Allowance:
    """How many keys that nobody knows may still be looked for, and since when."""

    left: float = LOOK_UPS
    at: float = 0.0

    def take(self) -> bool:
        """Returns whether there was one left, which there is no more."""
        moment = monotonic()
        self.left, self.at = min(self.left + moment - self.at, LOOK_UPS), moment
        if self.left < 1:
            return False
        self.left -= 1
        return True


_allowance = Allowance()


def stored_key(key: ApiKey) -> StoredApiKey | None:
    """Returns the key as its site holds it, when its secret is right and it has not expired."""
    stored = _found(key) if key.is_whole else None
    if stored is None or not hmac.compare_digest(stored.sha256, key.sha256):
        return None
    _with_good_keys[key.site_id] = True
    return stored if stored.expires_at is None or stored.expires_at > now() else None


def _found(key: ApiKey) -> StoredApiKey | None:
    known = _known.get(key.site_id)
    if stored := _of_id(known or [], key.key_id):
        return stored
    if (key.site_id, key.key_id) in _unknown or not (
        _is_due(key.site_id, known) or _allowance.take() or _is_made_here(key)
    ):
        return None
    stored = _of_id(_read_keys(key.site_id), key.key_id)
    if stored is None:
        _unknown[key.site_id, key.key_id] = True
    return stored


def _is_due(site_id: str, known: list[StoredApiKey] | None) -> bool:
    # once in FRESH_SECONDS for a site that there is
    return known is None and site_id in _with_good_keys


def _is_made_here(key: ApiKey) -> bool:
    from footfall.aws.secrets import live_secrets  # boto3, which known keys do without, takes a while to import

    return is_made_here(key, *live_secrets(from_environment(SigningSettings).signing_secret))


def _of_id(keys: Iterable[StoredApiKey], key_id: str) -> StoredApiKey | None:
    return next((stored for stored in keys if stored.key_id == key_id), None)


def _read_keys(site_id: str) -> list[StoredApiKey]:
    site = sites.of(database()).find_one({"_id": site_id}, {"api_keys": 1})
    keys = [StoredApiKey.model_validate(stored) for stored in site.get("api_keys", [])] if site else []
    if keys:
        _known[site_id] = keys
    return keys
