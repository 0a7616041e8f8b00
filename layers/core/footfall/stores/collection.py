"""What a collection is: its document, its writer, its indexes, how a person's are found, how long they stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_type_hints

from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor

from footfall.stores.mongo import Condition, Mongo, Pipeline

Document = TypeVar("Document", bound=Mapping[str, Any])
View = TypeVar("View", bound=Mapping[str, Any])
Index = Sequence[tuple[str, int]]


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
