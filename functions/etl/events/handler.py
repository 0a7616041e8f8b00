"""etl/events: what waits in the events queue, stored exactly once, and everything derived from it recomputed."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from footfall.aws.batches import process
from footfall.aws.invocations import BatchResponse, LambdaContext, SqsEvent, SqsRecord
from footfall.chunks import chunks
from footfall.errors import Unavailable
from footfall.observability import logger, telling_codes

from .batch import read_batches
from .steps import note_waiting, run, run_suspect

ALONE_AFTER_RECEIVES = 3
GROUP_BYTES = 2_000_000
"""So much goes through the steps at a time: quick together, and in time-out's reach what is done is done."""


@telling_codes
def handler(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Process a batch of SQS messages in groups; returns those that must come back.

    A message that came back three times goes alone at once, and is quarantined when it was what ended the process.
    """
    with _collector_at_rest():
        return process(groups(event["Records"]), work, context)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    # events make no garbage in cycles, and the search among them took a sixth of the time
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def groups(records: Sequence[SqsRecord]) -> Iterator[list[SqsRecord]]:
    """Returns messages as they go through the steps: in order, as many as are quick together, suspects alone."""
    return chunks(records, None, _weight, GROUP_BYTES)


def _weight(record: SqsRecord) -> int:
    # nothing goes with a message that weighs more than a group
    return GROUP_BYTES + 1 if _is_suspect(record) else len(record["body"])


def _is_suspect(record: SqsRecord) -> bool:
    return int(record["attributes"].get("ApproximateReceiveCount", 1)) >= ALONE_AFTER_RECEIVES


def work(records: Sequence[SqsRecord]) -> None:
    """Take messages through the steps; of one that cannot be processed, the ledger says that it waits.

    Raises Unavailable when a store does not answer.
    """
    try:
        for batch in read_batches(records):
            (run_suspect if _is_suspect(records[0]) else run)(batch)
    except Unavailable:
        raise
    except Exception:
        if len(records) == 1:
            _note_waiting(records)
        raise


def _note_waiting(records: Sequence[SqsRecord]) -> None:
    try:
        for batch in read_batches(records):
            note_waiting(batch)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 — what broke the processing may break this too; the message comes back all the same
        logger().exception("the ledger does not know of a message that waits")
