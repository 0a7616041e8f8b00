"""The steps of an import, top to bottom: nothing is sent or stored before every file is known to be readable."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from footfall.aws.queues import pack, send
from footfall.chunks import chunks
from footfall.clock import now
from footfall.errors import Unimportable, Unstorable
from footfall.events.ip_addresses import row_without_addresses
from footfall.imports.kind import GroupEvents, Refused, RowKey, refused_whole
from footfall.imports.reader import Reader, TableRow, read_rows
from footfall.imports.rows import Row
from footfall.imports.survey import survey_all
from footfall.imports.texts import as_utf8
from footfall.quarantine import keep, quarantined
from footfall.schemas.imports import MANIFEST, Manifest, ReadingOptions
from footfall.schemas.message import IMPORT_SOURCE, EventsMessage
from footfall.schemas.quarantine import Origin, QuarantineDocument
from footfall.settings import EventsQueueSettings, from_environment
from footfall.stores.mongo import database
from pydantic import ValidationError

from .catalogue import send_products
from .progress import Job, note_read, note_readers, note_sent
from .spool import MAX_GROUP_BYTES, Group
from .uploads import open_upload

ROWS_AT_ONCE = 2_000
MAX_MANIFEST_BYTES = 65_536
MESSAGE_BYTES = 500_000
"""A message of about 2,300 page views: large enough for a quick insert, small enough to be retried as a whole."""
EVENT_BYTES = 120
"""What an event weighs besides the bytes of its rows."""
GUARD_MILLISECONDS = 30_000
Step = Callable[[Job], None]
WithEvents = tuple[Group, GroupEvents]


def check_manifest(job: Job) -> None:
    """The manifest, which was uploaded last, names the files that were announced."""
    with open_upload(job.ref, MANIFEST) as stream:
        try:
            manifest = Manifest.model_validate_json(stream.read(MAX_MANIFEST_BYTES))
        except ValidationError:
            raise Unimportable(f'{MANIFEST} is not {{"kind": …, "files": [names]}}') from None
    announced = [job.file_name(file) for file in range(len(job.document["files"]))]
    if manifest.kind != job.document["kind"] or sorted(manifest.files) != sorted(announced):
        raise Unimportable(f"{MANIFEST} names another kind or other files than were announced")


def survey_files(job: Job) -> None:
    """Every file is there, whole, and it is known how to read it: decided once for all of its rows."""
    options = ReadingOptions.model_validate(job.document.get("options", {}))
    files = [
        (file["name"], partial(open_upload, job.ref, file["name"], file["size"])) for file in job.document["files"]
    ]
    job.readers = survey_all(job.kind, files, options)
    note_readers(job)


def spool_rows(job: Job) -> None:
    """Read every row of every file; those that cannot be read are kept apart for quarantine."""
    for reader, some in _rows_of(job, job.readers):
        (_remember if reader.layout in job.kind.lookups else _put)(job, reader, some)
        if job.note_is_due():
            note_read(job)
    job.spool.sort()
    note_read(job)


def remember_lookups(job: Job) -> None:
    """Read the tables that rows are looked up in once more; raises Unimportable when one is gone."""
    for reader, some in _rows_of(job, [reader for reader in job.readers if reader.layout in job.kind.lookups]):
        _remember(job, reader, some)


def _rows_of(job: Job, wanted: Sequence[Reader]) -> Iterator[tuple[Reader, list[Row]]]:
    for file, reader in enumerate(job.readers):
        if reader not in wanted:
            continue
        with open_upload(job.ref, job.file_name(file)) as stream:
            for some in chunks(read_rows(reader, as_utf8(stream, reader.encoding), file), ROWS_AT_ONCE):
                yield reader, some
                if job.milliseconds_left() < GUARD_MILLISECONDS:
                    raise Unimportable("the files are too large to be read in one go: split them")


def _remember(job: Job, reader: Reader, rows: Sequence[Row]) -> None:
    # of a table that is looked up in, a row that cannot be read leaves its key unknown
    key, value = job.kind.lookups[reader.layout]
    told: list[tuple[str, str, str]] = []
    for row in rows:
        try:
            read = reader.read(row)
            told.append((reader.layout.name, read.text(key), read.text(value)))
        except Unstorable as error:
            refused = Refused(row, error.reason, error.detail)
            job.spool.refuse([refused])
            job.loaded.refuse(job.file_name(row.file), refused)
    job.spool.remember(told)
    job.loaded.read += len(rows)
    job.loaded.sent += len(told)


def _put(job: Job, reader: Reader, rows: Sequence[Row]) -> None:
    placed: list[tuple[RowKey, Row]] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            placed.append((job.kind.row_key(reader.read(row), job.destination), row))
        except Unstorable as error:
            # whatever it says, its group is not whole without it
            if key := job.kind.key_of_unreadable(reader, row):
                placed.append((key, row))
            else:
                refused.append(Refused(row, error.reason, error.detail))
    job.spool.put(placed)
    job.spool.refuse(refused)
    job.loaded.read += len(rows)
    for found in refused:
        job.loaded.refuse(job.file_name(found.row.file), found)


def quarantine_refused_rows(job: Job) -> None:
    """What could not be read goes to quarantine, with its line and the reason."""
    for some in chunks(job.spool.refused(), ROWS_AT_ONCE):
        keep(database(), [_quarantined(job, found) for found in some])


def send_events(job: Job) -> None:
    """Send what the groups mean; when time runs out, the import is paused behind the last group sent."""
    for batch in batches(job, job.spool.groups(job.position)):
        dispatch(job, batch)
        for group, found in batch:
            _count(job, group, found)
        last, _ = batch[-1]
        job.paused = last.position is not None and job.milliseconds_left() < GUARD_MILLISECONDS
        if job.paused:
            return
        if job.note_is_due():
            note_sent(job)


def batches(job: Job, groups: Iterable[Group]) -> Iterator[list[WithEvents]]:
    """Returns groups of rows with what each means, as many at a time as one message carries."""
    meant = ((group, _events_of(job, group)) for group in groups)
    return chunks(meant, None, _weight, MESSAGE_BYTES)


def _weight(meant: WithEvents) -> int:
    group, found = meant
    return group.size + EVENT_BYTES * len(found.events)


def _events_of(job: Job, group: Group) -> GroupEvents:
    try:
        if not group.whole:
            raise Unstorable("group_too_large", f"the rows that make up one event hold over {MAX_GROUP_BYTES} bytes")
        rows, unreadable = _read(job, group.rows)
        if unreadable:
            return refused_whole(group.rows, unreadable)
        return job.kind.group_events(rows, job.destination)
    except Unstorable as error:
        return GroupEvents([], refused=[Refused(row, error.reason, error.detail) for row in group.rows])


def _read(job: Job, rows: Sequence[Row]) -> tuple[list[TableRow], dict[Row, Unstorable]]:
    read: list[TableRow] = []
    unreadable: dict[Row, Unstorable] = {}
    for row in rows:
        try:
            read.append(job.readers[row.file].read(row))
        except Unstorable as error:
            unreadable[row] = error
    return read, unreadable


def _count(job: Job, group: Group, found: GroupEvents) -> None:
    job.sent.events += len(found.events)
    job.sent.repeated += found.repeated
    job.sent.sent += len(group.rows) - found.repeated - len(found.refused)
    for refused in found.refused:
        job.sent.refuse(job.file_name(refused.row.file), refused)
    if group.position:
        job.position = group.position
        if found.events and (day := group.position[0][:10]):
            job.sent.first_day = job.sent.first_day or day
            job.sent.last_day = day


def dispatch(job: Job, batch: Sequence[WithEvents]) -> None:
    """Send a batch's events and products, quarantine its refused rows; once this returns, all are durable."""
    keep(database(), [_quarantined(job, refused) for _, found in batch for refused in found.refused])
    send_products(job.ref.site_id, [change for _, found in batch for change in found.products])
    events = [event for _, found in batch for event in found.events]
    if events:
        message = EventsMessage(
            site_id=job.ref.site_id,
            source=f"{IMPORT_SOURCE}{job.ref.import_id}",
            received_at=job.document["created_at"],
            events=events,
        )
        send(from_environment(EventsQueueSettings).events_queue_url, job.ref.site_id, pack(message))


def _quarantined(job: Job, found: Refused) -> QuarantineDocument:
    row = found.row
    origin = Origin(import_id=job.ref.import_id, file=job.file_name(row.file), line=row.line)
    reader = job.readers[row.file]
    original = row_without_addresses(row.raw, None if reader.layout.lines else reader.header)
    return quarantined(job.ref.site_id, "imports", found.reason, found.detail, original, origin, now())


STEPS: tuple[Step, ...] = (
    check_manifest,
    survey_files,
    spool_rows,
    quarantine_refused_rows,
    send_events,
)
