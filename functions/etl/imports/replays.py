"""Rows in quarantine, read again by the parser of today, together with all that make up the same event."""

from collections.abc import Iterator, Sequence

from footfall.clock import now
from footfall.errors import Unimportable, Unstorable
from footfall.imports.reader import reader_of
from footfall.imports.rows import Row
from footfall.quarantine import note_replayed, note_tried, quarantine_key
from footfall.schemas.quarantine import OriginalInput
from footfall.stores.collections import quarantine
from footfall.stores.mongo import database

from .progress import Job
from .steps import batches, dispatch, remember_lookups


def replay(job: Job, names: Sequence[str], asked_by: str) -> None:
    """Send what the rows mean now, and mark them as replayed; count the attempt of those that still mean nothing.

    All rows of the import that wait are looked at, so that none of a group is left out: half an invoice is a wrong one.
    """
    asked = {f"{job.ref.site_id}:{name}" for name in names}
    job.readers = [reader_of(told, job.kind.layouts) for told in job.document.get("readers", [])]
    try:
        remember_lookups(job)
    except Unimportable:  # without the tables that they are looked up in, rows would mean something else
        note_tried(database(), sorted(asked), asked_by, now())
        return
    tried = {_key(job, row) for row in _unreadable(job)}
    job.spool.sort()
    groups = (group for group in job.spool.groups() if not asked.isdisjoint(_key(job, row) for row in group.rows))
    for batch in batches(job, groups):
        dispatch(job, batch)
        refused = {_key(job, one.row) for _, found in batch for one in found.refused}
        done = {_key(job, row) for group, _ in batch for row in group.rows} - refused
        note_replayed(database(), sorted(done), now())
        tried |= refused
    note_tried(database(), sorted(tried & asked), asked_by, now())


def _unreadable(job: Job) -> Iterator[Row]:
    # those that have a group are spooled
    for row in _waiting(job):
        reader = job.readers[row.file]
        try:
            job.spool.put([(job.kind.row_key(reader.read(row), job.destination), row)])
        except Unstorable:
            if key := job.kind.key_of_unreadable(reader, row):
                job.spool.put([(key, row)])
            else:
                yield row


def _waiting(job: Job) -> Iterator[Row]:
    files = {job.file_name(file): file for file in range(len(job.document["files"]))}
    mine = {"site_id": job.ref.site_id, "origin.import_id": job.ref.import_id, "stage": "imports", "state": "waiting"}
    for found in quarantine.read(database(), OriginalInput, mine):
        yield Row(files[found["origin"]["file"]], found["origin"]["line"], found["original"])


def _key(job: Job, row: Row) -> str:
    return quarantine_key(job.ref.site_id, row.raw, job.file_name(row.file), row.line)
