"""Views over the event log, with the fields of classic tables."""

from collections.abc import Mapping

from footfall.schemas.event import INTERACTION_TYPES
from footfall.stores.mongo import Pipeline

VIEWS: Mapping[str, Pipeline] = {
    "page_visits": [
        {"$match": {"type": "pageview"}},
        {
            "$project": {
                **dict.fromkeys(
                    ["site_id", "event_id", "visitor_id", "user_id", "session_id", "timestamp", "url", "path", "title"],
                    1,
                ),
                **dict.fromkeys(["referrer", "page_type", "device", "browser", "os", "country", "duration"], 1),
                **dict.fromkeys(["attribution", "bot"], 1),
            }
        },
    ],
    "user_interactions": [
        {"$match": {"type": {"$in": sorted(INTERACTION_TYPES)}}},
        {
            "$project": {
                **dict.fromkeys(
                    ["site_id", "event_id", "visitor_id", "user_id", "session_id", "timestamp", "type", "path"], 1
                ),
                **dict.fromkeys(["page_type", "device", "element", "coordinates", "value", "duration", "bot"], 1),
            }
        },
    ],
}
"""The classic page-visit and interaction tables, as views: an event is written once."""
