"""SQS and SNS: events and sessions packed into as few messages as fit, sent with nothing lost in silence."""

import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from footfall.codec import encode_ascii
from footfall.errors import Unavailable
from footfall.schemas.message import EventsMessage, SessionsMessage

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

MAX_MESSAGE_BYTES = 1_048_576
MAX_EVENTS_BYTES = MAX_MESSAGE_BYTES - 2_048
TOLD_OF_EVENTS = {"version", "site_id", "source", "received_at", "ip", "user_agent"}
MAX_BATCH = 10
MAX_SNS_BYTES = 256 * 1024
PEOPLE_PER_MESSAGE = 1_000
ATTEMPTS = 3
CLIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


class Entry(TypedDict):
    """A message as it is sent, in SQS' own names."""

    MessageBody: str
    MessageGroupId: NotRequired[str]
    DelaySeconds: NotRequired[int]
    MessageAttributes: NotRequired[dict[str, Any]]


@cache
def sqs() -> "SQSClient":
    """The SQS client of this execution environment."""
    return boto3.client("sqs", config=CLIENT)


@cache
def sns() -> "SNSClient":
    """The SNS client of this execution environment."""
    return boto3.client("sns", config=CLIENT)


def pack(message: EventsMessage) -> list[str]:
    """The bodies of a batch of events: as few as fit in 1 MiB of ASCII-escaped JSON each, in the events' order."""
    return pack_encoded(message, [encode_ascii(event) for event in message.events])


def pack_encoded(head: EventsMessage, events: Sequence[str]) -> list[str]:
    """The same for events that are JSON in ASCII already; `head` says what there is to say of all of them."""
    prefix = encode_ascii(head.model_dump(mode="json", include=TOLD_OF_EVENTS))[:-1] + ',"events":['
    if events and len(prefix) + sum(map(len, events)) + len(events) <= MAX_EVENTS_BYTES:
        return [_body(prefix, events)]
    bodies: list[str] = []
    room: list[str] = []
    size = len(prefix)
    for text in events:
        if room and size + len(text) + 1 > MAX_EVENTS_BYTES:
            bodies.append(_body(prefix, room))
            room, size = [], len(prefix)
        room.append(text)
        size += len(text) + 1
    return [*bodies, _body(prefix, room)] if room else bodies


def _body(prefix: str, events: Sequence[str]) -> str:
    """One message, under an id of its own that stays with it wherever it is moved."""
    return f'{prefix}{",".join(events)}],"message_id":"{uuid4().hex}"}}'


def send(queue_url: str, site_id: str, bodies: Sequence[str]) -> None:
    """Put every body in a queue, or raise Unavailable when SQS refuses any of them after jittered retries."""
    send_entries(queue_url, [{"MessageBody": body, "MessageGroupId": site_id} for body in bodies])


def send_entries(queue_url: str, entries: Sequence[Entry]) -> None:
    """Put every entry, as SQS knows them but without an id, in a queue; raises Unavailable as `send` does."""
    for batch in _batches(entries):
        _send_batch(queue_url, batch)


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        weight = len(entry["MessageBody"])
        if batch and (len(batch) == MAX_BATCH or size + weight > MAX_MESSAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += weight
    if batch:
        yield batch


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
    """Tell the sessions topic whose behaviour changed; raises Unavailable when SNS does not take it."""
    sessions = iter(message.sessions)
    people = iter(message.person_ids)
    while True:
        part = SessionsMessage(
            site_id=message.site_id,
            person_ids=list(islice(people, PEOPLE_PER_MESSAGE)),
            sessions=list(islice(sessions, PEOPLE_PER_MESSAGE // 4)),
        )
        if not part.person_ids and not part.sessions:
            return
        _publish(topic_arn, part.model_dump_json())


def _publish(topic_arn: str, body: str) -> None:
    try:
        sns().publish(TopicArn=topic_arn, Message=body)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the sessions topic does not take messages") from error


def depth(queue_url: str) -> dict[str, Any]:
    """How many messages wait in a queue, those that are held back among them, and how many are being worked on."""
    answer = sqs().get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    return {
        "waiting": int(answer["ApproximateNumberOfMessages"]) + int(answer["ApproximateNumberOfMessagesDelayed"]),
        "in_flight": int(answer["ApproximateNumberOfMessagesNotVisible"]),
    }
