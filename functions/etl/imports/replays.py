"""Rows that were set aside, read again by the parser of today, together with all that make up the same event."""

from collections.abc import Iterator, Sequence

from footfall.clock import now
from footfall.errors import Unstorable
from footfall.imports.kinds import table_of
from footfall.imports.reader import Reader
from footfall.imports.rows import Row
from footfall.quarantine import note_replayed, note_tried, quarantine_key
from footfall.stores.mongo import database

from .progress import Job
from .steps import MESSAGE_BYTES, Parcel, dispatch, meaning_of


def replay(job: Job, names: Sequence[str], asked_by: str) -> None:
    """Send what the rows mean now, and mark them as replayed; count the attempt of those that still mean nothing.

    All rows of the import that wait are looked at, so that none of a group is left out: half an invoice is a wrong one.
    """
    asked = {f"{job.ref.site_id}:{name}" for name in names}
    job.readers = _readers(job)
    tried = {_key(job, row) for row in _unreadable(job)}
    job.shelf.sort()
    parcel, done = Parcel(), list[str]()
    for group in job.shelf.groups():
        keys = {_key(job, row) for row in group.rows}
        if keys.isdisjoint(asked):
            continue
        found = meaning_of(job, group)
        refused = {_key(job, refused.row) for refused in found.refused}
        tried |= refused
        parcel.add(found, group.size)
        done += keys - refused
        if parcel.size >= MESSAGE_BYTES:
            _send(job, parcel, done)
            parcel, done = Parcel(), []
    _send(job, parcel, done)
    note_tried(database(), sorted(tried & asked), asked_by, now())


def _readers(job: Job) -> list[Reader]:
    told = job.document["readers"]
    tables = [table_of(job.document["kind"], job.file_name(file)) for file in range(len(told))]
    return [Reader(table, reader["columns"], reader["width"]) for table, reader in zip(tables, told, strict=True)]


def _unreadable(job: Job) -> Iterator[Row]:
    """Put every waiting row of the import on the shelf; the answer is those that cannot be."""
    for row in _waiting(job):
        try:
            job.shelf.put([(job.kind.place(job.readers[row.file].read(row), job.destination), row)])
        except Unstorable:
            yield row


def _waiting(job: Job) -> Iterator[Row]:
    files = {job.file_name(file): file for file in range(len(job.document["files"]))}
    mine = {"site_id": job.ref.site_id, "origin.import_id": job.ref.import_id, "stage": "imports", "state": "waiting"}
    for document in database()["quarantine"].find(mine, {"origin": True, "original": True}):
        yield Row(files[document["origin"]["file"]], document["origin"]["line"], document["original"])


def _key(job: Job, row: Row) -> str:
    return quarantine_key(job.ref.site_id, row.raw, job.file_name(row.file), row.line)


def _send(job: Job, parcel: Parcel, done: Sequence[str]) -> None:
    dispatch(job, parcel)
    note_replayed(database(), done, now())
