"""etl/realtime: who is on the site right now, kept in Redis for as long as it is true.

What it writes lives for half an hour at most and is announced again with the next event, so it is worth a few tries and
no more. While Redis does not answer, a message whose news is fresh comes back; one whose news is old is let go.
"""

from footfall.aws.invocations import BatchResponse, SqsEvent, SqsRecord, coming_back
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.observability import logger, telling_codes
from footfall.schemas.message import SessionsMessage
from pydantic import ValidationError

from .steps import Batch, run


@telling_codes
def handler(event: SqsEvent, context: object) -> BatchResponse:
    """Show a batch of messages of the sessions topic; returns those that must come back."""
    batch = Batch(now())
    failed = [record["messageId"] for record in event["Records"] if not _read(record, batch)]
    try:
        run(batch)
    except Unavailable as error:
        fresh = batch.fresh_messages()
        logger().warning("live view not shown", extra={"detail": error.detail, "again": len(fresh)})
        failed += fresh
    return coming_back(failed)


def _read(record: SqsRecord, batch: Batch) -> bool:
    try:
        batch.messages[record["messageId"]] = SessionsMessage.model_validate_json(record["body"])
    except ValidationError:  # a mistake of our own, which ends among the dead letters
        logger().error("a message is not of the sessions topic", extra={"message_id": record["messageId"]})
        return False
    return True
