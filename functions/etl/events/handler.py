"""etl/events: what waits in the events queue, stored exactly once, and everything derived from it recomputed."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from footfall.errors import Unavailable
from footfall.observability import logger

from .batch import read_batches
from .steps import note_waiting, run, run_suspect

GUARD_MILLISECONDS = 5_000
ALONE_AFTER_RECEIVES = 3
GROUP_BYTES = 2_000_000
"""So much goes through the steps at a time: quick together, and in time-out's reach what is done is done."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch of SQS messages and name those that must come back.

    Messages go in groups; should a group fail for a reason of its own, each of its messages goes alone, so that one
    that cannot be processed keeps no other from being so. A message that came back three times goes alone at once, and
    is set aside when it was what ended the process. When a store does not answer, or the time-out is near, the rest
    comes back untouched.
    """
    left = event["Records"]
    failed: list[dict[str, Any]] = []
    with _collector_at_rest(), suppress(Unavailable):
        for group in groups(left):
            _leave_in_time(context)
            failed += [] if _succeeds(group) else _failing_alone(group, context)
            left = left[len(group) :]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in [*failed, *left]]}


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Without looking for garbage in cycles: events make none, and the search among them took a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def groups(records: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Messages as they go through the steps: in their order, as many as are quick together, suspects alone."""
    group: list[dict[str, Any]] = []
    for record in records:
        if group and (_is_suspect(record) or _is_suspect(group[-1]) or _size([*group, record]) > GROUP_BYTES):
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def _is_suspect(record: dict[str, Any]) -> bool:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)) >= ALONE_AFTER_RECEIVES


def _size(records: list[dict[str, Any]]) -> int:
    return sum(len(record["body"]) for record in records)


def _failing_alone(group: list[dict[str, Any]], context: Any) -> list[dict[str, Any]]:
    if len(group) == 1:
        return group
    failing = []
    for record in group:
        _leave_in_time(context)
        failing += [] if _succeeds([record]) else [record]
    return failing


def _leave_in_time(context: Any) -> None:
    if context.get_remaining_time_in_millis() < GUARD_MILLISECONDS:
        logger().warning("out of time; the rest comes back")
        raise Unavailable("no time is left")


def _succeeds(records: list[dict[str, Any]]) -> bool:
    try:
        for batch in read_batches(records):
            (run_suspect if _is_suspect(records[0]) else run)(batch)
    except Unavailable as error:
        logger().warning("a store does not answer", extra={"messages": len(records), "detail": error.detail})
        raise
    except Exception:  # noqa: BLE001 — whatever it is, SQS brings the message back and in the end sets it aside
        logger().exception("messages not processed", extra={"messages": [record["messageId"] for record in records]})
        if len(records) == 1:
            _note_waiting(records)
        return False
    return True


def _note_waiting(records: list[dict[str, Any]]) -> None:
    """Have the ledger say that a message waits, as well as may be: what broke its processing may break this too."""
    try:
        for batch in read_batches(records):
            note_waiting(batch)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 — the message comes back all the same
        logger().exception("the ledger does not know of a message that waits")
