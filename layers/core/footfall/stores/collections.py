"""Every MongoDB collection, declared once: document, writer, indexes, how a person's are found, how long they stay.

`stores/preparing.py` makes them from here. A test refuses every write by anybody but `writer` and `removed_by`.
"""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from footfall.schemas.audit import AuditDocument
from footfall.schemas.catalog import CatalogReceiptDocument
from footfall.schemas.customer import CustomerDocument
from footfall.schemas.dimension import DaySessionsDocument, DimensionDocument
from footfall.schemas.erasure import ErasureDocument, Tombstone
from footfall.schemas.event import EventDocument
from footfall.schemas.exchange import ExchangeRateDocument
from footfall.schemas.feedback import FeedbackDay, FeedbackDocument
from footfall.schemas.funnel import FunnelDocument, RollupsDocument
from footfall.schemas.holdout import HoldOutsDocument
from footfall.schemas.imports import ImportDocument
from footfall.schemas.interest import InterestsDocument
from footfall.schemas.job import JobDocument
from footfall.schemas.lake import ArchivedDay, LakePeriod
from footfall.schemas.ledger import LedgerLine, LedgerSums, SuspectDocument
from footfall.schemas.message import COLLECT_SOURCE, IMPORT_SOURCE
from footfall.schemas.metrics import DayDocument, DayVersionDocument, StaleDay
from footfall.schemas.model import ModelDocument, TrainingRunDocument
from footfall.schemas.order import OrderDocument
from footfall.schemas.person import CounterDocument, PersonDocument
from footfall.schemas.product import ProductDocument
from footfall.schemas.quarantine import QuarantineDocument
from footfall.schemas.recommendation import RecommendationDocument
from footfall.schemas.remnant import RemnantDocument
from footfall.schemas.segment import SavedSegmentsDocument
from footfall.schemas.session import SessionDocument
from footfall.schemas.site import KeyUseDocument, SiteDocument
from footfall.stores.collection import Collection, Expiry, Retention


def _index(*fields: str, **options: Any) -> IndexModel:
    keys = [(field.removeprefix("-"), DESCENDING if field.startswith("-") else ASCENDING) for field in fields]
    return IndexModel(keys, **options)


AT_EXPIRY = Expiry("expires_at", only={"expires_at": {"$type": "date"}})
BY_FLAG = ("site_id", "flags", "timestamp", "_id")
NEWEST_FLAGGED = ("site_id", "timestamp", "_id", "flags")
BY_CURRENCY = ("site_id", "currency", "placed_at", "total", "user_id")
"""All that is asked of orders in other currencies, so that none of them is read."""
CUSTOM_NAMES = ("site_id", "name")
SEGMENTS = ("rfm_segment", "behaviour_segment")
CUSTOMERS_BY = tuple(
    (*segment, *figure)
    for segment in ((), *((name,) for name in SEGMENTS))
    for figure in (
        (),
        ("monetary",),
        ("frequency",),
        ("recency",),
        ("predicted_clv",),
        ("churn_probability",),
        ("value_at_risk",),
    )
)
"""By what customers are listed: all or those of a segment, in the order of a figure or of their ids."""
"""In every order of customers, so that of one segment, too, none before a page is read."""
INTERESTS_BY_CATEGORY = ("site_id", "categories")
PEOPLE_BY_NAME = ("site_id", "found_by", "_id")
PRODUCTS_BY_CATEGORY = ("site_id", "category", "_id")
VISITOR = ("visitor_id", "user_id", "person_id")

sites = Collection("sites", SiteDocument, writer="api/sites")

key_uses = Collection(
    "key_uses",
    KeyUseDocument,
    writer="api/authorizer",
    indexes=[_index("site_id")],
    keep=(Expiry("last_used_at", 400 * 86_400),),
)

audit = Collection(
    "audit",
    AuditDocument,
    writer="api",
    indexes=[_index("site_id", "-at", "-_id"), _index("-at", "-_id")],
    keep=(Expiry("at", 400 * 86_400),),
)

counters = Collection("counters", CounterDocument, writer="etl")

events = Collection(
    "events",
    EventDocument,
    writer="etl/events",
    indexes=[
        _index("site_id", "timestamp"),
        _index("site_id", "visitor_id", "timestamp"),
        _index("site_id", "user_id", "timestamp", partialFilterExpression={"user_id": {"$gt": ""}}),
        _index("site_id", "page_type", "timestamp", partialFilterExpression={"type": "pageview"}),
        _index("site_id", "type", "timestamp"),
        _index(*CUSTOM_NAMES, partialFilterExpression={"type": "custom"}),
        _index("site_id", "commerce.order_id", partialFilterExpression={"commerce.order_id": {"$gt": ""}}),
        _index(*BY_FLAG, partialFilterExpression={"flags": {"$exists": True}}),
        _index(*NEWEST_FLAGGED, partialFilterExpression={"flags": {"$exists": True}}),
    ],
    person=VISITOR,
    keep=(AT_EXPIRY, Retention("timestamp")),
)

remnants = Collection(
    "remnants",
    RemnantDocument,
    writer="jobs/retention",
    indexes=[
        _index("site_id", "visitor_id"),
        _index("site_id", "user_id", partialFilterExpression={"user_id": {"$gt": ""}}),
        _index("site_id", "commerce.order_id", partialFilterExpression={"commerce.order_id": {"$gt": ""}}),
    ],
    person=VISITOR,
)

user_sessions = Collection(
    "user_sessions",
    SessionDocument,
    writer="etl/events",
    indexes=[
        _index("site_id", "visitor_id", "started_at"),
        _index("site_id", "started_at"),
        # partial, as MongoDB would take it for a visitor's sessions too
        _index("site_id", "ended_at", partialFilterExpression={"bot": False}),
        _index("site_id", "computed_at"),
        _index("site_id", "orders.told_id", partialFilterExpression={"orders.told_id": {"$gt": ""}}),
    ],
    person=VISITOR,
    keep=(Retention("started_at"),),
)

users = Collection(
    "users",
    PersonDocument,
    writer="etl/events",
    indexes=[
        _index("site_id", "number", unique=True),
        _index(*PEOPLE_BY_NAME, partialFilterExpression={"found_by": {"$gt": ""}}),
        _index("site_id", "linked_at", partialFilterExpression={"linked_at": {"$exists": True}}),
        _index("site_id", "first_told_at", partialFilterExpression={"first_told_at": {"$exists": True}}),
    ],
    person=("person_id", "link.person_id", "merged_ids"),
)

orders = Collection(
    "orders",
    OrderDocument,
    writer="etl/events",
    indexes=[
        _index("site_id", "user_id", "placed_at"),
        _index("site_id", "person_id", "placed_at"),
        _index("site_id", "told_in.visitor_id", "told_in.at"),
        _index("site_id", "placed_at"),
        _index("site_id", "refunds.at", partialFilterExpression={"refunds.at": {"$type": "date"}}),
        _index(*BY_CURRENCY),
        _index("site_id", "total", partialFilterExpression={"total": {"$lte": 0}}),
        _index("site_id", "flags", partialFilterExpression={"flags": {"$gt": ""}}),
    ],
    person=("user_id", "person_id", "told_in.visitor_id"),
)

exchange_rates = Collection(
    "exchange_rates",
    ExchangeRateDocument,
    writer="api/sites",
    indexes=[_index("site_id", "into", "currency", "date"), _index("site_id", "into", "-date", "currency")],
)

products = Collection(
    "products",
    ProductDocument,
    writer="etl/catalog",
    indexes=[
        _index(*PRODUCTS_BY_CATEGORY),
        _index("site_id", "words", "_id"),
        _index("site_id", "_id"),
        _index("site_id", "featured", "_id", partialFilterExpression={"featured": True}),
    ],
    keep=(Expiry("removed_at", 30 * 86_400),),
)

interests = Collection(
    "interests",
    InterestsDocument,
    writer="etl/catalog",
    indexes=[_index(*INTERESTS_BY_CATEGORY)],
    person=("person_id",),
)

catalog_receipts = Collection(
    "catalog_receipts", CatalogReceiptDocument, writer="etl/catalog", keep=(Expiry("at", 7 * 86_400),)
)

feedback = Collection(
    "feedback",
    FeedbackDocument,
    writer="etl/events",
    indexes=[
        _index("site_id", "timestamp", "_id"),
        _index("site_id", "sentiment.label", "bot", "timestamp"),
        _index("site_id", "person_id"),
        _index("site_id", "sentiment.version", partialFilterExpression={"text": {"$type": "string"}}),
    ],
    person=VISITOR,
    keep=(AT_EXPIRY, Retention("timestamp")),
)

customers = Collection(
    "customers",
    CustomerDocument,
    writer="training/publish",
    indexes=[
        *(_index("site_id", *by, "_id") for by in CUSTOMERS_BY),
        _index("site_id", "clv_category", "monetary", "_id"),
        _index("site_id", "churn_risk_level", "value_at_risk", "_id"),
        _index("site_id", "customer_priority", "monetary", "_id"),
        _index("site_id", "priority_order", "_id"),
    ],
    person=("customer_id",),
)

saved_segments = Collection("saved_segments", SavedSegmentsDocument, writer="api/customers")

hold_outs = Collection("hold_outs", HoldOutsDocument, writer="api/customers")

recommendations = Collection(
    "recommendations",
    RecommendationDocument,
    writer="training/publish",
    indexes=[_index("site_id", "customer_id"), _index("site_id", "version")],
    person=("customer_id",),
)

funnel_analytics = Collection(
    "funnel_analytics", FunnelDocument, writer="jobs/rollup", indexes=[_index("site_id", "funnel", "date")]
)

daily_metrics = Collection("daily_metrics", DayDocument, writer="jobs/rollup", indexes=[_index("site_id", "date")])

feedback_days = Collection("feedback_days", FeedbackDay, writer="jobs/rollup", indexes=[_index("site_id", "date")])

daily_dimensions = Collection(
    "daily_dimensions",
    DimensionDocument,
    writer="jobs/rollup",
    indexes=[_index("site_id", "dimension", "date"), _index("site_id", "date")],
)

daily_sessions = Collection(
    "daily_sessions",
    DaySessionsDocument,
    writer="jobs/rollup",
    indexes=[_index("site_id", "date"), _index("site_id", "begins")],
    keep=(Retention("begins"),),
)

day_versions = Collection(
    "day_versions", DayVersionDocument, writer="jobs", indexes=[_index("site_id", "date", "version")]
)

stale_days = Collection(
    "stale_days", StaleDay, writer="etl/events", indexes=[_index("site_id", "date")], removed_by="jobs/rollup"
)

lake_periods = Collection(
    "lake_periods",
    LakePeriod,
    writer="jobs/rollup",
    indexes=[_index("site_id", "first", "last")],
    removed_by="jobs/retention",
)

archived_days = Collection(
    "archived_days", ArchivedDay, writer="jobs/retention", indexes=[_index("site_id", "start", "end")]
)

rollups = Collection("rollups", RollupsDocument, writer="jobs/rollup")

quarantine = Collection(
    "quarantine",
    QuarantineDocument,
    writer="etl",
    indexes=[
        _index("site_id", "stage", "reason", "state", "first_seen"),
        _index("site_id", "state", "-first_seen", "-_id"),
        _index("site_id", "-first_seen"),
        _index("site_id", "reason", "first_seen", "size"),
        _index("site_id", "event_id", partialFilterExpression={"event_id": {"$gt": ""}}),
        _index("site_id", "origin.import_id", partialFilterExpression={"origin.import_id": {"$gt": ""}}),
    ],
    keep=(Retention("first_seen", {"state": "replayed"}), AT_EXPIRY),
)

models = Collection("models", ModelDocument, writer="training/publish", indexes=[_index("site_id", "name", "-version")])

training_runs = Collection(
    "training_runs", TrainingRunDocument, writer="training", indexes=[_index("site_id", "-started_at")]
)

ledger = Collection(
    "ledger",
    LedgerLine,
    writer="etl/events",
    indexes=[
        _index("site_id", "settled_at", "day", "events", "stored", "duplicate", "quarantined", "waiting"),
        _index("site_id", "waiting", partialFilterExpression={"waiting": {"$gt": 0}}),
        _index("site_id", "source", "events", "waiting", partialFilterExpression={"source": {"$gte": IMPORT_SOURCE}}),
    ],
    # a message comes back for 24 days at most, unless it is moved; its line must be known until then
    keep=(Expiry("settled_at", 90 * 86_400, {"source": {"$gte": COLLECT_SOURCE, "$lt": IMPORT_SOURCE}}),),
)

suspects = Collection("suspects", SuspectDocument, writer="etl/events", keep=(Expiry("expires_at"),))

ledger_sums = Collection("ledger_sums", LedgerSums, writer="jobs/rollup")

imports = Collection("imports", ImportDocument, writer="etl/imports", indexes=[_index("site_id", "-created_at")])

jobs = Collection(
    "jobs",
    JobDocument,
    writer="jobs/answer",
    indexes=[_index("site_id", "state", "asked_at")],
    keep=(Expiry("expires_at", 86_400),),
)

erasures = Collection(
    "erasures",
    ErasureDocument,
    writer="jobs",
    indexes=[_index("site_id", "-asked_at"), _index("due_at", partialFilterExpression={"state": "running"})],
)

tombstones = Collection("tombstones", Tombstone, writer="jobs/erase", indexes=[_index("site_id")])

COLLECTIONS: Mapping[str, Collection[Any]] = {
    each.name: each for each in list(vars().values()) if isinstance(each, Collection)
}
"""Every collection by its name."""
