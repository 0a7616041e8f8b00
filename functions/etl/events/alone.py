"""A step that fails for one visitor fails for that one alone: all others, and the steps after it, go on.

What can never be written, as a document that is too large, is quarantined: its events are stored, and a replay derives
from them anew. Any other failure brings its message back once all else is done.
"""

from bson.errors import InvalidDocument
from footfall.errors import Unavailable
from footfall.observability import logger
from footfall.quarantine import quarantined
from footfall.schemas.message import EventsMessage
from footfall.schemas.quarantine import Origin
from footfall.schemas.site import Site
from footfall.stores.mongo import UNAVAILABLE
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from .batch import Batch, Step

TOO_LARGE = frozenset({10334, 17419, 17420})
"""BSONObjectTooLarge, and what an update would make larger than 16 MB."""
UNDERIVED = "underived"
"""The source of a message that has what could not be derived from stored events derived from them anew."""


def by_visitor(step: Step) -> Step:
    """Returns a step as it is, but for failures: it is done again for each half of the visitors, down to one."""

    def alone(batch: Batch, site: Site) -> None:
        try:
            step(batch, site)
        except (Unavailable, *UNAVAILABLE):
            raise
        except Exception as error:  # noqa: BLE001 — whatever it is, it is one visitor's
            parts = batch.parts()
            if not parts:
                _set_aside(batch, step.__name__, error)
            for part in parts:
                alone(part, site)
            if parts:
                batch.take(parts)

    alone.__name__ = step.__name__
    return alone


def _set_aside(batch: Batch, step: str, error: Exception) -> None:
    logger().error(
        "a step failed for one visitor",
        extra={"site_id": batch.site_id, "step": step, "error": type(error).__name__, "events": len(batch.events)},
    )
    if is_unwritable(error) and batch.events:
        _quarantine(batch, step)
    else:
        batch.failures.append(error)


def is_unwritable(error: Exception) -> bool:
    """Returns whether MongoDB will never store what it was given, however often it is asked."""
    if isinstance(error, BulkWriteError):
        codes = {failure["code"] for failure in error.details.get("writeErrors", [])}
        return bool(codes) and codes <= TOO_LARGE
    if isinstance(error, OperationFailure):
        return error.code in TOO_LARGE
    return isinstance(error, DocumentTooLarge | InvalidDocument)


def _quarantine(batch: Batch, step: str) -> None:
    # the events count as stored, so no message's key is told: the ledger counts each of them once
    event_ids = sorted({event["event_id"] for event in batch.events})
    again = EventsMessage(
        site_id=batch.site_id, source=UNDERIVED, received_at=batch.events[0]["received_at"], reprocess=event_ids
    )
    detail = f"{step}: what follows from these stored events is larger than a document may be"
    original, origin = again.model_dump_json(exclude_none=True).encode(), Origin(source=UNDERIVED)
    batch.quarantine_later.append(
        quarantined(batch.site_id, "events", "document_too_large", detail, original, origin, batch.processed_at)
    )
