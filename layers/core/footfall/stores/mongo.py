"""MongoDB: one client per execution environment, made at its first use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from pymongo import MongoClient, timeout
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
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
