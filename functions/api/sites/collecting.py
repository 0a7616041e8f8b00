"""What collect is told of every site, in the one parameter that it reads: revoked write keys and origins."""

import json

from footfall.aws.parameters import rewrite
from footfall.errors import Conflict
from footfall.settings import CollectAccessSettings, from_environment
from footfall.stores.collections import sites
from footfall.stores.mongo import database

LARGEST_PARAMETER = 8_192
"""https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"""


def tell_collect() -> None:
    """Have collect know, within its minute, what is stored of every site now.

    Limits, and keys that were revoked by hand, stay in the parameter. Raises Conflict when it is full, Unavailable.
    """
    rewrite(from_environment(CollectAccessSettings).collect_access_parameter, _as_stored)


def _as_stored(text: str) -> str:
    access = json.loads(text)
    revoked: set[str] = set(access.get("revoked", []))
    origins: dict[str, list[str]] = {}
    told = {"$or": [{"origins.0": {"$exists": True}}, {"revoked_write_keys.0": {"$exists": True}}]}
    for site in sites.of(database()).find(told, {"site_id": 1, "origins": 1, "revoked_write_keys": 1}).sort("_id", 1):
        revoked.update(site.get("revoked_write_keys", []))
        if site["origins"]:
            origins[site["site_id"]] = site["origins"]
    changed = json.dumps({**access, "revoked": sorted(revoked), "origins": origins}, separators=(",", ":"))
    if len(changed) > LARGEST_PARAMETER:
        raise Conflict("it is stored, but collect cannot be told: its list of revoked keys and origins is full")
    return changed
