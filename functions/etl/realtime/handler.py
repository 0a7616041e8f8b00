"""etl/realtime: who is on the site right now, kept in Redis for as long as it is true.

What it writes lives for half an hour at most and is announced again with the next event, so it is worth a few tries and
no more. While Redis does not answer, a message whose news is fresh comes back; one whose news is old is let go.
"""

from typing import Any

from footfall.clock import now
from footfall.errors import Unavailable
from footfall.observability import logger
from footfall.schemas.message import SessionsMessage
from pydantic import ValidationError

from .steps import Batch, run


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Show a batch of messages of the sessions topic, and name those that must come back."""
    batch = Batch(now())
    failed = [record["messageId"] for record in event["Records"] if not _read(record, batch)]
    try:
        run(batch)
    except Unavailable as error:
        fresh = batch.fresh_messages()
        logger().warning("live view not shown", extra={"detail": error.detail, "again": len(fresh)})
        failed += fresh
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _read(record: dict[str, Any], batch: Batch) -> bool:
    """Take a message in; one that cannot be read is a mistake of our own, and ends among the dead letters."""
    try:
        batch.messages[record["messageId"]] = SessionsMessage.model_validate_json(record["body"])
    except ValidationError:
        logger().error("a message is not of the sessions topic", extra={"message_id": record["messageId"]})
        return False
    return True
