"""Documents that are folded from events: stored, replaced and removed here and nowhere else.

The rule: whatever replaces or removes a document marks, in the same transaction, the days of what was there and of what
is there now. A mark set before could be taken away by a rollup that still read what was there; one set after would be
lost with the process, and when its message comes back, what was there is not there any more. The days of the batch's
own events need none of that: they are marked whenever their message comes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypedDict, TypeVar

from footfall.chunks import chunks
from footfall.stores.mongo import Mongo, at_once, duplicates
from pymongo import DeleteOne, InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from .stale import StaleDays

REPLACED_AT_ONCE = 1_000
SECONDS = 15


class Folded(TypedDict):
    """What every such document has: its key, and of how many events it was made."""

    _id: str
    events: int


Document = TypeVar("Document", bound=Folded)
Writes = list[InsertOne[Document] | ReplaceOne[Document] | DeleteOne]


@dataclass(frozen=True)
class Kind(Generic[Document]):
    """One kind of them: how they are read by key and written, and the moments whose days' figures hold one.

    They `stay` when their events are removed.
    """

    read: Callable[[Mongo, Sequence[str], ClientSession], Iterable[Document]]
    write: Callable[[Mongo, Writes[Document], ClientSession | None], object]
    moments: Callable[[Document], Iterable[datetime]]
    stay: bool = False


def store(
    database: Mongo,
    days: StaleDays,
    kind: Kind[Document],
    documents: Sequence[Document],
    known: AbstractSet[str] = frozenset(),
    superseded: Mapping[str, int] | None = None,
) -> None:
    """Store documents in place of those under their keys, unless what is there was made of more events.

    `known` are keys under which there is something already. `superseded` are those of documents that no events make
    any more, and how many events say so: what was made of more stays. What is the same already is left alone. What is
    new replaces nothing; it is inserted without a transaction where its days are all of events whose messages are being
    worked on, as mostly they are.
    """
    new = {
        document["_id"]: document
        for document in documents
        if document["_id"] not in known and not days.others(kind.moments(document), ever=kind.stay)
    }
    stored = new.keys() - _insert(database, kind, list(new.values()))
    others = {document["_id"]: document for document in documents if document["_id"] not in stored}
    made_of = {**(superseded or {}), **{key: document["events"] for key, document in others.items()}}
    for some in chunks(made_of.items(), REPLACED_AT_ONCE):
        _replace(database, days, kind, dict(some), others)


def _insert(database: Mongo, kind: Kind[Document], documents: list[Document]) -> set[str]:
    # returns the keys under which there was something
    try:
        if documents:
            kind.write(database, [InsertOne(document) for document in documents], None)
    except BulkWriteError as error:
        return {document["_id"] for document in duplicates(error)}
    return set()


def _replace(
    database: Mongo,
    days: StaleDays,
    kind: Kind[Document],
    made_of: Mapping[str, int],
    documents: Mapping[str, Document],
) -> None:
    def replace(session: ClientSession) -> None:
        before = {found["_id"]: found for found in kind.read(database, list(made_of), session)}
        ours = {key for key, events in made_of.items() if key not in before or before[key]["events"] <= events}
        ours = {key for key in ours if documents.get(key) != before.get(key)}
        changed = [found[key] for found in (before, documents) for key in ours if key in found]
        moments = [moment for each in changed for moment in kind.moments(each)]
        days.mark(database, days.others(moments, ever=kind.stay), session)
        if ours:
            kind.write(database, [_write(key, documents.get(key)) for key in ours], session)

    at_once(replace, SECONDS)


def _write(key: str, document: Document | None) -> ReplaceOne[Document] | DeleteOne:
    return ReplaceOne({"_id": key}, document, upsert=True) if document else DeleteOne({"_id": key})


def change(
    database: Mongo, days: StaleDays, moments: Iterable[datetime], write: Callable[[ClientSession | None], object]
) -> None:
    """Do a write that changes or removes documents which are counted at some moments, whatever they are made of."""
    others = days.others(moments)

    def mark_and_write(session: ClientSession) -> None:
        days.mark(database, others, session)
        write(session)

    if others:
        at_once(mark_and_write, SECONDS)
    else:
        write(None)
