"""What Lambda hands to a function, and what SQS wants to hear of a batch."""

from collections.abc import Iterable
from typing import Protocol

from typing_extensions import TypedDict

JsonObject = dict[str, object]


class LambdaContext(Protocol):
    """As much of Lambda's context as functions look at."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Returns the milliseconds that are left before the time-out."""
        ...


class SqsAttributes(TypedDict, total=False):
    """What SQS says of a message, as far as functions look."""

    ApproximateReceiveCount: str
    MessageGroupId: str


class SqsRecord(TypedDict):
    """One message of a batch, as far as functions look."""

    messageId: str
    body: str
    attributes: SqsAttributes


class SqsEvent(TypedDict):
    """A batch of messages."""

    Records: list[SqsRecord]


class Failure(TypedDict):
    """A message that must come back."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """Which messages of a batch must come back; the others are done."""

    batchItemFailures: list[Failure]


def coming_back(message_ids: Iterable[str]) -> BatchResponse:
    """Returns the response by which these messages, and no others, come back."""
    return BatchResponse(batchItemFailures=[Failure(itemIdentifier=message_id) for message_id in message_ids])
