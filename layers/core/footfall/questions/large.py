"""Questions that may be too big for one call: each can be asked of parts of the people."""

from collections.abc import Mapping
from typing import Any

from footfall.questions import (
    carts,
    dropoff,
    funnel,
    funnel_people,
    funnel_trend,
    heatmap,
    journeys,
    lifecycle,
    pages,
    paths,
    products,
    retention,
    searches,
    stickiness,
    time_to_convert,
    traffic_sources,
    web_vitals,
)
from footfall.questions.added_up import AddedUp
from footfall.schemas.job import LargeQuestion

LARGE: Mapping[LargeQuestion, AddedUp[Any, Any, Any]] = {
    "funnel": funnel.ADDED_UP,
    "time-to-convert": time_to_convert.ADDED_UP,
    "trend": funnel_trend.ADDED_UP,
    "dropoff": dropoff.ADDED_UP,
    "people": funnel_people.ADDED_UP,
    "retention": retention.ADDED_UP,
    "stickiness": stickiness.ADDED_UP,
    "lifecycle": lifecycle.ADDED_UP,
    "paths": paths.ADDED_UP,
    "journeys": journeys.ADDED_UP,
    "heatmap": heatmap.ADDED_UP,
    "traffic-sources": traffic_sources.ADDED_UP,
    "pages": pages.ADDED_UP,
    "searches": searches.ADDED_UP,
    "products": products.ADDED_UP,
    "carts": carts.ADDED_UP,
    "web-vitals": web_vitals.ADDED_UP,
}
