"""What the lake's files depend on besides a site's events: periods that were written otherwise are written anew."""

import hashlib
import json

from footfall.lake.contents import columns_of
from footfall.schemas.site import Site


def definition(site: Site) -> str:
    """Returns a fingerprint of a site's time zone, its own dimensions and the columns that there are."""
    own = [(row.name, row.property) for row in site.dimensions]
    return hashlib.sha256(json.dumps([site.time_zone, own, columns_of(site)]).encode()).hexdigest()[:16]
