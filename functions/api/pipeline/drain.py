"""Drains the events queue while the caller waits: its messages go to etl/events as SQS would have given them."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.functions import invoke
from footfall.aws.invocations import BatchResponse
from footfall.aws.queues import depth, sqs
from footfall.errors import Unavailable
from footfall.schemas.etl import EtlRun, EtlStep
from footfall.settings import EventsQueueSettings, PipelineSettings, from_environment

HIDDEN_SECONDS = 60
"""A message that fails here comes back after so long, and not after the queue's seven minutes."""
LARGEST_PAYLOAD = 3_000_000
PATIENCE_SECONDS = 12.0
"""What was not given to etl/events by then comes back to the queue."""
RECEIVED_AT_ONCE = 10
Messages = list[dict[str, Any]]


class Watch:
    """Notes how long each step of a run takes, and how many messages went through it."""

    def __init__(self) -> None:
        self.steps: list[EtlStep] = []

    def __call__(self, name: str, step: Callable[..., Messages], *given: Any) -> Messages:
        """Take a step, and note it by name."""
        began = time.perf_counter()
        messages = step(*given)
        seconds = round(time.perf_counter() - began, 6)
        self.steps.append(EtlStep(step_name=name, records_processed=len(messages), execution_time=seconds))
        return messages


def drain(batch_size: int) -> EtlRun:
    """Process at most so many messages now; raises Unavailable when SQS or the function does not answer."""
    watch, url = Watch(), from_environment(EventsQueueSettings).events_queue_url
    try:
        received = watch("receive_messages", _receive, url, batch_size)
        done = watch("process_events", _process, received)
        watch("delete_messages", _delete, url, done)
        left = depth(url)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer; what was received comes back within a minute") from error
    return EtlRun(
        steps=watch.steps,
        events=sum(_events_in(message) for message in done),
        failed=len(received) - len(done),
        left=left["waiting"] + left["in_flight"],
    )


def _receive(url: str, at_most: int) -> Messages:
    messages: Messages = []
    while len(messages) < at_most:
        answer = sqs().receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(RECEIVED_AT_ONCE, at_most - len(messages)),
            WaitTimeSeconds=1,
            VisibilityTimeout=HIDDEN_SECONDS,
            AttributeNames=["All"],
        )
        if not answer.get("Messages"):
            break
        messages += answer["Messages"]  # type: ignore[arg-type]
    return messages


def _process(messages: Messages) -> Messages:
    """Run etl/events on messages; the answer is those that it did not name as failed."""
    done: Messages = []
    ends = time.monotonic() + PATIENCE_SECONDS
    function = from_environment(PipelineSettings).etl_events_function_name
    for part in _parts(messages):
        if time.monotonic() > ends:
            break
        answer = invoke(function, {"Records": [*map(_record, part)]}, BatchResponse)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        done += [message for message in part if message["MessageId"] not in failed]
    return done


def _record(message: dict[str, Any]) -> dict[str, Any]:
    """A message as Lambda shows it to a function, as far as etl/events looks."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def _parts(messages: Messages) -> Iterator[Messages]:
    """Messages in as few parts as an invocation can carry, each written as JSON within JSON."""
    part: Messages = []
    size = 0
    for message in messages:
        weight = len(json.dumps(_record(message)))
        if part and size + weight > LARGEST_PAYLOAD:
            yield part
            part, size = [], 0
        part.append(message)
        size += weight
    if part:
        yield part


def _delete(url: str, messages: Messages) -> Messages:
    for start in range(0, len(messages), RECEIVED_AT_ONCE):
        some = messages[start : start + RECEIVED_AT_ONCE]
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(some)
        ]
        sqs().delete_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
    return messages


def _events_in(message: dict[str, Any]) -> int:
    try:
        return len(json.loads(message["Body"])["events"])
    except (ValueError, KeyError, TypeError):
        return 0
