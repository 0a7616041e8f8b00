"""Sites as every function reads them: from MongoDB, at most a minute old."""

from cachetools import TTLCache

from footfall.errors import NotFound
from footfall.schemas.site import Site
from footfall.stores import collections
from footfall.stores.mongo import Mongo

FRESH_SECONDS = 50.0
_known: TTLCache[tuple[str, str], Site] = TTLCache(maxsize=10_000, ttl=FRESH_SECONDS)


def find_site(database: Mongo, site_id: str) -> Site | None:
    """Returns the site of that id, or None; a site that was not there is looked for again."""
    key = (database.name, site_id)
    known = _known.get(key)
    if known is None and (document := collections.sites.of(database).find_one({"_id": site_id})):
        known = _known[key] = Site.model_validate(document)
    return known


def get_site(database: Mongo, site_id: str) -> Site:
    """Returns the site of that id; raises NotFound when there is none."""
    site = find_site(database, site_id)
    if site is None:
        raise NotFound("no site has this id")
    return site


def site_ids(database: Mongo) -> list[str]:
    """Returns the ids of every site."""
    return [site["_id"] for site in collections.sites.of(database).find({}, {"_id": 1})]
