"""MongoDB: one client per execution environment, made at its first use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

from bson import Timestamp
from pymongo import MongoClient, timeout
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from footfall.errors import Unavailable
from footfall.settings import MongoSettings, from_environment

Condition = Mapping[str, Any]
"""What documents must be like, as MongoDB is asked."""
Pipeline = Sequence[Mapping[str, Any]]
Mongo = Database[dict[str, Any]]
Result = TypeVar("Result")
CODE_DUPLICATE_KEY = 11000
SNAPSHOT_IS_GONE = (239, 246)
"""SnapshotTooOld and SnapshotUnavailable."""
UNAVAILABLE = (
    AutoReconnect,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    NotPrimaryError,
    ExecutionTimeout,
    WTimeoutError,
)


@cache
def client() -> MongoClient[dict[str, Any]]:
    """The client of this execution environment; it connects at the first operation and gives up within 3 s."""
    return MongoClient(
        from_environment(MongoSettings).mongodb_uri,
        tz_aware=True,
        appname="footfall",
        maxPoolSize=5,
        minPoolSize=0,
        maxIdleTimeMS=60_000,
        connectTimeoutMS=2_000,
        serverSelectionTimeoutMS=3_000,
        retryReads=True,
        retryWrites=True,
    )


def database() -> Mongo:
    """Footfall's database; writes are acknowledged by a majority and its journal."""
    return client().get_database(
        from_environment(MongoSettings).mongodb_database, write_concern=WriteConcern(w="majority", j=True)
    )


def at_once(work: Callable[[ClientSession], Result], seconds: float) -> Result:
    """Returns what `work` does in one transaction, all or nothing of it.

    It is done again from the beginning where somebody else wrote the same documents meanwhile, for so many seconds.
    """
    with timeout(seconds), client().start_session() as session:
        return session.with_transaction(work, ReadConcern("snapshot"), WriteConcern("majority", j=True))


class Moment(NamedTuple):
    """A state of the database, by the cluster's clock: the second, and the write in it."""

    seconds: int
    write: int

    @classmethod
    def now(cls) -> "Moment":
        """Returns the newest state that a majority has."""
        with client().start_session(snapshot=True) as session:
            database()["sites"].find_one({}, {"_id": 1}, session=session)
            return cls(session._snapshot_time.time, session._snapshot_time.inc)  # type: ignore[attr-defined] # noqa: SLF001 - no public name

    @property
    def as_datetime(self) -> datetime:
        """When it was, to the second."""
        return datetime.fromtimestamp(self.seconds, UTC)


@contextmanager
def snapshot(at: Moment | None = None) -> Iterator[ClientSession]:
    """Gives a session that reads one state of the database: that of its first read, or of a moment.

    A moment is kept for five minutes, unless the database's settings say otherwise (minSnapshotHistoryWindowInSeconds);
    raises Unavailable when it is gone.
    """
    with client().start_session(snapshot=True) as session:
        if at is not None:
            session._snapshot_time = Timestamp(*at)  # type: ignore[assignment] # noqa: SLF001 - PyMongo has no public name for it
        try:
            yield session
        except OperationFailure as error:
            if error.code not in SNAPSHOT_IS_GONE:
                raise
            raise Unavailable(
                "what the database held when this was begun is gone: ask again, or for fewer days"
            ) from error


@contextmanager
def answering() -> Iterator[None]:
    """Turn a MongoDB that does not answer into Unavailable, which an HTTP caller or a queue may try again."""
    try:
        yield
    except UNAVAILABLE as error:
        raise Unavailable("the database does not answer") from error


def duplicates(error: BulkWriteError) -> list[dict[str, Any]]:
    """The documents a bulk insert did not store because their key was there; raises `error` for any other failure."""
    failures = error.details["writeErrors"]
    if error.details.get("writeConcernErrors") or any(failure["code"] != CODE_DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["op"] for failure in failures]
