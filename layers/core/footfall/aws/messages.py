"""Messages taken out of a queue by hand."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from footfall.aws.queues import MAX_BATCH, sqs
from footfall.chunks import chunks

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HIDDEN_SECONDS = 60
"""What fails here comes back after so long, and not after the queue's own minutes."""


def receive(url: str, at_most: int, hidden_seconds: int = HIDDEN_SECONDS) -> "list[MessageTypeDef]":
    """Returns what one call brings, ten messages at most, with all that SQS says of them; an empty queue has none.

    Nobody else sees them for so many seconds.
    """
    answer = sqs().receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(MAX_BATCH, at_most),
        WaitTimeSeconds=1,
        VisibilityTimeout=hidden_seconds,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return answer.get("Messages", [])


def delete(url: str, messages: "Iterable[MessageTypeDef]") -> None:
    """Delete messages that were received."""
    for some in chunks(messages, MAX_BATCH):
        sqs().delete_message_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(some)
            ],
        )


def show(url: str, handles: Iterable[str]) -> None:
    """Have messages that were received be seen by others again, by their receipt handles."""
    for some in chunks(handles, MAX_BATCH):
        sqs().change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(some)
            ],
        )
