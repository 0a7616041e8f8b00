"""Every MongoDB collection, index, TTL and view: defined here once, made by jobs/prepare and by the tests alike."""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, OperationFailure

from footfall.schemas.message import IMPORT_SOURCE

Document = dict[str, Any]
PAGE_VISIT_TYPES = ["pageview"]
INTERACTION_TYPES = ["click", "scroll", "hover", "form", "form_submit"]
CODE_NAMESPACE_EXISTS = 48
KEPT_LINES_SECONDS = 90 * 86_400
"""A message comes back for 24 days at most, unless it is moved; its line must be known until then."""


def _index(*fields: str, **options: Any) -> IndexModel:
    keys = [(field.removeprefix("-"), DESCENDING if field.startswith("-") else ASCENDING) for field in fields]
    return IndexModel(keys, **options)


COLLECTIONS: Mapping[str, list[IndexModel]] = {
    "sites": [],
    "counters": [],
    "events": [
        _index("site_id", "timestamp"),
        _index("site_id", "visitor_id", "timestamp"),
        _index("site_id", "session_id", partialFilterExpression={"session_id": {"$gt": ""}}),
        _index("site_id", "user_id", "timestamp", partialFilterExpression={"user_id": {"$gt": ""}}),
        _index("site_id", "page_type", "timestamp", partialFilterExpression={"type": "pageview"}),
        _index("site_id", "type", "timestamp"),
        _index("site_id", "commerce.order_id", partialFilterExpression={"commerce.order_id": {"$gt": ""}}),
        _index("expires_at", expireAfterSeconds=0, partialFilterExpression={"expires_at": {"$type": "date"}}),
    ],
    "user_sessions": [
        _index("site_id", "visitor_id", "started_at"),
        _index("site_id", "started_at"),
        _index("site_id", "computed_at"),
    ],
    "users": [_index("site_id", "user_id", unique=True)],
    "orders": [
        _index("site_id", "user_id", "placed_at"),
        _index("site_id", "person_id"),
        _index("site_id", "placed_at"),
        _index("site_id", "refunded_at", partialFilterExpression={"refunded_at": {"$type": "date"}}),
    ],
    "products": [_index("site_id", "category")],
    "feedback": [
        _index("site_id", "timestamp"),
        _index("site_id", "person_id"),
        _index("expires_at", expireAfterSeconds=0, partialFilterExpression={"expires_at": {"$type": "date"}}),
    ],
    "customers": [
        _index("site_id", "monetary", "_id"),
        _index("site_id", "frequency", "_id"),
        _index("site_id", "recency", "_id"),
        _index("site_id", "rfm_segment", "monetary", "_id"),
        _index("site_id", "behaviour_segment", "monetary", "_id"),
    ],
    "recommendations": [_index("site_id", "customer_id")],
    "funnel_analytics": [_index("site_id", "funnel", "date")],
    "daily_metrics": [_index("site_id", "date")],
    "stale_days": [_index("site_id", "date")],
    "rollups": [],
    "quarantine": [
        _index("site_id", "stage", "reason", "state", "first_seen"),
        _index("site_id", "state", "-first_seen", "_id"),
        _index("site_id", "-first_seen"),
        _index("site_id", "event_id", partialFilterExpression={"event_id": {"$gt": ""}}),
        _index("site_id", "origin.import_id", partialFilterExpression={"origin.import_id": {"$gt": ""}}),
    ],
    "models": [_index("site_id", "name", "-version")],
    "training_runs": [_index("site_id", "-started_at")],
    "ledger": [
        _index("site_id", "settled_at", "day", "events", "stored", "duplicate", "quarantined", "waiting"),
        _index("site_id", "waiting", partialFilterExpression={"waiting": {"$gt": 0}}),
        _index("settled_at", expireAfterSeconds=KEPT_LINES_SECONDS, partialFilterExpression={"source": "collect"}),
        _index("site_id", "source", "events", "waiting", partialFilterExpression={"source": {"$gte": IMPORT_SOURCE}}),
    ],
    "suspects": [_index("expires_at", expireAfterSeconds=0)],
    "ledger_sums": [],
    "imports": [_index("site_id", "-created_at")],
}

VIEWS: Mapping[str, list[Document]] = {
    "page_visits": [
        {"$match": {"type": {"$in": PAGE_VISIT_TYPES}}},
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
        {"$match": {"type": {"$in": INTERACTION_TYPES}}},
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


def prepare(database: Database[Document]) -> None:
    """Create what is missing of collections, indexes and views; safe to run again and beside another run."""
    for name, indexes in COLLECTIONS.items():
        _create(database, name)
        if indexes:
            database[name].create_indexes(indexes)
    for name, pipeline in VIEWS.items():
        if not _create(database, name, viewOn="events", pipeline=pipeline):
            database.command({"collMod": name, "viewOn": "events", "pipeline": pipeline})


def _create(database: Database[Document], name: str, **options: Any) -> bool:
    try:
        database.create_collection(name, check_exists=False, **options)
    except CollectionInvalid:
        return False
    except OperationFailure as error:
        if error.code != CODE_NAMESPACE_EXISTS:
            raise
        return False
    return True
