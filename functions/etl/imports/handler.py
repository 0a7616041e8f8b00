"""etl/imports: uploaded tables become events on the events queue, which is the only way into the stores."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from footfall.errors import Unavailable, Unimportable
from footfall.imports.kind import Destination
from footfall.imports.kinds import KINDS
from footfall.observability import logger
from footfall.schemas.imports import ImportDocument
from footfall.sites import find_site
from footfall.stores.mongo import answering, database

from .notices import ImportRef, Replay, go_on_later, read_notice
from .progress import Job, claim, note_done, note_failed, note_release
from .replays import replay
from .shelf import Shelf, open_shelf
from .steps import STEPS

MAX_ATTEMPTS = 5
AHEAD = timedelta(hours=24)
"""How far a row's time may lie ahead of the import: other time zones, other clocks."""
Clock = Callable[[], int]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Carry on with the imports that SQS messages name, and name the messages that must come back."""
    clock = context.get_remaining_time_in_millis
    failed = [record["messageId"] for record in event["Records"] if not _succeeds(record, clock)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _succeeds(record: dict[str, Any], clock: Clock) -> bool:
    try:
        for ref in read_notice(record["body"]):
            with answering():
                if isinstance(ref, Replay):
                    read_again(ref, record["messageId"], clock)
                else:
                    carry_on(ref, record["messageId"], clock)
    except Unavailable as error:
        logger().warning("import interrupted", extra={"detail": error.detail})
        return False
    except Exception:  # noqa: BLE001 — whatever it is, SQS brings the message back, and claim counts how often
        logger().exception("import interrupted")
        return False
    return True


def carry_on(ref: ImportRef, message_id: str, clock: Clock) -> None:
    """Take an import as far as time allows; one that can never be finished is marked as failed, with the reason."""
    document = claim(ref, message_id)
    if document is None:
        logger().info("nothing to do for this message", extra={"import_id": ref.import_id})
        return
    try:
        if document["attempts"] > MAX_ATTEMPTS:
            raise Unimportable(
                f"given up after {MAX_ATTEMPTS} attempts without progress: the log of etl/imports says why"
            )
        with open_shelf() as shelf:
            job = _job(ref, document, shelf, clock)
            for step in STEPS:
                step(job)
            _hand_over(job)
    except Unimportable as error:
        logger().warning("import failed", extra={"import_id": ref.import_id, "detail": error.detail})
        note_failed(ref, error.detail)


def read_again(order: Replay, message_id: str, clock: Clock) -> None:
    """Read rows of an import again that were set aside; raises Unavailable when their events cannot be queued."""
    document = database()["imports"].find_one({"_id": order.ref.key})
    if document is None or "readers" not in document:
        logger().warning("nothing is known of how to read these rows", extra={"import_id": order.ref.import_id})
        return
    with open_shelf() as shelf:
        replay(_job(order.ref, cast("ImportDocument", document), shelf, clock), order.names, message_id)


def _job(ref: ImportRef, document: ImportDocument, shelf: Shelf, clock: Clock) -> Job:
    site = find_site(database(), ref.site_id)
    if site is None:
        raise Unimportable("the site of this import is gone")
    destination = Destination(ref.site_id, ZoneInfo(site.time_zone), site.currency, document["created_at"] + AHEAD)
    return Job(ref, document, KINDS[document["kind"]], destination, shelf, clock)


def _hand_over(job: Job) -> None:
    if job.paused:
        note_release(job)
        go_on_later(job.ref)
    else:
        note_done(job)
    logger().info("import", extra={"import_id": job.ref.import_id, "paused": job.paused, "rows": job.tally.read})
