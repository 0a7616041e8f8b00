"""Who was erased: by keyed digests of their ids, so that what still comes of them is known and left out."""

from collections.abc import Iterable

from footfall.chunks import chunks
from footfall.identity import keyed_digest
from footfall.schemas.site import Site
from footfall.stores.collections import tombstones
from footfall.stores.mongo import Mongo

IDS_PER_QUESTION = 5_000


def digest_of(site: Site, text: str) -> str:
    """Returns a digest of an id or another text, keyed with the site's pepper."""
    return keyed_digest(site.site_id, site.pepper, text)


def tombstone_key(site: Site, person_id: str) -> str:
    """Returns the key of the tombstone of an id."""
    return f"{site.site_id}:{digest_of(site, person_id)}"


def anybody_erased(database: Mongo, site_id: str) -> bool:
    """Returns whether anybody of a site was erased."""
    return tombstones.of(database).find_one({"site_id": site_id}, {"_id": 1}) is not None


def erased_among(database: Mongo, site: Site, ids: Iterable[str]) -> set[str]:
    """Returns those of some ids whose people were erased."""
    if not anybody_erased(database, site.site_id):
        return set()
    keys = {tombstone_key(site, one): one for one in ids}
    found: set[str] = set()
    for some in chunks(keys, IDS_PER_QUESTION):
        found |= {each["_id"] for each in tombstones.of(database).find({"_id": {"$in": some}}, {"_id": 1})}
    return {keys[key] for key in found}
