"""Every MongoDB collection, declared once: document, writer, indexes, how a person's are found, how long they stay.

jobs/prepare and the tests make them from here. A test refuses every write by anybody but `writer` and `removed_by`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_type_hints

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor
from pymongo.errors import CollectionInvalid, OperationFailure

from footfall.schemas.customer import CustomerDocument
from footfall.schemas.dimension import DaySessionsDocument, DimensionDocument
from footfall.schemas.event import EventDocument
from footfall.schemas.exchange import ExchangeRateDocument
from footfall.schemas.feedback import FeedbackDay, FeedbackDocument
from footfall.schemas.funnel import FunnelDocument, RollupsDocument
from footfall.schemas.imports import ImportDocument
from footfall.schemas.job import JobDocument
from footfall.schemas.lake import LakePeriod
from footfall.schemas.ledger import LedgerLine, LedgerSums, SuspectDocument
from footfall.schemas.message import COLLECT_SOURCE, IMPORT_SOURCE
from footfall.schemas.metrics import DayDocument, DayVersionDocument, StaleDay
from footfall.schemas.model import ModelDocument, TrainingRunDocument
from footfall.schemas.order import OrderDocument
from footfall.schemas.person import CounterDocument, PersonDocument
from footfall.schemas.product import ProductDocument
from footfall.schemas.quarantine import QuarantineDocument
from footfall.schemas.recommendation import RecommendationDocument
from footfall.schemas.session import SessionDocument
from footfall.schemas.site import KeyUseDocument, SiteDocument
from footfall.stores.mongo import Condition, Mongo, Pipeline
from footfall.stores.views import VIEWS

Document = TypeVar("Document", bound=Mapping[str, Any])
View = TypeVar("View", bound=Mapping[str, Any])
Index = Sequence[tuple[str, int]]
CODE_NAMESPACE_EXISTS = 48


class Expiry(NamedTuple):
    """A TTL index: MongoDB removes a document `seconds` after the time in `field`, of those that `only` holds for."""

    field: str
    seconds: int = 0
    only: Condition | None = None

    @property
    def ttl(self) -> IndexModel:
        """The index that does it."""
        partial = {"partialFilterExpression": self.only} if self.only else {}
        return IndexModel([(self.field, ASCENDING)], expireAfterSeconds=self.seconds, **partial)


class Retention(NamedTuple):
    """jobs/retention removes a document when the time in `field` is older than the site keeps, if `only` holds."""

    field: str
    only: Condition | None = None


@dataclass(frozen=True)
class Collection(Generic[Document]):
    """One collection.

    `writer` is the one function (`etl/events`) or trigger (`training`) whose code may write here, and `removed_by` who
    else may delete; None where nothing writes yet. `person` are the fields by which a person's documents are found.
    `keep` says what ends a document's life; without it, documents stay for ever.
    """

    name: str
    document: type[Document]
    writer: str | None
    indexes: Sequence[IndexModel] = ()
    person: tuple[str, ...] = ()
    keep: tuple[Expiry | Retention, ...] = ()
    removed_by: str | None = None

    @property
    def all_indexes(self) -> list[IndexModel]:
        """Its indexes, and those by which documents expire."""
        return [*self.indexes, *(end.ttl for end in self.keep if isinstance(end, Expiry))]

    def of(self, database: Mongo) -> MongoCollection[Document]:
        """Returns the collection in a database, its documents typed."""
        return cast("MongoCollection[Document]", database[self.name])

    def count(self, database: Mongo, query: Condition, max_milliseconds: int = 0, most: int = 0) -> int:
        """Returns how many documents match, by the count command: three times as fast as an aggregation.

        It stops at `most`, if that is given.
        """
        return int(database.command("count", self.name, query=query, maxTimeMS=max_milliseconds, limit=most)["n"])

    def read(
        self,
        database: Mongo,
        view: type[View],
        query: Condition,
        *,
        parts: Mapping[str, tuple[str, ...]] | None = None,
        session: ClientSession | None = None,
        batch_size: int = 0,
    ) -> Cursor[View]:
        """Returns the fields of a view of the documents that match; `parts` names what is wanted of a nested field.

        Raises TypeError for a view with a field that the document has not.
        """
        wanted = _projection(self.document, view)
        if parts:
            wanted = {name: shown for name, shown in wanted.items() if name not in parts} | _nested(parts)
        found = self.of(database).find(query, wanted, session=session, batch_size=batch_size)
        return cast("Cursor[View]", found)

    def aggregate(
        self,
        database: Mongo,
        shape: type[View],  # noqa: ARG002 - it is for the type checker
        pipeline: Pipeline,
        *,
        session: ClientSession | None = None,
        max_milliseconds: int | None = None,
        allow_disk_use: bool = False,
        hint: Index | None = None,
    ) -> CommandCursor[View]:
        """Returns what a pipeline makes of the documents, typed as `shape`; `hint` is the index to read them by."""
        options: dict[str, Any] = {"allowDiskUse": True} if allow_disk_use else {}
        if hint is not None:
            options["hint"] = dict(hint)
        if max_milliseconds is not None:
            options["maxTimeMS"] = max_milliseconds
        found = self.of(database).aggregate(pipeline, session=session, **options)
        return cast("CommandCursor[View]", found)


@lru_cache(maxsize=256)
def _projection(document: type, view: type) -> dict[str, int]:
    wanted = get_type_hints(view)
    unknown = sorted(wanted.keys() - get_type_hints(document).keys())
    if unknown:
        raise TypeError(f"{document.__name__} has not the field {unknown[0]} of {view.__name__}")
    return {"_id": 0, **dict.fromkeys(wanted, 1)}


def _nested(parts: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    return {f"{field}.{name}": 1 for field, names in parts.items() for name in names}


def _index(*fields: str, **options: Any) -> IndexModel:
    keys = [(field.removeprefix("-"), DESCENDING if field.startswith("-") else ASCENDING) for field in fields]
    return IndexModel(keys, **options)


AT_EXPIRY = Expiry("expires_at", only={"expires_at": {"$type": "date"}})
BY_FLAG = ("site_id", "flags", "timestamp", "_id")
NEWEST_FLAGGED = ("site_id", "timestamp", "_id", "flags")
BY_CURRENCY = ("site_id", "currency", "placed_at", "total", "user_id")
"""All that is asked of orders in other currencies, so that none of them is read."""
CUSTOM_NAMES = ("site_id", "name")
VISITOR = ("visitor_id", "user_id", "person_id")

sites = Collection("sites", SiteDocument, writer="api/sites")

key_uses = Collection(
    "key_uses",
    KeyUseDocument,
    writer="api/authorizer",
    indexes=[_index("site_id")],
    keep=(Expiry("last_used_at", 400 * 86_400),),
)

counters = Collection("counters", CounterDocument, writer="etl/events")

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
        _index("site_id", "linked_at", partialFilterExpression={"linked_at": {"$exists": True}}),
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

products = Collection("products", ProductDocument, writer="etl/imports", indexes=[_index("site_id", "category")])

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
        _index("site_id", "monetary", "_id"),
        _index("site_id", "frequency", "_id"),
        _index("site_id", "recency", "_id"),
        _index("site_id", "rfm_segment", "monetary", "_id"),
        _index("site_id", "behaviour_segment", "monetary", "_id"),
    ],
    person=("customer_id",),
)

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

rollups = Collection("rollups", RollupsDocument, writer="jobs/rollup")

quarantine = Collection(
    "quarantine",
    QuarantineDocument,
    writer="etl",
    indexes=[
        _index("site_id", "stage", "reason", "state", "first_seen"),
        _index("site_id", "state", "-first_seen", "-_id"),
        _index("site_id", "-first_seen"),
        _index("site_id", "event_id", partialFilterExpression={"event_id": {"$gt": ""}}),
        _index("site_id", "origin.import_id", partialFilterExpression={"origin.import_id": {"$gt": ""}}),
    ],
    keep=(Retention("first_seen", {"state": "replayed"}),),
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

COLLECTIONS: Mapping[str, Collection[Any]] = {
    each.name: each for each in list(vars().values()) if isinstance(each, Collection)
}
"""Every collection by its name."""


def prepare(database: Mongo) -> None:
    """Create what is missing of collections, indexes and views; safe to run again and beside another run."""
    for collection in COLLECTIONS.values():
        _create(database, collection.name)
        if indexes := collection.all_indexes:
            collection.of(database).create_indexes(indexes)
    for name, pipeline in VIEWS.items():
        if not _create(database, name, viewOn="events", pipeline=pipeline):
            database.command({"collMod": name, "viewOn": "events", "pipeline": pipeline})


def _create(database: Mongo, name: str, **options: Any) -> bool:
    try:
        database.create_collection(name, check_exists=False, **options)
    except CollectionInvalid:
        return False
    except OperationFailure as error:
        if error.code != CODE_NAMESPACE_EXISTS:
            raise
        return False
    return True
