"""SQS and SNS: events and sessions packed into as few messages as fit, sent with nothing lost in silence."""

import random
import time
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, NotRequired, TypedDict
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic_core import to_json

from footfall.chunks import chunks
from footfall.codec import encode_ascii
from footfall.errors import Unavailable
from footfall.schemas.message import EventsMessage, LiveEvent, SessionsMessage, SessionSummary

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueUnionTypeDef

MAX_MESSAGE_BYTES = 1_048_576
MAX_EVENTS_BYTES = MAX_MESSAGE_BYTES - 2_048
TOLD_OF_EVENTS = {"version", "site_id", "source", "received_at", "ip", "user_agent", "country", "accept_language"}
MAX_BATCH = 10
MAX_SNS_BYTES = 256 * 1024
# people, sessions and events each get a third of a message, so that its parts can be cut apart from one another
PART_BYTES = MAX_SNS_BYTES // 3 - 1_024
PEOPLE_PER_MESSAGE = 1_000
SESSIONS_PER_MESSAGE = 250
EVENTS_PER_MESSAGE = 20
ATTEMPTS = 3
CLIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


class Entry(TypedDict):
    """A message as it is sent, in SQS' own names."""

    MessageBody: str
    MessageGroupId: NotRequired[str]
    DelaySeconds: NotRequired[int]
    MessageAttributes: NotRequired["Mapping[str, MessageAttributeValueUnionTypeDef]"]


class Depth(TypedDict):
    """How many messages a queue holds: those that wait, and those that are being worked on."""

    waiting: int
    in_flight: int


@cache
def sqs() -> "SQSClient":
    """Returns the SQS client of this execution environment."""
    return boto3.client("sqs", config=CLIENT)


@cache
def sns() -> "SNSClient":
    """Returns the SNS client of this execution environment."""
    return boto3.client("sns", config=CLIENT)


def pack(message: EventsMessage) -> list[str]:
    """Returns the bodies of a batch of events, in their order: as few as fit in 1 MiB of ASCII-escaped JSON each."""
    return pack_encoded(message, [encode_ascii(event) for event in message.events])


def pack_encoded(head: EventsMessage, events: Sequence[str]) -> list[str]:
    """Returns the same for events that are JSON in ASCII already; `head` says what there is to say of all of them."""
    prefix = encode_ascii(head.model_dump(mode="json", include=TOLD_OF_EVENTS))[:-1] + ',"events":['
    if events and len(prefix) + sum(map(len, events)) + len(events) <= MAX_EVENTS_BYTES:
        return [_body(prefix, events)]
    room = MAX_EVENTS_BYTES - len(prefix)
    return [_body(prefix, some) for some in chunks(events, None, lambda text: len(text) + 1, room)]


def _body(prefix: str, events: Sequence[str]) -> str:
    # its id stays with it wherever it is moved
    return f'{prefix}{",".join(events)}],"message_id":"{uuid4().hex}"}}'


def send(queue_url: str, site_id: str, bodies: Sequence[str]) -> None:
    """Put every body in a queue, or raise Unavailable when SQS refuses any of them after jittered retries."""
    send_entries(queue_url, [{"MessageBody": body, "MessageGroupId": site_id} for body in bodies])


def send_entries(queue_url: str, entries: Sequence[Entry]) -> None:
    """Put every entry, as SQS knows them but without an id, in a queue; raises Unavailable as `send` does."""
    for batch in chunks(entries, MAX_BATCH, lambda entry: len(entry["MessageBody"]), MAX_MESSAGE_BYTES):
        _send_batch(queue_url, batch)


def _send_batch(queue_url: str, entries: list[Entry]) -> None:
    waiting = {str(index): entry for index, entry in enumerate(entries)}
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, 0.1 * 2**attempt))
        try:
            answer = sqs().send_message_batch(
                QueueUrl=queue_url,
                Entries=[{"Id": key, **entry} for key, entry in waiting.items()],  # type: ignore[typeddict-item]
            )
        except (BotoCoreError, ClientError):
            continue
        waiting = {failure["Id"]: waiting[failure["Id"]] for failure in answer.get("Failed", [])}
        if not waiting:
            return
    raise Unavailable("the queue does not take messages")


def announce(topic_arn: str, message: SessionsMessage) -> None:
    """Tell the sessions topic whose behaviour changed, in as many messages as it takes.

    Raises Unavailable when SNS does not take one.
    """
    people = chunks(message.person_ids, PEOPLE_PER_MESSAGE, _bytes_in_json, PART_BYTES)
    sessions = chunks(message.sessions, SESSIONS_PER_MESSAGE, _bytes_in_json, PART_BYTES)
    events = chunks(message.events, EVENTS_PER_MESSAGE, _bytes_in_json, PART_BYTES)
    for some, live, newest in zip_longest(people, sessions, events):
        part = SessionsMessage(site_id=message.site_id, person_ids=some or [], sessions=live or [], events=newest or [])
        _publish(topic_arn, part.model_dump_json())


def _bytes_in_json(value: str | SessionSummary | LiveEvent) -> int:
    return len(to_json(value)) + 1


def _publish(topic_arn: str, body: str) -> None:
    try:
        sns().publish(TopicArn=topic_arn, Message=body)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the sessions topic does not take messages") from error


def depth(queue_url: str) -> Depth:
    """Returns how many messages a queue holds; those that are held back wait too."""
    answer = sqs().get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    return Depth(
        waiting=int(answer["ApproximateNumberOfMessages"]) + int(answer["ApproximateNumberOfMessagesDelayed"]),
        in_flight=int(answer["ApproximateNumberOfMessagesNotVisible"]),
    )
