"""The question how many events a site has, exactly, by type."""

from pydantic import BaseModel, Field

from footfall.stores.collections import events
from footfall.stores.mongo import answering, database


class EventCounts(BaseModel):
    """How many events the site has, bots among them."""

    total_events: int = Field(description="Of all types", examples=[53405])
    by_type: dict[str, int] = Field(description="How many of each type", examples=[{"click": 4898, "pageview": 13597}])


@answering()
def answer(site_id: str) -> EventCounts:
    """Returns how many events of each type there are; raises Unavailable."""
    types = sorted(events.of(database()).distinct("type", {"site_id": site_id}))
    by_type = {kind: events.count(database(), {"site_id": site_id, "type": kind}) for kind in types}
    return EventCounts(total_events=sum(by_type.values()), by_type=by_type)
