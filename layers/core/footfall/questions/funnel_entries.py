"""What answers about funnels are made of: everybody's entries to the steps, from the rollups or from the lake."""

from cachetools import LRUCache

from footfall.funnels.columns import Entered, unpack
from footfall.questions.funnel_columns import entered
from footfall.questions.funnel_query import FunnelQuery
from footfall.schemas.funnel import Device, DeviceEntries
from footfall.stores.collections import funnel_analytics
from footfall.stores.mongo import database

BATCH = 20_000
MOST_KEPT = 4
# about 40 MB
MOST_KEPT_ENTRIES = 2_000_000
# several questions are often asked of the same days
_kept: LRUCache[tuple[str, str, str, Device | None], Entered] = LRUCache(MOST_KEPT)


def entries(query: FunnelQuery) -> Entered:
    """Returns everybody's entries to each step; raises Invalid when they are too many, Unavailable when the
    lake cannot be read."""
    return _rolled_up(query) if query.from_rollups else entered(query)


def _rolled_up(query: FunnelQuery) -> Entered:
    version = query.rollups.version_of(query.days, "figures")
    if version is None:
        return _read_rollups(query)
    key = (query.rollups.site.site_id, version, query.funnel.name, query.device)
    found = _kept.get(key)
    if found is None:
        found = _read_rollups(query)
        if sum(len(step.keys()) for step in found.steps) <= MOST_KEPT_ENTRIES:
            _kept[key] = found
    return found


def _read_rollups(query: FunnelQuery) -> Entered:
    condition: dict[str, object] = {
        "site_id": query.rollups.site.site_id,
        "funnel": query.funnel.name,
        "date": query.days.dates,
        "entries.count": {"$gt": 0},
    }
    if query.device:
        condition["device"] = query.device
    found = funnel_analytics.read(database(), DeviceEntries, condition, session=query.rollups.session, batch_size=BATCH)
    return unpack(found.to_list(), query.days, len(query.funnel.steps))
