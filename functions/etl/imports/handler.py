"""etl/imports: uploaded tables become events on the events queue, which is the only way into the stores."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from footfall.aws.batches import process
from footfall.aws.invocations import BatchResponse, LambdaContext, SqsEvent, SqsRecord
from footfall.errors import Unimportable
from footfall.imports.kind import Destination
from footfall.imports.kinds import KINDS
from footfall.observability import logger, telling_codes
from footfall.schemas.imports import ImportDocument, is_told
from footfall.sites import find_site
from footfall.stores.collections import imports
from footfall.stores.mongo import answering, database

from .messages import ImportRef, Replay, go_on_later, read_message
from .progress import Job, claim, note_done, note_failed, note_release
from .replays import replay
from .spool import RowSpool, open_spool
from .steps import STEPS

MAX_ATTEMPTS = 5
Clock = Callable[[], int]


@telling_codes
def handler(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Carry on with the imports that SQS messages name, one by one; returns the messages that must come back."""

    def work(records: Sequence[SqsRecord]) -> None:
        for record in records:
            _work(record, context.get_remaining_time_in_millis)

    return process([[record] for record in event["Records"]], work, context)


def _work(record: SqsRecord, clock: Clock) -> None:
    for ref in read_message(record["body"]):
        with answering():
            if isinstance(ref, Replay):
                read_again(ref, record["messageId"], clock)
            else:
                carry_on(ref, record["messageId"], clock)


def carry_on(ref: ImportRef, message_id: str, clock: Clock) -> None:
    """Take an import as far as time allows; one that can never be finished is marked as failed, with the reason.

    Raises Unavailable when a store or queue does not answer.
    """
    document = claim(ref, message_id)
    if document is None:
        logger().info("nothing to do for this message", extra={"import_id": ref.import_id})
        return
    try:
        if document["attempts"] > MAX_ATTEMPTS:
            raise Unimportable(
                f"given up after {MAX_ATTEMPTS} attempts without progress: the log of etl/imports says why"
            )
        with open_spool() as spool:
            job = _job(ref, document, spool, clock)
            for step in STEPS:
                step(job)
            _hand_over(job)
    except Unimportable as error:
        logger().warning("import failed", extra={"import_id": ref.import_id})
        note_failed(ref, error.detail)


def read_again(asked: Replay, message_id: str, clock: Clock) -> None:
    """Read rows of an import again that were quarantined; raises Unavailable when their events cannot be queued."""
    document = imports.of(database()).find_one({"_id": asked.ref.key})
    if document is None or not all(map(is_told, document.get("readers", []))):
        logger().warning("nothing is known of how to read these rows", extra={"import_id": asked.ref.import_id})
        return
    with open_spool() as spool:
        replay(_job(asked.ref, document, spool, clock), asked.names, message_id)


def _job(ref: ImportRef, document: ImportDocument, spool: RowSpool, clock: Clock) -> Job:
    site = find_site(database(), ref.site_id)
    if site is None:
        raise Unimportable("the site of this import is gone")
    zone, announced = ZoneInfo(site.time_zone), document["created_at"]
    destination = Destination(ref.site_id, zone, site.currency, announced, spool.look_up)
    return Job(ref, document, KINDS[document["kind"]], destination, spool, clock)


def _hand_over(job: Job) -> None:
    if job.paused:
        note_release(job)
        go_on_later(job.ref)
    else:
        note_done(job)
    logger().info("import", extra={"import_id": job.ref.import_id, "paused": job.paused, "rows": job.tally.read})
