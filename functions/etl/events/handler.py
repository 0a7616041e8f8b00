"""etl/events: what waits in the events queue, stored exactly once, and everything derived from it recomputed."""

from typing import Any

from footfall.errors import Unavailable
from footfall.observability import logger

from .batch import read_batches
from .steps import run

GUARD_MILLISECONDS = 3_000
ALONE_AFTER_RECEIVES = 3


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch of SQS messages and name those that must come back.

    All messages go together, which is quick; should that fail for a reason of its own, each goes alone, so that a
    message that cannot be processed keeps no other from being so. One that came back three times goes alone at once.
    """
    records = event["Records"]
    suspects = [record for record in records if _receives(record) >= ALONE_AFTER_RECEIVES]
    together = [record for record in records if _receives(record) < ALONE_AFTER_RECEIVES]
    failed = [] if _succeeds(together) else [record for record in together if not _succeeds_in_time([record], context)]
    failed += [record for record in suspects if not _succeeds_in_time([record], context)]
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}


def _receives(record: dict[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


def _succeeds_in_time(records: list[dict[str, Any]], context: Any) -> bool:
    return context.get_remaining_time_in_millis() > GUARD_MILLISECONDS and _succeeds(records)


def _succeeds(records: list[dict[str, Any]]) -> bool:
    try:
        for batch in read_batches(records):
            run(batch)
    except Unavailable as error:
        logger().warning("a store does not answer", extra={"messages": len(records), "detail": error.detail})
        return False
    except Exception:  # noqa: BLE001 — whatever it is, SQS brings the message back and in the end sets it aside
        logger().exception("messages not processed", extra={"messages": [record["messageId"] for record in records]})
        return False
    return True
