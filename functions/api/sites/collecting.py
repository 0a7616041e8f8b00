"""What collect is told of every site, in the one parameter that it reads: keys that have ended, and origins."""

import json
from datetime import datetime

from footfall.aws.parameters import rewrite
from footfall.errors import Conflict
from footfall.schemas.site import ApiKeyDocument
from footfall.settings import CollectAccessSettings, from_environment
from footfall.stores.collections import sites
from footfall.stores.mongo import Condition, database

LARGEST_PARAMETER = 8_192
"""https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"""

TOLD: Condition = {
    "$or": [
        {"origins.0": {"$exists": True}},
        {"revoked_keys.0": {"$exists": True}},
        {"api_keys": {"$elemMatch": {"scopes": "collect", "expires_at": {"$ne": None}}}},
    ]
}
TOLD_FIELDS = {"site_id": 1, "origins": 1, "revoked_keys": 1, "api_keys": 1}


def tell_collect() -> None:
    """Have collect know, within its minute, what is stored of every site now.

    Limits, and keys that were revoked by hand, stay in the parameter. Raises Conflict when it is full, Unavailable.
    """
    rewrite(from_environment(CollectAccessSettings).collect_access_parameter, _as_stored)


def _as_stored(text: str) -> str:
    access = json.loads(text)
    revoked: set[str] = set(access.get("revoked", []))
    origins: dict[str, list[str]] = {}
    ends: dict[str, str] = {}
    for site in sites.of(database()).find(TOLD, TOLD_FIELDS).sort("_id", 1):
        revoked.update(site.get("revoked_keys", []))
        ends |= {key["key_id"]: end.isoformat() for key in site["api_keys"] if (end := _end_of_sending(key))}
        if site["origins"]:
            origins[site["site_id"]] = site["origins"]
    told = {**access, "revoked": sorted(revoked), "ends": ends, "origins": origins}
    changed = json.dumps(told, separators=(",", ":"))
    if len(changed) > LARGEST_PARAMETER:
        raise Conflict("it is stored, but collect cannot be told: its list of revoked keys and origins is full")
    return changed


def _end_of_sending(key: ApiKeyDocument) -> datetime | None:
    return key["expires_at"] if "collect" in key["scopes"] else None
