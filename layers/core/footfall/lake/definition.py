"""What the lake's files depend on besides a site's events: periods that were written otherwise are written anew."""

import hashlib
import json

from footfall.lake.contents import COLUMNS
from footfall.schemas.site import Site

MANIFEST = 2
"""Counts what the manifest has said of a day: since 2, how many events of each type it has."""


def definition(site: Site) -> str:
    """Returns a fingerprint of a site's time zone and of the columns and the manifest that there are."""
    return hashlib.sha256(json.dumps([MANIFEST, site.time_zone, COLUMNS]).encode()).hexdigest()[:16]
