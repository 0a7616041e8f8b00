"""What the lake's files depend on besides a site's events: periods that were written otherwise are written anew."""

import hashlib
import json

from footfall.lake.contents import columns_of
from footfall.schemas.site import Site

MANIFEST = 3
"""Counts what the manifest and the files have said: since 2, how many events of each type a day has; since 3, sessions
are known by when they began."""

ALL_THERE: dict[str, object] = {"days": {"$type": "array"}, "files": {"$type": "array"}}
"""The MongoDB condition for a document with its lists of days and files.

One without is as if it were not there: its days are read from the events, and the next rollup writes it anew."""


def definition(site: Site) -> str:
    """Returns a fingerprint of a site's time zone and own dimensions, and of the columns and the manifest there are."""
    own = [(row.name, row.property) for row in site.dimensions]
    return hashlib.sha256(json.dumps([MANIFEST, site.time_zone, own, columns_of(site)]).encode()).hexdigest()[:16]


def written_by(site: Site) -> dict[str, object]:
    """Returns the MongoDB condition for what is whole and written by a site's present settings."""
    return {"definition": definition(site), **ALL_THERE}
