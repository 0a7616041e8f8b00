"""Sites as every function reads them: from MongoDB, at most a minute old."""

import time
from typing import Any

from pymongo.database import Database

from footfall.schemas.site import Site

FRESH_SECONDS = 60.0
_known: dict[tuple[str, str], tuple[float, Site]] = {}


def find_site(database: Database[dict[str, Any]], site_id: str) -> Site | None:
    """The site of that id, or None; a site that was not there is looked for again."""
    key = (database.name, site_id)
    known = _known.get(key)
    if known and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    document = database["sites"].find_one({"_id": site_id})
    if document is None:
        return None
    site = Site.model_validate(document)
    _known[key] = (time.monotonic(), site)
    return site
